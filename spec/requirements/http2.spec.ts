/** WebSockets over HTTP/2, rule by rule [RFC 8441 §3 – §7]. */
import { connect, createServer } from 'node:http2';
import { createServer as createNetServer, connect as netConnect } from 'node:net';
import { acceptStream, isWebSocketConnect } from 'barewire/adapters';
import { connectOverHttp2 } from 'barewire/client';
import t, { type Test } from 'tap';
import { eventually, listen } from '../support/sockets.ts';

async function echoServer(t: Test): Promise<number> {
  const server = createServer({ settings: { enableConnectProtocol: true } });
  server.on('stream', (stream, headers) => {
    if (!isWebSocketConnect(headers)) return stream.close();
    return acceptStream(stream, headers, { message: (peer, data) => peer.send(data) });
  });
  const port = await listen(server);
  t.teardown(() => server.close());
  return port;
}

/** The values of SETTINGS_ENABLE_CONNECT_PROTOCOL in a server's bytes, in order. */
function settings(bytes: Buffer): number[] {
  const values: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    const isSettings = bytes[at + 3] === 4;
    for (let entry = at + 9; isSettings && entry < at + 9 + length; entry += 6) {
      if (bytes.readUInt16BE(entry) === 8) values.push(bytes.readUInt32BE(entry + 2));
    }
    at += 9 + length;
  }
  return values;
}

t.test('the setting is 1, and never 0 afterwards [8441-3-1 8441-3-5]', async (t) => {
  const port = await echoServer(t);
  const heard: Buffer[] = [];
  const raw = netConnect(port, '127.0.0.1').on('data', (bytes) => heard.push(bytes));
  raw.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), SETTINGS_OF_CLIENT]));
  await eventually(() => settings(Buffer.concat(heard)).length > 0);
  t.strictSame(settings(Buffer.concat(heard)), [1]);
  raw.destroy();
  const session = connect(`http://127.0.0.1:${port}`);
  const told: unknown[] = [];
  session.on('remoteSettings', ({ enableConnectProtocol }) => told.push(enableConnectProtocol));
  const peer = await connectOverHttp2(session, `ws://127.0.0.1:${port}/`);
  peer.attach({});
  await peer.ping();
  await peer.close(1000);
  t.strictSame(new Set(told), new Set([true]));
  session.destroy();
});

/** An empty SETTINGS frame. */
const SETTINGS_OF_CLIENT = Buffer.from('000000040000000000', 'hex');

t.test('a client that sends the setting changes nothing [8441-3-4]', async (t) => {
  const port = await echoServer(t);
  for (const enableConnectProtocol of [true, false]) {
    const session = connect(`http://127.0.0.1:${port}`, { settings: { enableConnectProtocol } });
    const peer = await connectOverHttp2(session, `ws://127.0.0.1:${port}/`);
    peer.send('x');
    for await (const message of peer) {
      t.equal(message, 'x');
      break;
    }
    await peer.closed;
    session.destroy();
  }
});

t.test('no connection is made to the authority that was named [8441-4-4]', async (t) => {
  let calls = 0;
  const elsewhere = createNetServer(() => {
    calls += 1;
  });
  const named = await listen(elsewhere);
  t.teardown(() => elsewhere.close());
  const port = await echoServer(t);
  const session = connect(`http://127.0.0.1:${port}`);
  const peer = await connectOverHttp2(session, `ws://127.0.0.1:${named}/`);
  peer.attach({});
  await peer.ping();
  await peer.close(1000);
  session.destroy();
  t.equal(calls, 0);
});
