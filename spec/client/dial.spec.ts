import { PassThrough } from 'node:stream';
import { UsageError } from 'barewire/base';
import t from 'tap';
import { parseWebSocketUrl } from '../../lib/client/address.ts';
import { checkDialOptions, dial, resolveAddress } from '../../lib/client/dial.ts';

const calm = new AbortController().signal;
const address = parseWebSocketUrl('ws://name.example:81/');

t.test('looks names up once, and only when it has to', async (t) => {
  const asked: string[] = [];
  const lookup = ((host: string, _options: unknown, done: (...found: unknown[]) => void) => {
    asked.push(host);
    done(null, [{ address: '192.0.2.1', family: 4 }]);
  }) as never;
  t.strictSame(await resolveAddress(address, { lookup }), [{ address: '192.0.2.1', family: 4 }]);
  const literal = parseWebSocketUrl('ws://[::1]/');
  t.strictSame(await resolveAddress(literal, { lookup }), [{ address: '::1', family: 6 }]);
  t.equal(await resolveAddress(address, { lookup, socketPath: '/x' }), undefined);
  t.strictSame(asked, ['name.example']);
});

t.test('takes one way to the server, and no two', (t) => {
  checkDialOptions({}, address);
  checkDialOptions({ proxy: 'http://p' }, address);
  const createConnection = (): PassThrough => new PassThrough();
  t.throws(() => checkDialOptions({ socketPath: '/x', createConnection }, address), UsageError);
  t.throws(() => checkDialOptions({ proxy: 'gopher://p' }, address), UsageError);
  t.end();
});

t.test('uses the stream of the caller, whose end does not end our side', async (t) => {
  const mine = new PassThrough({ allowHalfOpen: false });
  const createConnection = (): PassThrough => mine;
  t.equal(await dial(address, undefined, { createConnection }, calm), mine);
  t.equal(mine.allowHalfOpen, true);
});

t.test('refuses what the way to the server would ignore', (t) => {
  const lookup = ((_name: string, _options: unknown, done: () => void) => done()) as never;
  const createConnection = (): PassThrough => new PassThrough();
  const unix = parseWebSocketUrl('ws+unix:/s:/x');
  for (const ignored of [{ lookup }, { localAddress: '127.0.0.1' }]) {
    t.throws(() => checkDialOptions({ ...ignored, socketPath: '/x' }, address), UsageError);
    t.throws(() => checkDialOptions({ ...ignored, createConnection }, address), UsageError);
    t.throws(() => checkDialOptions(ignored, unix), UsageError);
    checkDialOptions(ignored, address);
    checkDialOptions({ ...ignored, proxy: 'http://p' }, address);
  }
  t.end();
});
