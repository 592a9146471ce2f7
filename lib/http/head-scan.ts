/**
 * A head, or a trailer section, on its way from bytes to text.
 *
 * ```
 * in one read     the bytes are scanned where they lie, and decoded once when the empty line came
 * in several    each read is scanned where it lies; what the head needs of it is copied behind what
 *                 came before, and all of it is decoded once
 * ```
 * So an octet is visited once and copied at most once, and nothing is kept beyond the limits,
 * because the scan stops there. It knows layout only.
 */
import { ByteQueue } from '../base/index.ts';
import { ControlFields } from './control-fields.ts';
import { FieldSection, HEADER_CODES, TRAILER_CODES } from './field-section.ts';
import type { Fields } from './fields.ts';
import type { HttpLimits } from './http-limits.ts';
import { decodeLatin1 } from './latin1.ts';
import type { RepeatedSection } from './repeated-section.ts';
import type { StartLine } from './start-line.ts';

/**
 * Memory for heads in pieces that a scan keeps: all that a head of the default limits needs. There
 * are only a few scans that nobody uses.
 */
const KEPT_BYTES = 32 * 1024;

/** Scans one head or trailer section after the other. */
export class HeadScan<Line extends StartLine> {
  readonly line: Line;
  readonly section = new FieldSection();
  readonly control = new ControlFields(this.section);
  /** The octets of the head that came in earlier reads. */
  readonly #held = new ByteQueue();
  #isSectionBegun = false;
  #isSkippingLine = false;
  #repeated: RepeatedSection | undefined;

  /**
   * The whole head as latin1, one character an octet; empty until it is done. Of a head that
   * {@link isRepeated} only the line.
   */
  text = '';
  /** True when the section equals the one that `beginHead` was given: it has not been scanned. */
  isRepeated = false;

  constructor(line: Line) {
    this.line = line;
  }

  /**
   * Starts a head.
   *
   * @param repeated a section that was accepted with the same limits before: if it comes again, in
   *   one read and behind a plain line, it is not scanned again.
   */
  beginHead(repeated?: RepeatedSection): void {
    this.line.begin();
    this.#repeated = repeated;
    this.isRepeated = false;
    this.#isSkippingLine = false;
    this.#isSectionBegun = false;
  }

  /** Starts a trailer section. */
  beginTrailers(limits: HttpLimits): void {
    this.isRepeated = false;
    this.section.begin(TRAILER_CODES, 0, limits.maxTrailerBytes, limits.maxTrailerCount);
    this.#isSkippingLine = true;
    this.#isSectionBegun = true;
  }

  /** True once the closing empty line has been read. */
  get isDone(): boolean {
    return this.#isSectionBegun && (this.isRepeated || this.section.isDone);
  }

  /** True once the start line is complete. */
  get hasLine(): boolean {
    return this.#isSkippingLine || this.line.isDone;
  }

  /**
   * Reads on, up to the end of the section or of the bytes.
   *
   * @returns the index behind the last octet read.
   * @throws ProtocolError for the first octet that breaks a rule or a limit.
   */
  read(bytes: Buffer, position: number, end: number, limits: HttpLimits): number {
    const line = this.line;
    let at = position;
    line.shift = this.#held.length - position;
    if (!this.#isSectionBegun) {
      at = this.#readLine(bytes, at, end, limits);
      if (!line.isDone) {
        this.#hold(bytes, at);
        return at;
      }
      const length = this.#repeatedLength(bytes, at, end);
      if (length > 0) {
        this.text = decodeLatin1(bytes, this.#firstNew(), at);
        this.isRepeated = true;
        this.#isSectionBegun = true;
        return at + length;
      }
      const start = at + line.shift;
      this.section.begin(HEADER_CODES, start, limits.maxHeaderBytes, limits.maxHeaderCount);
      this.#isSectionBegun = true;
    }
    at = this.section.scan(bytes, at, end, line.shift);
    if (this.section.isDone) this.#finish(bytes, at);
    else this.#hold(bytes, at);
    return at;
  }

  #repeatedLength(bytes: Buffer, at: number, end: number): number {
    if (this.#repeated === undefined || !this.line.isPlain || this.#held.length > 0) return 0;
    return this.#repeated.match(bytes, at, end);
  }

  /** The octets held from earlier reads: valid until the next call. */
  get held(): Buffer {
    return this.#held.peek();
  }

  /** Makes fields of the section, which share {@link text}. */
  fields(): Fields {
    return this.section.fields(this.text);
  }

  /** Lets go of everything held, but for a little memory. */
  clear(): void {
    this.text = '';
    this.#repeated = undefined;
    if (this.#held.length > 0) this.#held.clear(KEPT_BYTES);
  }

  #finish(bytes: Buffer, at: number): void {
    if (this.#held.length > 0) {
      this.#hold(bytes, at);
      this.#take(this.held, 0, this.#held.length);
    } else {
      this.#take(bytes, this.#firstNew(), at);
    }
  }

  /** The whole head lies in `bytes[start … end)`. */
  #take(bytes: Buffer, start: number, end: number): void {
    this.text = decodeLatin1(bytes, start, end);
    if (!this.#isSkippingLine) this.control.find(bytes, start);
  }

  #readLine(bytes: Buffer, position: number, end: number, limits: HttpLimits): number {
    const line = this.line;
    let at = line.scan(bytes, position, end, limits);
    while (line.wantsCheck) {
      line.check(this.#textUpTo(bytes, at));
      at = line.scan(bytes, at, end, limits);
    }
    return at;
  }

  /** The index of the first octet in this read that belongs to the head and is not held yet. */
  #firstNew(): number {
    return this.#held.length - this.line.shift;
  }

  #textUpTo(bytes: Buffer, at: number): string {
    const text = decodeLatin1(bytes, this.#firstNew(), at);
    return this.#held.length === 0 ? text : decodeLatin1(this.held, 0, this.#held.length) + text;
  }

  #hold(bytes: Buffer, at: number): void {
    if (this.#isSkippingLine || this.line.isKept) this.#held.push(bytes, this.#firstNew(), at);
  }
}
