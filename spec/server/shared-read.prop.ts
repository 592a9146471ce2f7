/** Sockets that read into the shared buffer deliver what others do, with TLS or not, paused or not. */
import assert from 'node:assert/strict';
import { connect as connectPlain, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { LatentSocket } from '../../lib/server/latent-socket.ts';
import { onSharedRead } from '../../lib/server/pump-listeners.ts';
import { shareReads, shareSecureReads } from '../../lib/server/shared-read.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { takeConnections } from '../../lib/server/taken-connections.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { FakeTime } from '../support/fake-time.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { eventually, listen } from '../support/sockets.ts';

type Step =
  | { readonly kind: 'send'; readonly length: number }
  | { readonly kind: 'pause' | 'resume' | 'turn'; readonly length: 0 };

const send = fc.record({
  kind: fc.constant('send' as const),
  // Around a record, and more than one read brings.
  length: fc.constantFrom(1, 20, 16_383, 16_384, 16_385, 40_000, 300_000),
});
const other = fc.record({
  kind: fc.constantFrom('pause' as const, 'resume' as const, 'turn' as const),
  length: fc.constant(0 as const),
});
const conversation = fc.record({
  steps: fc.array(fc.oneof(send, other) as fc.Arbitrary<Step>, { maxLength: 12 }),
  /** Pauses in every so manieth call, and resumes in the next turn; 0: never. */
  pauseEvery: fc.constantFrom(0, 1, 2, 3),
  /** Lets go of the socket when so many bytes have come; what is left is read from the stream. */
  releaseAt: fc.option(fc.constantFrom(1, 16_384, 100_000), { nil: undefined }),
});
type Conversation = typeof conversation extends fc.Arbitrary<infer T> ? T : never;

/** A socket, or what stands for it, and whether it reads into the shared buffer. */
type Accepted = readonly [socket: Socket | LatentSocket, isShared: boolean];

/** One way to accept: a server that listens, and the connections that wait for it. */
class Way {
  readonly name: string;
  readonly isSecure: boolean;
  readonly #server: Server;
  readonly #accepted: Accepted[] = [];
  #port = 0;

  constructor(name: string, server: Server, isSecure = false) {
    this.name = name;
    this.#server = server;
    this.isSecure = isSecure;
  }

  /** @param begin is told when the server listens, and how to give what it accepts. */
  async open(begin: (server: Server, give: (accepted: Accepted) => void) => void): Promise<this> {
    this.#port = await listen(this.#server);
    begin(this.#server, (accepted) => this.#accepted.push(accepted));
    return this;
  }

  close(): void {
    this.#server.close();
  }

  async connect(): Promise<{ client: Socket; socket: Accepted[0]; isShared: boolean }> {
    const target = { port: this.#port, host: '127.0.0.1' };
    const client = this.isSecure
      ? connectTls({ ...target, ca: CERTIFICATE })
      : connectPlain(target);
    client.on('error', () => undefined);
    await eventually(() => this.#accepted.length > 0);
    const [socket, isShared] = this.#accepted.shift()!;
    return { client, socket, isShared };
  }
}

const PLAIN = { allowHalfOpen: true, pauseOnConnect: true };
const SECURE = { key: PRIVATE_KEY, cert: CERTIFICATE, allowHalfOpen: true };

/** The first of each kind is the plain path. */
const WAYS: readonly Way[] = await Promise.all([
  new Way("TCP, 'data'", createServer(PLAIN)).open((server, give) => {
    server.on('connection', (socket: Socket) => give([socket, false]));
  }),
  new Way('TCP, rebuilt', createServer(PLAIN)).open((server, give) => {
    server.on('connection', (socket: Socket) => give([shareReads(socket, onSharedRead)!, true]));
  }),
  new Way('TCP, taken', createServer(PLAIN)).open((server, give) => {
    const stop = takeConnections(server, onSharedRead, (socket) => give([socket, true]));
    assert.notEqual(stop, undefined);
  }),
  new Way('TCP, no socket at first', createServer(PLAIN)).open((server, give) => {
    const take = (latent: Accepted[0]): void => {
      assert.ok(latent instanceof LatentSocket);
      give([latent, true]);
    };
    takeConnections(server, onSharedRead, take, undefined, () => undefined);
  }),
  new Way("TLS, 'data'", createTlsServer(SECURE), true).open((server, give) => {
    server.on('secureConnection', (socket: Socket) => give([socket, false]));
  }),
  new Way('TLS, told', createTlsServer(SECURE), true).open((server, give) => {
    server.on('secureConnection', (socket: Socket) => {
      assert.equal(shareSecureReads(socket, onSharedRead), true);
      give([socket, true]);
    });
  }),
]);

t.teardown(() => {
  for (const way of WAYS) way.close();
});

/** What the client sends: bytes that tell their place. */
function bytesSent(steps: readonly Step[]): Buffer {
  const bytes = Buffer.alloc(steps.reduce((sum, { length }) => sum + length, 0));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return bytes;
}

/** Collects what comes by the pump, and behind it from the stream. */
class Reading {
  readonly pump: SocketPump;
  readonly #pauseEvery: number;
  readonly #releaseAt: number;
  readonly #chunks: Buffer[] = [];
  #calls = 0;
  #isPaused = false;
  #isReleased = false;
  #length = 0;
  hasEnded = false;
  cameWhilePaused = false;

  constructor(socket: Accepted[0], isShared: boolean, { pauseEvery, releaseAt }: Conversation) {
    this.#pauseEvery = pauseEvery;
    this.#releaseAt = releaseAt ?? Number.POSITIVE_INFINITY;
    const wheel = new TimerWheel(new FakeTime());
    const settings = { wheel, writeTimeoutMs: 1e4, maxBufferedBytes: 1e9 };
    const sink = {
      receive: (bytes: Buffer) => this.#received(bytes),
      receiveEnd: () => {
        this.hasEnded = true;
      },
      drained: () => undefined,
      closed: () => undefined,
    };
    this.pump = new SocketPump(socket, sink, settings, isShared);
    this.pump.start();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  pause(): void {
    if (this.#isReleased) return;
    this.#isPaused = true;
    this.pump.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.pump.resume();
  }

  #received(bytes: Buffer): void {
    // Thrown here it would end the process.
    if (this.#isPaused) this.cameWhilePaused = true;
    this.#keep(bytes);
    this.#calls += 1;
    if (this.#length >= this.#releaseAt) {
      this.#isReleased = true;
      const stream = this.pump.release();
      stream.on('data', (rest: Buffer) => this.#keep(rest));
      stream.on('end', () => {
        this.hasEnded = true;
      });
    } else if (this.#pauseEvery > 0 && this.#calls % this.#pauseEvery === 0) {
      this.pause();
      setImmediate(() => this.resume());
    }
  }

  #keep(bytes: Buffer): void {
    this.#chunks.push(Buffer.from(bytes));
    this.#length += bytes.length;
  }
}

/** Holds the conversation over a connection of its own; resolves with all that came. */
async function run(conversation: Conversation, way: Way): Promise<Buffer> {
  const { client, socket, isShared } = await way.connect();
  const reading = new Reading(socket, isShared, conversation);
  const sent = bytesSent(conversation.steps);
  let at = 0;
  for (const { kind, length } of conversation.steps) {
    if (kind === 'send') client.write(sent.subarray(at, at + length));
    else if (kind === 'pause') reading.pause();
    else if (kind === 'resume') reading.resume();
    else await new Promise((next) => setImmediate(next));
    at += length;
  }
  client.end();
  reading.resume();
  await eventually(() => reading.hasEnded);
  client.destroy();
  socket.destroy();
  assert.ok(!reading.cameWhilePaused, 'bytes while it is paused');
  return reading.bytes;
}

t.test('all that is sent comes, in order, and none of it while the pump is paused', async (t) => {
  await fc.assert(
    fc.asyncProperty(conversation, async (conversation) => {
      const sent = bytesSent(conversation.steps);
      // Not `equal`, which would print megabytes.
      for (const way of WAYS) {
        assert.ok((await run(conversation, way)).equals(sent), `other bytes: ${way.name}`);
      }
    }),
    runs(20),
  );
  t.pass('no counterexample');
});
