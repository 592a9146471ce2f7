import { once } from 'node:events';
import { connect, createServer } from 'node:http2';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { UsageError } from 'barewire/base';
import { connectOverHttp2, HandshakeRefused } from 'barewire/client';
import t, { type Test } from 'tap';

/** A session with a server that answers every extended CONNECT with this status. */
async function session(t: Test, allows: boolean, status = 200) {
  const server = createServer({ settings: { enableConnectProtocol: allows } });
  const seen: unknown[] = [];
  server.on('stream', (stream, headers) => {
    seen.push([headers[':method'], headers[':protocol'], headers[':path']]);
    stream.on('error', () => {});
    stream.respond({ ':status': status }, { endStream: status !== 200 });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  return { client, seen };
}

t.test('opens a stream with :protocol websocket, once the server allows it', async (t) => {
  const { client, seen } = await session(t, true);
  const peer = await connectOverHttp2(client, 'ws://a.example/x', { deflate: false });
  t.strictSame(seen, [['CONNECT', 'websocket', '/x']]);
  t.equal(peer.isOpen, true);
  peer.terminate();
});

t.test('asks nothing of a server that does not allow it', async (t) => {
  const { client, seen } = await session(t, false);
  await t.rejects(connectOverHttp2(client, 'ws://a.example/'), UsageError);
  t.strictSame(seen, []);
});

t.test('rejects with the status of a refusal', async (t) => {
  const { client } = await session(t, true, 403);
  const attempt = connectOverHttp2(client, 'ws://a.example/');
  await t.rejects(attempt, HandshakeRefused);
});

t.test('many ask at once, and wait for one answer', async (t) => {
  const { client } = await session(t, true);
  const warnings: Error[] = [];
  const warn = (warning: Error): number => warnings.push(warning);
  process.on('warning', warn);
  t.teardown(() => process.off('warning', warn));
  await once(client, 'connect');
  const attempts = Array.from({ length: 30 }, () => connectOverHttp2(client, 'ws://a.example/'));
  for (const attempt of attempts) (await attempt).terminate();
  await new Promise((next) => setImmediate(next));
  t.strictSame(warnings, []);
});

t.test('waits for its turn when the session has too many pings on their way', async (t) => {
  const { client } = await session(t, false);
  await once(client, 'connect');
  for (let pings = 0; pings < 30; pings += 1) client.ping(() => {});
  await t.rejects(connectOverHttp2(client, 'ws://a.example/'), { code: 'not-supported' });
  const { client: other } = await session(t, true);
  await once(other, 'connect');
  for (let pings = 0; pings < 30; pings += 1) other.ping(() => {});
  (await connectOverHttp2(other, 'ws://a.example/')).terminate();
});

t.test(
  'a session that is destroyed before the settings came rejects, and throws nowhere',
  async (t) => {
    // Never speaks, and keeps its half open: the session stays destroyed without a 'close'.
    const server = createPlainServer({ allowHalfOpen: true }, (socket) => socket.resume());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const [client, accepted] = await Promise.all([
      connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      once(server, 'connection'),
    ]);
    t.teardown(() => {
      accepted[0].destroy();
      server.close();
    });
    if (client.connecting) await once(client, 'connect');
    for (let pings = 0; pings < 30; pings += 1) client.ping(() => {});
    // Its own ping is refused, so that a timer runs which tries again.
    const attempt = connectOverHttp2(client, 'ws://a.example/');
    process.nextTick(() => setImmediate(() => client.destroy()));
    await t.rejects(attempt, { code: 'premature-eof' });
  },
);

t.test('a session that is being closed takes no ping, and is asked no more', async (t) => {
  const { client } = await session(t, true);
  await once(client, 'connect');
  client.close();
  await t.rejects(connectOverHttp2(client, 'ws://a.example/'));
  t.equal(client.closed, true);
});
