/** Reads bytes with a FrameReader and writes down what it reports, in a form that can be compared. */
import { FrameReader, type FrameReaderOptions, type FrameSink } from 'barewire/codec';

/** One frame as it was reported. */
export interface LoggedFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly maskingKey: number | undefined;
  readonly payload: string;
  readonly ended: boolean;
}

/** What a reader reported: frames (payloads as hex, pieces joined) and the failure, if any. */
export class FrameLog implements FrameSink {
  readonly frames: LoggedFrame[] = [];
  readonly failures: string[] = [];
  /** Pieces delivered for each frame. */
  readonly pieces: number[] = [];
  /** Set when a call came that must not come. */
  misuse: string | undefined;

  frame(header: Parameters<FrameSink['frame']>[0]): void {
    this.#check(this.frames.at(-1)?.ended !== false, 'frame inside a frame');
    const { fin, rsv, opcode, masked } = header;
    const maskingKey = masked ? header.maskingKey : undefined;
    this.frames.push({ fin, rsv, opcode, maskingKey, payload: '', ended: false });
    this.pieces.push(0);
  }

  payload(
    bytes: Buffer,
    start: number,
    end: number,
    onlyAscii: boolean,
    _forKeeps?: boolean,
  ): void {
    const frame = this.frames.at(-1);
    this.#check(frame?.ended === false, 'payload outside a frame');
    this.#check(start < end && end <= bytes.length, 'an empty or impossible range');
    const piece = bytes.subarray(start, end);
    this.#check(!onlyAscii || piece.every((byte) => byte < 0x80), 'onlyAscii, but it is not');
    this.#change({ payload: `${frame?.payload}${piece.toString('hex')}` });
    this.pieces[this.pieces.length - 1]! += 1;
  }

  frameEnd(): void {
    this.#check(this.frames.at(-1)?.ended === false, 'an end without a frame');
    this.#change({ ended: true });
  }

  failed(error: { readonly code: string }): void {
    this.failures.push(error.code);
  }

  #change(change: Partial<LoggedFrame>): void {
    this.frames.push({ ...this.frames.pop()!, ...change });
  }

  #check(holds: boolean, what: string): void {
    if (!holds || this.failures.length > 0) this.misuse ??= what;
  }
}

/** Feeds `chunks` to a new reader and returns what it reported. */
export function readFrames(chunks: Iterable<Uint8Array>, options: FrameReaderOptions): FrameLog {
  const log = new FrameLog();
  const reader = new FrameReader(log, options);
  for (const chunk of chunks) reader.receive(chunk);
  return log;
}
