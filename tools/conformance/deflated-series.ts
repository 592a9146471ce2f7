/**
 * Messages that many cases send in the same order, deflated once.
 *
 * ```
 * 12.1.10, 12.1.15 … 18, 13.x.10 …   the same thousand slices of 128 KiB: one series
 * ```
 * A deflater that starts afresh and is given the same messages with the same parameters gives the
 * same octets. So the first case of a series keeps what it has sent, and the others send that
 * again: not one octet differs, and half of the suite's own work falls away. What comes back is
 * inflated and compared each time; that is the test.
 */

/** A series of messages that is always sent whole and in order. */
export interface Series {
  /** The same name means the same messages. */
  readonly name: string;
  /** How many there are. */
  readonly messages: number;
}

/** Deflated bytes that are kept; what was used longest ago goes first. */
const MAX_KEPT_BYTES = 256 * 1024 * 1024;

/** One connection's way through a series. */
export interface SeriesUse {
  /** The next message as it was deflated before; `undefined` when nobody has yet. */
  next(): Buffer | undefined;
  /** Adds the next message, deflated by this connection. */
  add(deflated: Buffer): void;
}

/** Keeps series that were sent to their end. */
export class DeflatedSeries {
  readonly #maxBytes: number;
  readonly #kept = new Map<string, readonly Buffer[]>();
  #bytes = 0;

  constructor(maxBytes = MAX_KEPT_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Begins a series. @param agreement all that the deflated bytes depend on. */
  use({ name, messages }: Series, agreement: string): SeriesUse {
    const key = `${name} ${agreement}`;
    const known = this.#find(key);
    const made: Buffer[] = [];
    let at = 0;
    return {
      next: () => known?.[at++],
      add: (deflated) => {
        made.push(deflated);
        // A part of a series is no use: the deflater that could go on with it has gone.
        if (made.length === messages) this.#keep(key, made);
      },
    };
  }

  #find(key: string): readonly Buffer[] | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found;
  }

  #keep(key: string, made: readonly Buffer[]): void {
    if (this.#kept.has(key)) return;
    this.#kept.set(key, made);
    this.#bytes += countBytes(made);
    for (const [oldest, messages] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#kept.delete(oldest);
      this.#bytes -= countBytes(messages);
    }
  }
}

const countBytes = (buffers: readonly Buffer[]): number =>
  buffers.reduce((sum, { length }) => sum + length, 0);

/** What this process has deflated so far. */
export const DEFLATED_SERIES = new DeflatedSeries();
