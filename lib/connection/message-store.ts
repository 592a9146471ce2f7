/**
 * The bytes of an unfinished message, in one buffer that grows by doubling.
 *
 * An announced length is believed for sixteen times what has come, or 64 KiB: a header that
 * promises sixteen megabytes and brings none costs almost nothing. What is reserved is not touched
 * before it is filled, so a message that stops there costs address space, and no more memory than
 * has come.
 *
 * Setting memory aside for each message costs more than filling it (bench/framing, "in 16"). So
 * there is one spare buffer for the whole process, in which a message is gathered whenever nobody
 * else's is, and which the next one finds again. It is never handed out: what leaves it is a copy
 * or a string. Bytes whose number is known are gathered where they can stay instead.
 */
import { keepFreedMemory } from '../base/index.ts';
import { copyPayload } from '../codec/index.ts';

/**
 * Memory reserved for announced bytes before they come is at most this, or {@link TRUST} times the
 * rest.
 */
const MAX_TRUSTED_BYTES = 64 * 1024;
/** A message of 1 MiB has its place after one read of 64 KiB: growing would copy it half again. */
const TRUST = 16;
const FIRST_BYTES = 64;
/** Fewer bytes than this are copied out of the spare: a small copy costs less than memory. */
const OWN_FROM = 16 * 1024;
/** The spare begins with this, and a larger buffer takes its place up to the second. */
const SPARE_BYTES = 64 * 1024;
const MAX_SPARE_BYTES = 1024 * 1024;
const EMPTY: Buffer = Buffer.alloc(0);

/** The spare buffer, while nobody uses it; made once, before the first message. */
let spare: Buffer | undefined;

/** Keeps bytes until they are a message. */
export class MessageStore {
  #bytes: Buffer = EMPTY;
  #length = 0;
  #isSpare = false;

  /** Bytes kept. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory reserved for this message alone, used or not: 0 while it lies in the spare. */
  get capacity(): number {
    return this.#isSpare ? 0 : this.#bytes.length;
  }

  /**
   * Appends a copy of `bytes[start … end)`.
   *
   * @param finalLength how many bytes there will be in the end; `undefined` while nobody knows.
   * @param isText whether they will leave as a string ({@link takeText}).
   */
  push(
    bytes: Buffer,
    start: number,
    end: number,
    finalLength: number | undefined,
    isText: boolean,
  ): void {
    const needed = this.#length + (end - start);
    if (needed > this.#bytes.length) {
      const canStay = !isText && finalLength !== undefined && finalLength >= OWN_FROM;
      if (canStay) keepFreedMemory();
      if (canStay || !this.#borrow(finalLength ?? needed)) this.#grow(needed, finalLength);
    }
    bytes.copy(this.#bytes, this.#length, start, end);
    this.#length = needed;
  }

  /** Takes the spare, if this is a beginning, the spare is free and is enough for all to come. */
  #borrow(needed: number): boolean {
    spare ??= Buffer.allocUnsafeSlow(SPARE_BYTES);
    if (this.#length > 0 || spare.length < needed) return false;
    this.#bytes = spare;
    this.#isSpare = true;
    spare = EMPTY;
    return true;
  }

  #grow(needed: number, finalLength: number | undefined): void {
    const doubled = Math.max(needed, this.#length * 2, FIRST_BYTES);
    const trusted = needed + Math.max(MAX_TRUSTED_BYTES, TRUST * needed);
    const room = finalLength === undefined ? doubled : Math.min(finalLength, trusted);
    const grown = Buffer.allocUnsafeSlow(Math.max(room, needed));
    this.#bytes.copy(grown, 0, 0, this.#length);
    if (this.#isSpare) this.#recycle();
    this.#isSpare = false;
    this.#bytes = grown;
  }

  /** Removes and returns everything; it is yours. */
  take(): Buffer {
    const bytes = this.#bytes;
    const length = this.#length;
    if (!this.#isSpare && bytes.length === length) {
      this.#bytes = EMPTY;
      this.#length = 0;
      return bytes;
    }
    const copy = copyPayload(bytes, 0, length);
    this.clear();
    return copy;
  }

  /** Removes everything and returns what `decode` makes of it. */
  takeText<Text>(decode: (bytes: Buffer, start: number, end: number) => Text): Text {
    const text = decode(this.#bytes, 0, this.#length);
    this.clear();
    return text;
  }

  /** Forgets everything and lets go of the memory. */
  clear(): void {
    this.#recycle();
    this.#bytes = EMPTY;
    this.#length = 0;
    this.#isSpare = false;
  }

  /** Leaves the buffer to the next message, if it is worth more than what lies there. */
  #recycle(): void {
    const { length } = this.#bytes;
    if (length <= MAX_SPARE_BYTES && length > (spare?.length ?? 0)) spare = this.#bytes;
  }
}
