/** Reads bytes with a FrameReader and writes down what it reports, in a form that can be compared. */
import { encodeFrame, FrameReader, type FrameReaderOptions, type FrameSink } from 'barewire/codec';

/** One frame as it was reported. */
export interface LoggedFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly maskingKey: number | undefined;
  readonly payload: string;
  readonly ended: boolean;
}

/** A range that was handed over for keeps, and what stood there. */
interface KeptRange {
  readonly bytes: Buffer;
  readonly was: string;
}

/** What a reader reported: frames (payloads as hex, pieces joined) and the failure, if any. */
export class FrameLog implements FrameSink {
  readonly frames: LoggedFrame[] = [];
  readonly failures: string[] = [];
  /** Pieces delivered for each frame. */
  readonly pieces: number[] = [];
  /** Set when a call came that must not come. */
  misuse: string | undefined;
  readonly #kept: KeptRange[] = [];

  frame(header: Parameters<FrameSink['frame']>[0]): void {
    this.#check(this.frames.at(-1)?.ended !== false, 'frame inside a frame');
    const { fin, rsv, opcode, masked } = header;
    const maskingKey = masked ? header.maskingKey : undefined;
    this.frames.push({ fin, rsv, opcode, maskingKey, payload: '', ended: false });
    this.pieces.push(0);
  }

  payload(bytes: Buffer, start: number, end: number, onlyAscii: boolean, forKeeps = false): void {
    const frame = this.frames.at(-1);
    this.#check(frame?.ended === false, 'payload outside a frame');
    this.#check(start < end && end <= bytes.length, 'an empty or impossible range');
    const piece = bytes.subarray(start, end);
    this.#check(!onlyAscii || piece.every((byte) => byte < 0x80), 'onlyAscii, but it is not');
    const hex = piece.toString('hex');
    this.#change({ payload: `${frame?.payload}${hex}` });
    if (forKeeps) this.#kept.push({ bytes: piece, was: hex });
    this.pieces[this.pieces.length - 1]! += 1;
  }

  frameEnd(): void {
    this.#check(this.frames.at(-1)?.ended === false, 'an end without a frame');
    this.#change({ ended: true });
  }

  failed(error: { readonly code: string }): void {
    this.failures.push(error.code);
  }

  /** Ranges that were handed over for keeps. */
  get keptRanges(): number {
    return this.#kept.length;
  }

  /** Whether the last message that has begun has not ended, by its frames. */
  get isInsideMessage(): boolean {
    return this.frames.findLast(({ opcode }) => opcode < 8)?.fin === false;
  }

  /** To be called at last: what was handed over for keeps must be as it was. */
  checkKept(): void {
    if (this.#kept.length === 0) return;
    overwriteScratch();
    const isKept = this.#kept.every(({ bytes, was }) => bytes.toString('hex') === was);
    if (!isKept) this.misuse ??= 'what was given for keeps has changed';
  }

  #change(change: Partial<LoggedFrame>): void {
    this.frames.push({ ...this.frames.pop()!, ...change });
  }

  #check(holds: boolean, what: string): void {
    if (!holds || this.failures.length > 0) this.misuse ??= what;
  }
}

const OVERWRITING = encodeFrame({
  opcode: 2,
  payload: Buffer.alloc(70_000, 0xe7),
  maskingKey: 0x01020304,
});

/** Lets a reader use all of the memory that readers share. */
function overwriteScratch(): void {
  const ignore = (): void => {};
  const sink = { frame: ignore, payload: ignore, frameEnd: ignore, failed: ignore };
  new FrameReader(sink, { role: 'server' }).receive(OVERWRITING);
}

/** Feeds `chunks` to a new reader and returns what it reported. */
export function readFrames(chunks: Iterable<Uint8Array>, options: FrameReaderOptions): FrameLog {
  const log = new FrameLog();
  const reader = new FrameReader(log, options);
  for (const chunk of chunks) reader.receive(chunk);
  return log;
}
