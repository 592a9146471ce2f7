import { once } from 'node:events';
import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { type AddressInfo, createServer as createPlainServer } from 'node:net';
import { UsageError } from 'barewire/base';
import { connectOverHttp2, HandshakeRefused } from 'barewire/client';
import t, { type Test } from 'tap';
import { eventually } from '../support/sockets.ts';

/** A session with a server that answers every extended CONNECT with this status and these fields. */
async function session(t: Test, allows: boolean, status = 200, fields: OutgoingHttpHeaders = {}) {
  const server = createServer({ settings: { enableConnectProtocol: allows } });
  const seen: unknown[] = [];
  const heads: IncomingHttpHeaders[] = [];
  const closed: number[] = [];
  server.on('stream', (stream, headers) => {
    seen.push([headers[':method'], headers[':protocol'], headers[':path']]);
    heads.push(headers);
    stream.on('error', () => {});
    stream.on('close', () => closed.push(stream.rstCode));
    stream.respond({ ':status': status, ...fields }, { endStream: status !== 200 });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  t.teardown(() => {
    client.destroy();
    server.close();
  });
  return { client, seen, heads, closed };
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

t.test('sends the scheme of the URL, and a field of several lines line by line', async (t) => {
  const { client, heads } = await session(t, true);
  const headers = { 'set-cookie': ['a=1', 'b=2', 'c=3'] };
  const secure = await connectOverHttp2(client, 'wss://a.example/', { headers });
  const plain = await connectOverHttp2(client, 'ws://a.example/');
  t.match(heads[0], { ':scheme': 'https', 'set-cookie': headers['set-cookie'] });
  t.match(heads[1], { ':scheme': 'http' });
  secure.terminate();
  plain.terminate();
});

t.test('agrees on subprotocol and extension as on HTTP/1.1', async (t) => {
  const { client } = await session(t, true, 200, {
    'sec-websocket-protocol': 'chat',
    'sec-websocket-extensions': 'permessage-deflate; server_no_context_takeover',
  });
  const options = { protocols: ['chat'], data: 7 };
  const peer = await connectOverHttp2(client, 'ws://a.example/', options);
  t.match(peer, {
    protocol: 'chat',
    extensions: 'permessage-deflate; server_no_context_takeover',
    data: 7,
  });
  peer.terminate();
});

t.test('resets the stream of an answer that breaks a rule', async (t) => {
  const { client, closed } = await session(t, true, 200, { 'sec-websocket-protocol': 'other' });
  await t.rejects(connectOverHttp2(client, 'ws://a.example/'), { code: 'bad-subprotocol' });
  await eventually(() => closed.length === 1);
  t.strictSame(closed, [8], 'CANCEL');
});

t.test('a URL that names a socket is a mistake: the session leads somewhere', async (t) => {
  const { client, seen } = await session(t, true);
  await t.rejects(connectOverHttp2(client, 'ws+unix:/run/a.sock:/x'), { code: 'invalid-argument' });
  t.strictSame(seen, []);
});

t.test('does not wait for settings that are there, or will never come', async (t) => {
  const { client } = await session(t, true);
  (await connectOverHttp2(client, 'ws://a.example/')).terminate();
  let pings = 0;
  client.ping = (): boolean => {
    pings += 1;
    return true;
  };
  (await connectOverHttp2(client, 'ws://a.example/')).terminate();
  t.equal(pings, 0);
  client.destroy();
  await t.rejects(connectOverHttp2(client, 'ws://a.example/'), { code: 'premature-eof' });
});
