/**
 * The lines of an event stream, cut from bytes that arrive in any pieces [HTML §9.2.6].
 *
 * ```
 * stream  = [ BOM ] *( line end-of-line )      BOM = EF BB BF, dropped once
 * end-of-line = CR LF / LF / CR                nothing else: not U+2028, VT, FF or U+0085
 * comment = ":" *any-char end-of-line          skipped here, however long it is
 * ```
 * Nothing is decoded: LF, CR and ":" are never part of a longer UTF-8 sequence, not even of a
 * broken one, so a character that is cut by a read needs no care. Each byte is looked at a fixed
 * number of times. What a line means is not known here.
 */
import { ByteQueue, COLON, CR, LF, ProtocolError } from '../base/index.ts';

const NOTHING = Buffer.alloc(0);
const BOM = [0xef, 0xbb, 0xbf] as const;

/**
 * Cuts one stream into lines: `begin` with each chunk, then `next` until it returns false.
 *
 * The line that was found lies in `bytes[start … end)`, without its line end; the range is valid
 * until the next call. It aliases the chunk where that holds the whole line.
 */
export class LineCutter {
  bytes: Buffer = NOTHING;
  start = 0;
  end = 0;

  #chunk: Buffer = NOTHING;
  /** How much of the chunk has been read; the next line begins here. */
  #position = 0;
  /** The next CR and LF of the chunk at or after the position; its length when there is none. */
  #nextCr = -1;
  #nextLf = -1;
  /** The line being read, as far as it came in earlier chunks. */
  readonly #part = new ByteQueue();
  #isInComment = false;
  #isFirstLine = true;
  /** The last line ended with CR: an LF that follows belongs to it. */
  #mayEndWithLf = false;

  /** Whether a part of the chunk has not been read yet. */
  get hasRest(): boolean {
    return this.#position < this.#chunk.length;
  }

  /** Takes the next chunk, once the one before it has been read. */
  begin(chunk: Uint8Array): void {
    this.#chunk = Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#position = 0;
    this.#nextCr = -1;
    this.#nextLf = -1;
  }

  /** Lets go of the chunk, whose memory is somebody else's: what is not read yet is copied. */
  detach(): void {
    const rest = this.#chunk.subarray(this.#position);
    this.begin(rest.length === 0 ? NOTHING : Buffer.from(rest));
    this.bytes = NOTHING;
  }

  /**
   * Finds the next line that is no comment, and keeps what is left of the chunk when there is none.
   *
   * @param room how many bytes a line may have.
   * @returns whether there is a line.
   * @throws ProtocolError `event-too-large` as soon as a line is longer than `room`.
   */
  next(room: number): boolean {
    const chunk = this.#chunk;
    while (this.#position < chunk.length) {
      const from = this.#position;
      if (this.#mayEndWithLf) {
        this.#mayEndWithLf = false;
        if (chunk[from] === LF) {
          this.#position += 1;
          continue;
        }
      }
      const to = this.#findLineEnd(from);
      if (to === chunk.length) {
        this.#position = to;
        this.#keepPart(from, to, room);
        return false;
      }
      this.#position = to + 1;
      // A CR ends the line at once, even when the LF that may belong to it has not come yet.
      this.#mayEndWithLf = chunk[to] === CR;
      if (this.#takeLine(from, to, room)) return true;
    }
    return false;
  }

  /** Lets go of everything that is held. */
  clear(): void {
    this.#part.clear();
    this.begin(NOTHING);
    this.bytes = NOTHING;
  }

  /** Each kind of line end is searched once and remembered, so that one kind alone stays linear. */
  #findLineEnd(from: number): number {
    const chunk = this.#chunk;
    if (this.#nextCr < from) {
      const found = chunk.indexOf(CR, from);
      this.#nextCr = found === -1 ? chunk.length : found;
    }
    if (this.#nextLf < from) {
      const found = chunk.indexOf(LF, from);
      this.#nextLf = found === -1 ? chunk.length : found;
    }
    return Math.min(this.#nextCr, this.#nextLf);
  }

  /** Keeps the beginning of a line. An endless comment costs nothing, for none of it is kept. */
  #keepPart(from: number, to: number, room: number): void {
    if (this.#part.length === 0 && this.#chunk[from] === COLON) this.#isInComment = true;
    if (this.#isInComment) return;
    requireRoom(this.#part.length + to - from, room);
    this.#part.push(this.#chunk, from, to);
  }

  /** Points at a line that is complete; false when it is a comment. */
  #takeLine(from: number, to: number, room: number): boolean {
    const isFirst = this.#isFirstLine;
    this.#isFirstLine = false;
    if (this.#isInComment) {
      this.#isInComment = false;
      return false;
    }
    if (this.#part.length > 0) {
      this.#keepPart(from, to, room);
      this.bytes = this.#part.takeAll();
      this.start = 0;
      this.end = this.bytes.length;
    } else {
      this.bytes = this.#chunk;
      this.start = from;
      this.end = to;
    }
    if (this.#startsWithColon()) return false;
    requireRoom(this.end - this.start, room);
    if (isFirst) this.#dropBom();
    return !this.#startsWithColon();
  }

  #startsWithColon(): boolean {
    return this.end > this.start && this.bytes[this.start] === COLON;
  }

  /** One byte order mark is dropped; a second one is part of the first field's name. */
  #dropBom(): void {
    const { bytes, start } = this;
    const hasBom = BOM.every((byte, at) => start + at < this.end && bytes[start + at] === byte);
    if (hasBom) this.start += BOM.length;
  }
}

function requireRoom(length: number, room: number): void {
  if (length > room)
    throw new ProtocolError('event-too-large', `a line with room for ${room} bytes`);
}
