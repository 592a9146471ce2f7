/** Writing halves of connections, each with a list of the frames that must come out of it. */
import assert from 'node:assert/strict';
import { encodeFrame } from 'barewire/codec';
import {
  type ConnectionOptions,
  ConnectionOutput,
  type ConnectionSink,
  type OutgoingMessage,
} from 'barewire/connection';

/** What a line is: a sender comes at once with a compressor, or with the first message in pieces. */
export type LineKind = 'server' | 'client' | 'slow' | 'pieces';

type Waiting =
  | { readonly frame: () => Buffer; readonly bytes: number; needsWork: boolean }
  | { readonly pieces: { readonly payload: Buffer; readonly fin: boolean }[]; hasStarted: boolean };

/** How many bytes those are that wait before the outbox. */
function bytesOf(entry: Waiting): number {
  if ('bytes' in entry) return entry.bytes;
  return entry.pieces.reduce((sum, { payload }) => sum + payload.length, 0);
}

const keyOf = (serial: number): number => Math.imul(serial + 1, 0x9e37_79b1) >>> 0;
const reversed = (bytes: Uint8Array): Buffer => Buffer.from(bytes).reverse();

/** One connection's output, and what becomes of it. */
export class Line {
  readonly output: ConnectionOutput;
  /** Told what has come, before it is let go of. */
  taken: () => boolean = () => true;
  /** The owner was asked to flush, and has not yet. */
  isAsked = false;
  isCorked = false;
  hasThrown = false;
  readonly #kind: LineKind;
  readonly #jobs: (() => void)[] = [];
  readonly #came: Buffer[] = [];
  readonly #held: { readonly bytes: Buffer; readonly copy: Buffer }[] = [];
  #cameBytes = 0;
  #wanted: Buffer[] = [];
  #wantedBytes = 0;
  #waiting: Waiting[] = [];
  #message: OutgoingMessage | undefined;
  #messages = 0;
  #lostBytes = 0;
  #keysTaken = 0;
  #keysWanted = 0;

  constructor(kind: LineKind) {
    this.#kind = kind;
    const deflate = {
      compress: (bytes: Uint8Array, _fin: boolean, done: (e: undefined, b: Buffer) => void) =>
        this.#jobs.push(() => done(undefined, reversed(bytes))),
    } as unknown as NonNullable<ConnectionOptions['deflate']>;
    const sink = {
      write: (bytes: Buffer) => this.#write(bytes),
      wantsFlush: () => {
        this.isAsked = true;
      },
    } as unknown as ConnectionSink;
    const options: ConnectionOptions = {
      role: kind === 'client' ? 'client' : 'server',
      now: () => 0,
      takeMaskingKey: () => {
        this.#keysTaken += 1;
        return keyOf(this.#keysTaken);
      },
      compressThresholdBytes: Number.MAX_SAFE_INTEGER,
      ...(kind === 'slow' ? { deflate } : {}),
    };
    this.output = new ConnectionOutput(sink, options, { fail: assert.fail });
  }

  #write(bytes: Buffer): boolean {
    const copy = Buffer.from(bytes);
    this.#came.push(copy);
    this.#cameBytes += copy.length;
    let isFree = false;
    try {
      isFree = this.taken();
    } finally {
      assert.ok(bytes.equals(copy), 'changed before they were let go of');
      if (!isFree) this.#held.push({ bytes, copy });
    }
    return isFree;
  }

  /** Frames that stand in the outbox: nothing comes before them any more. */
  #want(frame: Buffer): void {
    this.#wanted.push(frame);
    this.#wantedBytes += frame.length;
  }

  #encode(opcode: number, payload: string | Buffer, more: { fin?: boolean; rsv?: number } = {}) {
    let maskingKey: number | undefined;
    if (this.#kind === 'client') {
      this.#keysWanted += 1;
      maskingKey = keyOf(this.#keysWanted);
    }
    return encodeFrame({ opcode, payload, maskingKey, ...more }, { allowIllegal: true });
  }

  /** What waits goes on as far as it can. */
  #settle(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if ('bytes' in first) {
        if (first.needsWork) return;
        this.#waiting.shift();
        this.#want(first.frame());
        continue;
      }
      const { pieces } = first;
      if (pieces.length === 0) return;
      for (const { payload, fin } of pieces.splice(0)) {
        this.#want(this.#encode(first.hasStarted ? 0 : 2, payload, { fin }));
        first.hasStarted = true;
        if (fin) this.#waiting.shift();
      }
    }
  }

  /** A message; its bytes are changed at once when the output was told to copy them. */
  send(payload: string | Buffer, compress: boolean, copy: boolean): void {
    this.#messages += 1;
    const opcode = typeof payload === 'string' ? 1 : 2;
    const needsWork = compress && this.#kind === 'slow';
    const sent = Buffer.from(payload);
    const frame = (): Buffer =>
      needsWork
        ? this.#encode(opcode, reversed(sent), { rsv: 4 })
        : this.#encode(opcode, typeof payload === 'string' ? payload : sent);
    this.#waiting.push({ frame, bytes: sent.length, needsWork });
    this.#settle();
    this.output.send(payload, { compress, copy });
    if (copy && typeof payload !== 'string') payload.fill(0);
  }

  /** Frames that others send as well; a client sends none. */
  sendEncoded(frames: Buffer): void {
    if (this.#kind === 'client') return;
    this.#messages += 1;
    this.#waiting.push({ frame: () => frames, bytes: frames.length, needsWork: false });
    this.#settle();
    this.output.sendEncoded(frames);
  }

  control(payload: Buffer): void {
    this.#want(this.#encode(9, payload));
    this.output.control(9, payload);
  }

  /** A piece of a message, which it begins if there is none, and ends. */
  piece(payload: Buffer, fin: boolean): void {
    if (this.#kind !== 'pieces' && this.#kind !== 'slow') return;
    if (this.#message === undefined) {
      this.#messages += 1;
      this.#waiting.push({ pieces: [], hasStarted: false });
      this.#message = this.output.startMessage('binary', false);
    }
    const entry = this.#waiting.findLast((waiting) => 'pieces' in waiting) as Waiting & {
      pieces: { payload: Buffer; fin: boolean }[];
    };
    entry.pieces.push({ payload, fin });
    this.#settle();
    const message = this.#message;
    if (fin) this.#message = undefined;
    if (fin) message.end(payload);
    else message.write(payload);
  }

  /** The compressor is done with what it is at. */
  work(): void {
    const job = this.#jobs.shift();
    if (job === undefined) return;
    const first = this.#waiting[0];
    assert.ok(first !== undefined && 'bytes' in first);
    first.needsWork = false;
    this.#settle();
    job();
  }

  flush(): void {
    this.isAsked = false;
    this.output.flush();
  }

  cork(): void {
    this.output.cork();
    this.isCorked = true;
  }

  uncork(): void {
    this.isCorked = false;
    this.isAsked = false;
    this.output.uncork();
  }

  /** What stands in the outbox is lost. */
  discard(): void {
    this.#lostBytes += this.#wantedBytes - this.#cameBytes;
    this.#wanted = [Buffer.concat(this.#came)];
    this.#wantedBytes = this.#cameBytes;
    this.output.discard();
  }

  /** Whether frames stand in the outbox. */
  get isFilled(): boolean {
    return this.#wantedBytes > this.#cameBytes;
  }

  /** What it counts, at any time, also while something is taken. */
  check(): void {
    const waiting = this.#waiting.reduce((sum, entry) => sum + bytesOf(entry), 0);
    const { pendingBytes, bytesSent, messagesSent, lostBytes } = this.output;
    assert.deepEqual(
      { pendingBytes, bytesSent, messagesSent, lostBytes },
      {
        pendingBytes: this.#wantedBytes - this.#cameBytes + waiting,
        bytesSent: this.#cameBytes,
        messagesSent: this.#messages,
        lostBytes: this.#lostBytes,
      },
    );
  }

  /** What came is what had to, and what the transport holds is what it was. */
  finish(): void {
    assert.ok(Buffer.concat(this.#came).equals(Buffer.concat(this.#wanted)), 'other bytes');
    assert.ok(
      this.#held.every(({ bytes, copy }) => bytes.equals(copy)),
      'bytes that the transport holds have changed',
    );
  }
}
