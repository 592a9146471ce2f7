/** Writing halves of pumps over transports in the hands of a law, and what must come out of them. */
import assert from 'node:assert/strict';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { Duplex } from 'node:stream';
import { TimerWheel } from '../../lib/server/clock.ts';
import { canWriteTo } from '../../lib/server/direct-write.ts';
import { SocketWriter } from '../../lib/server/socket-writer.ts';
import { FakeTime } from './fake-time.ts';

/** What a transport is: the handle of a socket, or a stream. */
export type Way = 'handle' | 'stream';

interface Request {
  getAsyncId: () => number;
  /** Those of a stream have one, and a note whether it is still to be called. */
  callback?: unknown;
  oncomplete: (this: Request, status: number) => void;
}

/** What a transport was given, and how much of it has left. */
class Wire {
  /** Keeps what it is given, until {@link release}. */
  holds = false;
  came = '';
  doneBytes = 0;
  hasEnded = false;
  /** Asked while a stream takes something. */
  taking: () => void = () => undefined;
  readonly #held: { readonly blocks: Uint8Array[]; readonly copy: string; free: () => void }[] = [];

  /** @returns whether it is done with them. */
  take(blocks: Uint8Array[], free: () => void): boolean {
    const copy = Buffer.concat(blocks).toString('latin1');
    this.came += copy;
    // Behind what waits, as in the queue of a real one.
    if (this.holds || this.#held.length > 0) {
      this.#held.push({ blocks, copy, free });
      return false;
    }
    return true;
  }

  get heldBytes(): number {
    return this.#held.reduce((sum, { copy }) => sum + copy.length, 0);
  }

  /** Lets the oldest leave; false when there is none. */
  release(): boolean {
    const first = this.#held.shift();
    if (first === undefined) return false;
    assert.ok(Buffer.concat(first.blocks).toString('latin1') === first.copy, 'it has changed');
    this.doneBytes += first.copy.length;
    first.free();
    return true;
  }
}

/** A socket whose handle says at once whether the kernel has taken everything. */
function socketOver(wire: Wire): Socket {
  const write = (request: Request, blocks: Uint8Array[]): number => {
    const free = (): void => request.oncomplete(0);
    if (wire.take(blocks, free)) {
      for (const { length } of blocks) wire.doneBytes += length;
      return 0;
    }
    request.getAsyncId = () => 1;
    const isLater = { get: () => true, set: () => undefined };
    if (request.callback !== undefined) Object.defineProperty(request, 'async', isLater);
    return 0;
  };
  const handle = {
    writeBuffer: (request: Request, block: Uint8Array) => write(request, [block]),
    writev: write,
    get writeQueueSize() {
      return wire.heldBytes;
    },
    readStart: () => 0,
    readStop: () => 0,
    close: () => undefined,
    shutdown: () => {
      wire.hasEnded = true;
      return 0;
    },
  };
  assert.ok(canWriteTo(handle as never));
  const options: SocketConstructorOpts & { handle: unknown } = { handle, writable: true };
  return new Socket(options);
}

function streamOver(wire: Wire): Duplex {
  return new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      const isDone = wire.take([chunk], done);
      wire.taking();
      if (!isDone) return;
      wire.doneBytes += chunk.length;
      done();
    },
    final: (done) => {
      wire.hasEnded = true;
      done();
    },
  });
}

/** A writer, and what was written to it. */
export class WriterLine extends SocketWriter {
  readonly wire: Wire;
  #wanted = '';
  #hasEnded = false;
  #error: Error | undefined;
  /** It was stopped, or has let go. */
  fate: 'alive' | 'stopped' | 'let go' = 'alive';
  /** Called when it is congested no longer. */
  relieved: () => void = () => undefined;
  flushed = 0;
  #asked = 0;

  constructor(way: Way) {
    const wire = new Wire();
    const socket = way === 'handle' ? socketOver(wire) : streamOver(wire);
    const wheel = new TimerWheel(new FakeTime());
    const settings = { wheel, writeTimeoutMs: 1000, maxBufferedBytes: 1e9 };
    super(socket, settings, way === 'handle');
    this.wire = wire;
    socket.on('drain', () => this.flushAfter('drain'));
    socket.on('error', (error) => {
      this.#error ??= error;
    });
  }

  protected override overflowed(): void {
    assert.fail('overflowed');
  }
  override stalled(): void {
    assert.fail('stalled');
  }
  protected override unwritable(error: Error): void {
    throw error;
  }
  protected override uncongested(): void {
    this.relieved();
  }

  /** Writes text, or bytes, gathered or now; bytes that are needed no longer are overwritten. */
  put(way: 'write' | 'writeText' | 'writeNow', text: string): void {
    if (this.fate === 'alive' && !this.#hasEnded) this.#wanted += text;
    if (way === 'writeText') return this.writeText(text, 'latin1');
    const bytes = Buffer.from(text, 'latin1');
    if (way === 'write') this.write(bytes);
    else if (this.writeNow(bytes)) bytes.fill(0);
  }

  /** A turn: what is written in it leaves at its end. */
  turn(within: () => void): void {
    if (this.isInTurn) return;
    this.isInTurn = true;
    within();
    this.isInTurn = false;
    this.flush();
  }

  /** Its transport lets go of the oldest that it holds. */
  take(): void {
    this.wire.release();
  }

  /** Whoever waits for the flush says so before the end: a stream takes no mark behind that. */
  ask(told: () => void): void {
    if (this.#hasEnded) return;
    this.#asked += 1;
    this.whenFlushed(() => {
      this.flushed += 1;
      told();
    });
  }

  finish(): void {
    this.#hasEnded = true;
    this.end();
  }

  stop(): void {
    if (this.fate !== 'alive') return;
    const lostBytes = this.#wanted.length - this.wire.doneBytes;
    this.fate = 'stopped';
    this.stopWriting();
    assert.equal(this.lostBytes, lostBytes);
    assert.equal(this.hasLostOutput, lostBytes > 0);
  }

  handOver(): void {
    if (this.fate !== 'alive') return;
    this.fate = 'let go';
    // Whoever writes meanwhile is neither before nor behind it.
    this.wire.taking = () => undefined;
    this.letGo();
  }

  /** What it counts, between steps. */
  check(): void {
    if (this.fate !== 'alive') return;
    assert.equal(this.bufferedBytes, this.#wanted.length - this.wire.doneBytes);
    if (this.bufferedBytes >= 64 * 1024) assert.ok(this.isCongested);
  }

  /** All has left that had to. */
  checkEnd(): void {
    const { came, doneBytes, hasEnded } = this.wire;
    assert.ifError(this.#error);
    // Not `equal`, which would print all of it.
    if (this.fate === 'stopped') assert.ok(this.#wanted.startsWith(came), 'other bytes');
    else assert.ok(came === this.#wanted, 'other bytes');
    if (this.fate !== 'alive') return;
    assert.equal(doneBytes, this.#wanted.length);
    assert.equal(this.bufferedBytes, 0);
    // A stream that has been ended does not tell any more.
    if (!this.#hasEnded) assert.equal(this.isCongested, false);
    assert.equal(hasEnded, this.#hasEnded);
    assert.equal(this.flushed, this.#asked);
  }
}
