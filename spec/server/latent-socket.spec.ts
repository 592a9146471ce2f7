import { once } from 'node:events';
import { createServer as createNetServer, type Server as NetServer, Socket } from 'node:net';
import { getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';
import { WebSocket } from 'barewire/client';
import t, { type Test } from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { createServer } from '../../lib/server/http-server.ts';
import {
  canBeLatent,
  type LatentHandle,
  LatentSocket,
  learnOwnerKeys,
} from '../../lib/server/latent-socket.ts';
import { onSharedRead } from '../../lib/server/pump-listeners.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { takeConnections } from '../../lib/server/taken-connections.ts';
import { FakeTime } from '../support/fake-time.ts';
import { needsFastPath } from '../support/fast-paths.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

interface Connected {
  readonly latent: LatentSocket;
  readonly client: RawClient;
  readonly server: NetServer;
  /** Sockets that were made. */
  readonly made: Socket[];
}

async function connect(t: Test): Promise<Connected> {
  const server = createNetServer({ allowHalfOpen: true, pauseOnConnect: true });
  const latents: LatentSocket[] = [];
  const made: Socket[] = [];
  const client = new RawClient(await listen(server));
  const onAccepted = (latent: LatentSocket | Socket): void =>
    void latents.push(latent as LatentSocket);
  takeConnections(server, onSharedRead, onAccepted, undefined, (_, socket) => made.push(socket));
  await eventually(() => latents.length === 1);
  t.teardown(() => {
    client.close();
    latents[0]!.destroy();
    server.close();
  });
  return { latent: latents[0]!, client, server, made };
}

/** A pump that writes down what it is told. */
function pumpOf(latent: LatentSocket): { pump: SocketPump; seen: string[] } {
  const seen: string[] = [];
  const sink = {
    receive: (bytes: Buffer) => void seen.push(bytes.toString()),
    receiveEnd: () => void seen.push('end'),
    drained: () => undefined,
    closed: (cause: string) => void seen.push(cause),
  };
  const wheel = new TimerWheel(new FakeTime());
  const pump = new SocketPump(latent, sink, { wheel, writeTimeoutMs: 1e4, maxBufferedBytes: 1e9 });
  return { pump, seen };
}

function countOf(server: NetServer): Promise<number> {
  return new Promise((done, fail) =>
    server.getConnections((error, count) => (error ? fail(error) : done(count))),
  );
}

t.test('a connection is read and written without a socket', async (t) => {
  const { latent, client, server, made } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  pump.start();
  client.send('one');
  await eventually(() => seen.length === 1);
  pump.writeText('two', 'latin1');
  t.equal(pump.writeNow(Buffer.from('!')), false, 'behind what waits');
  await client.until('two!');
  t.equal(pump.writeNow(Buffer.from('now')), true);
  await client.until('now');
  pump.resume();
  t.same(seen, ['one']);
  t.equal(pump.bufferedBytes, 0);
  t.equal(await countOf(server), 1, 'the server counts it');
  t.same([latent.remoteAddress, latent.remotePort], ['127.0.0.1', client.socket.localPort]);
  t.equal(made.length, 0);
});

t.test('its socket is made once, goes on reading, and is counted down', async (t) => {
  const { latent, client, server, made } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  pump.start();
  const { socket } = pump;
  t.equal(latent.make(), socket);
  t.equal(pump.latent, undefined);
  t.same(made, [socket]);
  client.send('one');
  await eventually(() => seen.length === 1);
  pump.pause();
  client.send('two');
  pump.resume();
  await eventually(() => seen.length === 2);
  t.same(seen, ['one', 'two']);
  const closed = once(socket, 'close');
  pump.cut('cut');
  await closed;
  t.equal(seen.at(-1), 'cut');
  t.equal(await countOf(server), 0);
});

t.test('a socket that is made before anything is read is read from the beginning', async (t) => {
  const { latent, client } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  client.send('one');
  t.equal(latent.make(), pump.socket);
  pump.start();
  await eventually(() => seen.length === 1);
  client.socket.end();
  await eventually(() => seen.length === 2);
  t.same(seen, ['one', 'end']);
});

t.test('the end of what is read makes it, and is told', async (t) => {
  const { latent, client, made } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  pump.start();
  client.socket.end('last');
  await eventually(() => seen.length === 2);
  t.same(seen, ['last', 'end']);
  t.equal(made.length, 1);
  pump.writeText('answer', 'latin1');
  pump.end();
  t.equal(await client.ended(), 'answer');
  await eventually(() => seen.length === 3);
  t.equal(seen[2], 'ended');
});

t.test('a reset makes it, and is told', async (t) => {
  const { latent, client } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  pump.start();
  client.socket.resetAndDestroy();
  await eventually(() => seen.length === 1);
  t.same(seen, ['reset']);
  t.match(pump.error, { code: 'ECONNRESET' });
});

t.test('keeps the address once it was asked for, as a socket does', async (t) => {
  const { latent, client } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  t.equal(latent.remoteAddress, '127.0.0.1');
  const port = client.socket.localPort;
  client.socket.resetAndDestroy();
  pump.start();
  await eventually(() => seen.length === 1);
  t.same([latent.remoteAddress, latent.remotePort], ['127.0.0.1', port]);
  const socket = pump.socket as Socket;
  t.same([socket.remoteAddress, socket.remotePort], ['127.0.0.1', port]);
});

t.test('needs no socket for what the peer does not take, and knows what it has lost', async (t) => {
  const { latent, client, made } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  pump.start();
  client.socket.pause();
  let written = 0;
  while (pump.bufferedBytes === 0) {
    written += 1_000_000;
    pump.writeNow(Buffer.alloc(1_000_000));
  }
  t.equal(pump.isCongested, true);
  t.equal(made.length, 0);
  client.socket.resume();
  await eventually(() => pump.bufferedBytes === 0);
  await eventually(() => client.byteLength === written);
  t.equal(made.length, 0);
  client.socket.pause();
  while (pump.bufferedBytes === 0) pump.writeNow(Buffer.alloc(1_000_000));
  const waiting = pump.bufferedBytes;
  pump.cut('cut');
  t.equal(pump.lostBytes, waiting);
  t.equal(pump.hasLostOutput, true);
  await eventually(() => seen.length === 1);
});

t.test('hears of room also where a stream has room for more than is congested', async (t) => {
  const { latent, client } = await connect(t);
  const { pump } = pumpOf(latent);
  pump.start();
  const before = getDefaultHighWaterMark(false);
  setDefaultHighWaterMark(false, 200_000);
  const { socket } = pump;
  setDefaultHighWaterMark(false, before);
  t.equal(socket.writableHighWaterMark, 200_000);
  socket.cork();
  socket.write('!');
  pump.write(Buffer.alloc(100_000));
  pump.flush();
  t.equal(pump.isCongested, true);
  socket.uncork();
  await eventually(() => client.byteLength === 100_001);
  await eventually(() => !pump.isCongested);
  t.equal(pump.bufferedBytes, 0);
});

t.test('what the kernel refuses makes it, and destroys it', async (t) => {
  const { latent } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  const handle = latent.belongTo(pump);
  handle.writeBuffer = () => -32;
  t.equal(pump.writeNow(Buffer.from('x')), false);
  await eventually(() => seen.length === 1);
  t.same(seen, ['reset']);
  t.match(pump.error, { code: 'EPIPE' });
  t.equal(pump.lostBytes, 1);
});

t.test('what cannot be read makes it, and destroys it', async (t) => {
  const { latent } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  (latent.belongTo(pump) as LatentHandle).readStart = () => -9;
  pump.start();
  await eventually(() => seen.length === 1);
  t.same(seen, ['reset']);
  t.match(pump.error, { code: 'EBADF', syscall: 'read' });
});

t.test('who is hijacked has a socket like any other', async (t) => {
  const { latent, client } = await connect(t);
  const { pump, seen } = pumpOf(latent);
  pump.start();
  const socket = pump.release();
  client.send('yours');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  t.equal(bytes.toString(), 'yours');
  socket.end('mine');
  t.equal(await client.ended(), 'mine');
  t.same(seen, []);
});

const needed = needsFastPath('latent-socket', 'shared-read', 'direct-write');

t.test('a server makes no socket of a WebSocket until it ends', needed, async (t) => {
  const make = t.capture(LatentSocket.prototype, 'make', LatentSocket.prototype.make);
  const addresses: string[] = [];
  const server = createServer({
    websocket: {
      accept: ({ client }) => void addresses.push(client.address),
      message: (peer, data) => peer.send(data),
    },
  });
  const { port } = await server.listen(0, '127.0.0.1');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(socket, 'open');
  for (const text of ['one', 'x'.repeat(100_000)]) {
    const echoed = once(socket, 'message') as Promise<[MessageEvent]>;
    socket.send(text);
    t.equal((await echoed)[0].data, text);
  }
  server.broadcast('to all');
  t.same(addresses, ['127.0.0.1']);
  t.equal(server.stats().openConnections, 1);
  t.equal(make().length, 0);
  socket.close();
  await once(socket, 'close');
  await server.close();
  t.ok(make().length > 0);
});

t.test('an address that has left may come again', needed, async (t) => {
  const server = createServer({
    maxConnectionsPerAddress: 1,
    request: (exchange) => exchange.respond(200, {}, exchange.client.address),
  });
  const { port } = await server.listen(0, '127.0.0.1');
  for (let time = 0; time < 3; time += 1) {
    const client = new RawClient(port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until('127.0.0.1');
    client.socket.destroy();
    await eventually(() => server.stats().openConnections === 0);
  }
  t.equal(server.stats().refusedConnections, 0);
  await server.close();
});

t.test('a server that closes at once cuts what has no socket', needed, async (t) => {
  const server = createServer({ request: (exchange) => exchange.respond(200, {}, 'ok') });
  const { port } = await server.listen(0, '127.0.0.1');
  const clients = [new RawClient(port), new RawClient(port)];
  for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  for (const client of clients) await client.until('ok');
  t.equal(server.stats().openConnections, 2);
  await server.close({ deadlineMs: 0 });
  t.equal(server.stats().openConnections, 0);
  for (const client of clients) client.close();
});

t.test('works on this Node', (t) => {
  const keys = learnOwnerKeys()!;
  const buffer = Buffer.alloc(1);
  const callback = (): boolean => true;
  const handle: Record<symbol | string, unknown> = { useUserBuffer: () => undefined };
  const options = { handle, onread: { buffer, callback }, manualStart: true };
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
  const at = (key: symbol): unknown => (socket as unknown as Record<symbol, unknown>)[key];
  t.equal(handle[keys.owner], socket);
  t.equal(handle['onread'], keys.onread);
  t.equal(at(keys.buffer), buffer);
  t.equal(at(keys.callback), callback);
  t.equal(at(keys.generator), null);
  t.type(at(keys.timer), 'function');
  t.end();
});

t.test('learns nothing where Node looks at anything else of an owner', (t) => {
  /** A socket that gives its handle another function to call. */
  const giving = (source: string): typeof Socket =>
    class extends Socket {
      constructor(options: { handle: Record<string, unknown> }) {
        super(options as ConstructorParameters<typeof Socket>[0]);
        const onread = (): undefined => undefined;
        onread.toString = () => 'not asked';
        // Its source is what is looked at.
        options.handle['onread'] = new Function(source);
      }
    } as unknown as typeof Socket;
  const first = 'const owner_symbol = 0; const stream = this[owner_symbol];';
  t.ok(learnOwnerKeys(giving(`${first} // a stream\n stream.push(stream.destroyed);`)));
  for (const source of [
    'const stream = this.owner; stream.push(null);',
    `${first} stream.pushed(null);`,
    `${first} const kOther = 1; stream[kOther]();`,
    `${first} stream._readableState.ended = true;`,
    `${first} const other = stream; other.anything();`,
    `${first} stream['anything']();`,
  ]) {
    t.equal(learnOwnerKeys(giving(source)), undefined, source);
  }
  const without = (name: string): typeof Socket =>
    class extends Socket {
      constructor(options: { handle: Record<string, unknown> }) {
        super(options as ConstructorParameters<typeof Socket>[0]);
        delete options.handle[name];
      }
    } as unknown as typeof Socket;
  t.equal(learnOwnerKeys(without('onread')), undefined, 'no function');
  t.ok(learnOwnerKeys(without('nothing')));
  t.end();
});

t.test('leaves handles alone that it cannot write to', (t) => {
  const reads = { readStart: () => 0, readStop: () => 0, useUserBuffer: () => undefined };
  const writes = { writeBuffer: () => 0, writev: () => 0, writeQueueSize: 0 };
  t.equal(canBeLatent({ ...reads, ...writes } as typeof reads), true);
  t.equal(canBeLatent(reads), false);
  t.end();
});
