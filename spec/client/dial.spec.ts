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

t.test('uses the stream of the caller', async (t) => {
  const mine = new PassThrough();
  const createConnection = (): PassThrough => mine;
  t.equal(await dial(address, undefined, { createConnection }, calm), mine);
});
