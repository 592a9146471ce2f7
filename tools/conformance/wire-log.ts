/**
 * What went over the wire: every frame as it was, with its header's fields, and counts of
 * everything.
 *
 * A case may move hundreds of thousands of frames, so payloads are kept only at their beginning,
 * and after a number of entries only the counts go on, until a close frame: how it ended is shown.
 */
import { type FrameHeader, OPCODE } from 'barewire/codec';

/** Octets of a payload that are kept for show. */
export const PREVIEW_BYTES = 64;

/** Entries after which the log of one case only counts. */
const MAX_ENTRIES = 400;

/** Entries that are kept from the first close frame on, when the log had only counted before. */
const MAX_LAST_ENTRIES = 20;

/** A frame's header as it stood on the wire. */
export type LoggedHeader = Omit<FrameHeader, 'maskingKey'> & { readonly maskingKey: number };

/** One line of the log. `at` is milliseconds since the case began. */
export type LogEntry =
  | {
      readonly kind: 'octets';
      readonly at: number;
      readonly isOut: boolean;
      readonly length: number;
      /** The first octets. */
      readonly preview: Buffer;
      readonly sync: boolean;
    }
  | {
      readonly kind: 'frame';
      readonly at: number;
      readonly isOut: boolean;
      readonly header: LoggedHeader;
      /** The first octets of the payload, unmasked; of a repeated pattern, the pattern. */
      readonly preview: Buffer;
      readonly previewOf: number;
      readonly repeatLength: number | undefined;
      readonly chop: number | undefined;
      readonly sync: boolean;
    }
  /** Payload octets of a frame whose header stands above. */
  | {
      readonly kind: 'piece';
      readonly at: number;
      readonly length: number;
      readonly preview: Buffer;
    }
  /** What a compressed message says: above its frames when it goes out, else below them. */
  | {
      readonly kind: 'content';
      readonly at: number;
      readonly isOut: boolean;
      readonly length: number;
      readonly preview: Buffer;
    }
  | {
      readonly kind: 'timer';
      readonly at: number;
      readonly name: 'wait' | 'close-after' | 'kill-after';
      /** Seconds when it is set, `undefined` when it fires. */
      readonly seconds: number | undefined;
      readonly tag: string | undefined;
    }
  /** The log goes on, or only counts from here. */
  | { readonly kind: 'switch'; readonly at: number; readonly isOn: boolean }
  /** Something to say: a rule that the testee broke, an error of the socket. */
  | { readonly kind: 'note'; readonly at: number; readonly text: string };

type DistributedOmit<Entry> = Entry extends unknown ? Omit<Entry, 'at'> : never;

/** Counts, by size of the read or write, or by opcode. */
export type Counts = Map<number, number>;

/** The log of one connection. */
export class WireLog {
  readonly entries: LogEntry[] = [];
  readonly rxOctets: Counts = new Map();
  readonly txOctets: Counts = new Map();
  readonly rxFrames: Counts = new Map();
  readonly txFrames: Counts = new Map();
  readonly #now: () => number;
  readonly #start: number;
  #limit: number;
  #isOn = true;
  #isEnding = false;

  /** @param isHeavy keep only the beginning: large transfers say nothing new after a few frames. */
  constructor(now: () => number, isHeavy: boolean) {
    this.#now = now;
    this.#start = now();
    this.#limit = isHeavy ? 40 : MAX_ENTRIES;
  }

  /** Whether entries are still kept. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Milliseconds since the log was begun. */
  get elapsed(): number {
    return this.#now() - this.#start;
  }

  /** Counts a read or write, and logs it. */
  octets(isOut: boolean, bytes: Buffer, sync = false): void {
    count(isOut ? this.txOctets : this.rxOctets, bytes.length);
    if (!this.#isOn) return;
    const preview = Buffer.from(bytes.subarray(0, PREVIEW_BYTES));
    this.#add({ kind: 'octets', isOut, length: bytes.length, preview, sync });
  }

  /** Counts a frame, and logs it. The header is copied. */
  frame(
    isOut: boolean,
    header: LoggedHeader,
    payload: Buffer,
    how: { repeatLength?: number; chop?: number | undefined; sync?: boolean | undefined } = {},
  ): void {
    count(isOut ? this.txFrames : this.rxFrames, header.opcode);
    if (header.opcode === OPCODE.close) this.#showEnd();
    if (!this.#isOn) return;
    this.#add({
      kind: 'frame',
      isOut,
      header: { ...header },
      preview: Buffer.from(payload.subarray(0, PREVIEW_BYTES)),
      previewOf: payload.length,
      repeatLength: how.repeatLength,
      chop: how.chop,
      sync: how.sync ?? false,
    });
  }

  /** Logs a part of a payload that is sent in pieces. */
  piece(bytes: Buffer): void {
    const preview = Buffer.from(bytes.subarray(0, PREVIEW_BYTES));
    this.#add({ kind: 'piece', length: bytes.length, preview });
  }

  /** Logs what a compressed message says. */
  content(isOut: boolean, bytes: Buffer): void {
    const preview = Buffer.from(bytes.subarray(0, PREVIEW_BYTES));
    this.#add({ kind: 'content', isOut, length: bytes.length, preview });
  }

  /** Logs a timer that was set (`seconds`) or has fired. */
  timer(name: 'wait' | 'close-after' | 'kill-after', seconds?: number, tag?: string): void {
    this.#add({ kind: 'timer', name, seconds, tag });
  }

  /** Says something. Notes are always kept: there are few, and they matter. */
  note(text: string): void {
    this.entries.push({ kind: 'note', text, at: this.elapsed });
  }

  #showEnd(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    if (this.#isOn) return;
    this.#isOn = true;
    this.#limit = this.entries.length + MAX_LAST_ENTRIES;
    this.#add({ kind: 'switch', isOn: true });
  }

  #add(entry: DistributedOmit<LogEntry>): void {
    if (!this.#isOn) return;
    this.entries.push({ ...entry, at: this.elapsed } as LogEntry);
    if (this.entries.length < this.#limit) return;
    this.entries.push({ kind: 'switch', isOn: false, at: this.elapsed });
    this.#isOn = false;
  }
}

function count(counts: Counts, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The sum of what was counted: octets when the keys are sizes. */
export function sumOfSizes(counts: Counts): number {
  let sum = 0;
  for (const [size, times] of counts) sum += size * times;
  return sum;
}
