/** Where encoders write: streams, so that each write costs what the machinery of streams costs. */
import { Writable } from 'node:stream';
import type { ByteSink } from './contender.ts';

/**
 * A stream that throws everything away at once, as a socket does whose bytes the kernel takes.
 * Strings are encoded as a socket does it: in memory it has up to 16 KiB, else in memory set aside
 * for them.
 */
export class MeasuringSocket extends Writable implements ByteSink {
  byteCount = 0;
  readonly #memory = Buffer.allocUnsafeSlow(16_384);

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(piece: Buffer | string, _encoding: string, done: () => void): void {
    this.#take(piece);
    done();
  }

  override _writev(pieces: readonly { readonly chunk: Buffer | string }[], done: () => void): void {
    for (const { chunk } of pieces) this.#take(chunk);
    done();
  }

  #take(piece: Buffer | string): void {
    if (typeof piece !== 'string') this.byteCount += piece.length;
    else if (piece.length * 3 > this.#memory.length) this.byteCount += Buffer.from(piece).length;
    else this.byteCount += this.#memory.write(piece, 'utf8');
  }
}

/** A stream that keeps a copy of everything. */
export class KeepingSocket extends Writable implements ByteSink {
  readonly #pieces: Buffer[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  override _write(piece: Buffer, _encoding: string, done: () => void): void {
    this.#pieces.push(Buffer.from(piece));
    done();
  }
}
