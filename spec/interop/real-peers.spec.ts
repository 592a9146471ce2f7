/**
 * Other people's clients against our server, and raw bytes for what no client would send.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { createServer, type EventStreamPeer, type Exchange, type Server } from 'barewire';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { ReplayLog } from 'barewire/sse';
import { EventSource } from 'eventsource';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { RawClient } from '../support/sockets.ts';

interface Site {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  readonly log: ReplayLog;
  readonly streams: Set<EventStreamPeer>;
}

/** A server with one path for each ending. */
async function site(t: Test): Promise<Site> {
  const log = new ReplayLog({ epoch: 'spec' });
  const streams = new Set<EventStreamPeer>();
  const paths: Readonly<Record<string, (exchange: Exchange) => unknown>> = {
    '/hello': (exchange) => exchange.respond(200, { 'content-type': 'text/plain' }, 'hello'),
    '/echo': async (exchange) => exchange.respond(200, {}, await exchange.body.bytes()),
    '/stream': async (exchange) => {
      const body = exchange.stream(200);
      for (const part of ['one ', 'two ', 'three']) await body.write(part);
      body.end({ 'x-sum': '3' });
    },
    '/events': (exchange) => {
      const stream = exchange.eventStream({ replay: log, retry: 10 });
      streams.add(stream);
      exchange.onClose(() => streams.delete(stream));
    },
    '/raw': (exchange) => {
      const { socket } = exchange.hijack();
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nraw');
    },
  };
  const server = createServer({
    request: (exchange) => paths[exchange.path]!(exchange),
    websocket: { message: (peer, data) => peer.send(data) },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  t.teardown(() => server.close({ deadlineMs: 0 }));
  return { server, port, log, streams, url: `http://127.0.0.1:${port}` };
}

t.test('fetch: bodies both ways, streams, and a hijacked answer', async (t) => {
  const { url } = await site(t);
  t.equal(await (await fetch(`${url}/hello`)).text(), 'hello');
  t.equal(await (await fetch(`${url}/stream`)).text(), 'one two three');
  t.equal(await (await fetch(`${url}/raw`)).text(), 'raw');
  const body = new Uint8Array(200_000).fill(7);
  const echoed = await (await fetch(`${url}/echo`, { method: 'POST', body })).arrayBuffer();
  t.ok(Buffer.from(echoed).equals(body));
});

t.test(
  'node:http with a keep-alive agent: many requests on one connection, and trailers',
  async (t) => {
    const { server, port } = await site(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    t.teardown(() => agent.destroy());
    const ask = async (path: string): Promise<{ text: string; trailers: NodeJS.Dict<string> }> => {
      const asked = httpRequest({ port, path, agent, host: '127.0.0.1' }).end();
      const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage];
      let text = '';
      for await (const part of answer) text += part;
      return { text, trailers: answer.trailers };
    };
    const answers = await Promise.all(['/hello', '/stream', '/hello'].map(ask));
    t.strictSame(
      answers.map(({ text }) => text),
      ['hello', 'one two three', 'hello'],
    );
    t.strictSame(answers[1]!.trailers, { 'x-sum': '3' });
    t.equal(server.stats().connections, 1);
  },
);

t.test('npm eventsource: misses nothing when its connection is cut', async (t) => {
  const { url, log, streams } = await site(t);
  const seen: string[] = [];
  let look = (): void => {};
  const source = new EventSource(`${url}/events`);
  t.teardown(() => source.close());
  source.addEventListener('message', (event) => {
    seen.push(event.data as string);
    look();
  });
  const received = (count: number): Promise<void> =>
    new Promise((resolve) => {
      look = () => seen.length >= count && resolve();
      look();
    });
  const publish = (data: string): void => {
    const event = log.append({ data });
    for (const stream of streams) stream.send(event);
  };
  await new Promise((resolve) => source.addEventListener('open', resolve, { once: true }));
  publish('one');
  await received(1);
  for (const stream of streams) stream.abort();
  publish('two');
  publish('three');
  await received(3);
  publish('four');
  await received(4);
  t.strictSame(seen, ['one', 'two', 'three', 'four']);
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;

t.test('curl', { skip: hasCurl ? false : 'curl is not installed' }, async (t) => {
  const { url } = await site(t);
  const curl = async (...args: readonly string[]): Promise<string> => {
    const child = spawn('curl', ['-sS', '-N', '--max-time', '10', ...args]);
    let text = '';
    child.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    await once(child, 'close');
    return text;
  };
  t.equal(await curl(`${url}/hello`, `${url}/stream`), 'helloone two three');
  t.match(await curl('-i', `${url}/raw`), /^HTTP\/1\.1 200 OK\r\n[\s\S]*raw$/);
  t.match(await curl('-I', `${url}/hello`), /content-length: 5/);
  t.equal(
    await curl('--data-binary', 'x'.repeat(5000), '-H', 'Expect: 100-continue', `${url}/echo`),
    'x'.repeat(5000),
  );
  t.match(await curl('--http1.0', '-i', `${url}/stream`), /\r\n\r\none two three$/);
});

t.test('ws: text, binary, pings, closing from both sides', async (t) => {
  const { port, server } = await site(t);
  const client = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(client, 'open');
  client.send('text');
  t.equal(String((await once(client, 'message'))[0]), 'text');
  const bytes = Buffer.alloc(100_000, 3);
  client.send(bytes);
  t.ok(((await once(client, 'message'))[0] as Buffer).equals(bytes));
  client.ping('p');
  t.equal(String((await once(client, 'pong'))[0]), 'p');
  client.close(3001, 'bye');
  t.equal((await once(client, 'close'))[0], 3001);
  const other = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(other, 'open');
  for (const peer of server.peers) void peer.close(3002, 'enough');
  const [code, reason] = (await once(other, 'close')) as [number, Buffer];
  t.strictSame([code, String(reason)], [3002, 'enough']);
});

t.test(
  'raw bytes: a malformed request gets its status last, after the answers before it',
  async (t) => {
    const { port, server } = await site(t);
    const client = new RawClient(port);
    client.send('GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nBad header\r\n\r\n');
    await client.ended();
    const [first, second] = client.text.split(/(?=HTTP\/1\.1 )/);
    t.match(first, /^HTTP\/1\.1 200 [\s\S]*hello$/);
    t.match(second, /^HTTP\/1\.1 400 [\s\S]*connection: close/i);
    t.equal(Object.values(server.stats().violations)[0], 1);
  },
);

t.test('raw bytes: a malformed frame gets a close frame with its code, then the end', async (t) => {
  const { port } = await site(t);
  const client = new RawClient(port);
  client.send(
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  client.send(encodeFrame({ opcode: OPCODE.text, payload: 'not masked' }));
  await client.ended();
  t.match(client.text, /^HTTP\/1\.1 101 [\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
  const frame = Buffer.from(client.text.slice(client.text.indexOf('\r\n\r\n') + 4), 'latin1');
  t.equal(frame[0], 0x88);
  t.equal(frame.readUInt16BE(2), 1002);
});
