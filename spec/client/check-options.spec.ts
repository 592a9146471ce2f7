import { type ConnectOptions, connectWebSocket, EventSource } from 'barewire/client';
import t from 'tap';
import { A_PATH, AN_IP_ADDRESS } from '../../lib/client/check-options.ts';
import { rawServer } from '../support/raw-server.ts';

t.test('knows addresses and paths', (t) => {
  for (const good of ['127.0.0.1', '::1']) t.equal(AN_IP_ADDRESS.fits(good), true, good);
  for (const bad of [5, null, 'a.b', '']) t.equal(AN_IP_ADDRESS.fits(bad), false, String(bad));
  t.equal(A_PATH.fits('/x'), true);
  for (const bad of [5, null, '', 'a\0b']) t.equal(A_PATH.fits(bad), false, String(bad));
  t.end();
});

/** Values that no option takes, one list for each option. */
const BAD: Readonly<Record<string, readonly unknown[]>> = {
  headers: [5, 'x: y', null, { a: {} }, { a: null }],
  protocols: [5, {}, [5], null],
  origin: [5, {}, 'a\nb'],
  deflate: [5, 'yes', null, [5], [null]],
  signal: [5, {}, null],
  socketPath: [5, '', null, 'a\0b'],
  createConnection: [5, null, () => 5, () => undefined, async () => null],
  lookup: [5, null],
  localAddress: [5, 'nonsense'],
  tls: [5, 'x', null],
  proxy: [5, {}, null, 'x', 'socks://a'],
  parallelHandshakes: ['yes', 5],
  ticker: [5, null],
  codec: [5, null, { level: 99 }],
  handlerFailed: [5],
  delivery: ['x', null],
  slowConsumer: ['x', null],
  maxBufferedBytes: ['1', -1, Number.NaN],
  maxRedirects: ['1', -1, Number.NaN, null, 1.5],
  handshakeTimeoutMs: ['1', -1, Number.NaN, null],
  compressThresholdBytes: ['x', -1],
  pingIntervalMs: [-1, Number.NaN, '5'],
};

t.test(
  'every option of a connection refuses what it cannot be, before anything is opened',
  async (t) => {
    const server = await rawServer(t, (request) => request.switch());
    for (const [name, values] of Object.entries(BAD)) {
      for (const value of values) {
        const options = { [name]: value } as ConnectOptions;
        const attempt = connectWebSocket(`ws://127.0.0.1:${server.port}/`, options);
        await t.rejects(attempt, { name: 'UsageError' }, `${name}: ${JSON.stringify(value)}`);
      }
    }
    await t.rejects(connectWebSocket('ws://127.0.0.1:1/', null as never), { name: 'UsageError' });
    t.equal(server.connections(), 0);
  },
);

t.test('an event source refuses the same', (t) => {
  const shared = ['headers', 'signal', 'socketPath', 'lookup', 'localAddress', 'tls', 'proxy'];
  for (const name of [...shared, 'maxRedirects', 'handshakeTimeoutMs']) {
    for (const value of BAD[name]!) {
      const options = { [name]: value };
      t.throws(() => new EventSource('http://127.0.0.1:1/', options), { name: 'UsageError' }, name);
    }
  }
  t.throws(() => new EventSource('http://127.0.0.1:1/', null as never), { name: 'UsageError' });
  t.end();
});
