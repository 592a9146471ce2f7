/**
 * The layout of a header or trailer section, octet by octet [RFC 9112 §5].
 *
 * ```
 * field-line   = field-name ":" OWS field-value OWS CRLF          section = *field-line CRLF
 *
 *  H o s t :   a \r \n X : \r \n \r \n
 *          ^     ^       ^  ^                two offsets a line are recorded: its colon and its CR;
 *          colon CR  colon  CR                a name begins two octets after the CR before it
 * ```
 * The scanner can be stopped before any octet and goes on from there; however a section is cut, an
 * octet is looked at once, and those of a line that a read leaves unfinished twice. It does not
 * know what a field means, and it keeps offsets, never octets.
 */

import type { ViolationCode } from '../base/index.ts';
import { CHARACTER_CLASS, hasFastPath, ProtocolError, TOKEN } from '../base/index.ts';
import { Fields } from './fields.ts';
import { skipToken, skipValue, wordsBehind } from './value-scan.ts';

const IS_FAST = hasFastPath('field-section');

// Constants of one's own, see value-scan.ts.
const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;
/** 1 for each octet of a token. */
const IS_TOKEN = CHARACTER_CLASS.map((bits) => bits & TOKEN);

/** Octets of the shortest field line: a name of one, colon, CR, LF. */
const SHORTEST_LINE = 4;

const LINE_START = 0;
const NAME = 1;
const VALUE = 2;
const LINE_LF = 3;
const BLANK_LF = 4;
const DONE = 5;

/** What a breach is called in a header section and in a trailer section. */
export interface SectionCodes {
  readonly tooLarge: ViolationCode;
  readonly tooMany: ViolationCode;
  /** Whitespace at the start of the first line; on later lines it is a fold. */
  readonly leadingSpace: ViolationCode;
}

/** The codes of a header section. */
export const HEADER_CODES: SectionCodes = Object.freeze({
  tooLarge: 'headers-too-large',
  tooMany: 'too-many-headers',
  leadingSpace: 'ws-after-start-line',
});

/** The codes of a trailer section. */
export const TRAILER_CODES: SectionCodes = Object.freeze({
  tooLarge: 'trailers-too-large',
  tooMany: 'trailers-too-large',
  leadingSpace: 'obs-fold',
});

/** Scans one section after the other; {@link begin} makes it new. */
export class FieldSection {
  /** Colon and CR of each line, as offsets from the first octet of the message's head. */
  readonly offsets: number[] = [];
  /** Lines complete so far. */
  count = 0;
  /**
   * True when each line has one SP behind its colon and no other whitespace around its value, as
   * nearly all have; else {@link cutValue} has to look. False too where a line came in pieces.
   */
  isTidy = true;
  /** Offset of the section's first octet from the first octet of the head. */
  start = 0;

  #state = DONE;
  #left = 0;
  #maxCount = 0;
  #codes = HEADER_CODES;

  /** True once the empty line has been read. */
  get isDone(): boolean {
    return this.#state === DONE;
  }

  /**
   * Starts a section.
   *
   * @param start offset of its first octet from the first octet of the head.
   * @param maxBytes octets it may have, the closing empty line included.
   */
  begin(codes: SectionCodes, start: number, maxBytes: number, maxCount: number): void {
    this.#codes = codes;
    this.#state = LINE_START;
    this.#left = maxBytes;
    this.#maxCount = maxCount;
    this.start = start;
    this.count = 0;
    this.isTidy = true;
  }

  /**
   * Reads on, up to the end of the section or of the bytes.
   *
   * @param shift what makes an index of `bytes` an offset from the first octet of the head.
   * @returns the index behind the last octet read.
   * @throws ProtocolError for the first octet that breaks a rule or a limit.
   */
  scan(bytes: Buffer, position: number, end: number, shift: number): number {
    // No octet beyond the limit is looked at, so a limit and a bad octet never race.
    const stop = end - position > this.#left ? position + this.#left : end;
    let at = position;
    while (at < stop && this.#state !== DONE) {
      if (this.#state === LINE_START) at = this.#scanLines(bytes, at, stop, shift);
      if (at < stop) at = this.#scanPart(bytes, at, stop, shift);
    }
    this.#left -= at - position;
    if (this.#state !== DONE && at < end) throw new ProtocolError(this.#codes.tooLarge);
    return at;
  }

  /**
   * Takes lines that are here as a whole and have nothing wrong with them; the line that is not is
   * left to {@link #scanPart}. It is the only one whose octets are looked at twice.
   */
  #scanLines(bytes: Buffer, at: number, stop: number, shift: number): number {
    if (!IS_FAST || stop - at < SHORTEST_LINE) return at;
    const words = wordsBehind(bytes);
    const wordOffset = bytes.byteOffset;
    const offsets = this.offsets;
    let next = this.count * 2;
    const full = this.#maxCount * 2;
    while (at < stop && next < full) {
      const colon = skipToken(bytes, at, stop);
      if (colon === at || colon === stop || bytes[colon]! !== COLON) break;
      const lineEnd = skipValue(bytes, words, wordOffset, colon + 1, stop);
      if (lineEnd + 1 >= stop || bytes[lineEnd]! !== CR || bytes[lineEnd + 1]! !== LF) break;
      if (bytes[colon + 1]! !== SP || bytes[colon + 2]! <= SP || bytes[lineEnd - 1]! <= SP) {
        this.isTidy = false;
      }
      offsets[next] = colon + shift;
      offsets[next + 1] = lineEnd + shift;
      next += 2;
      at = lineEnd + 2;
    }
    this.count = next >> 1;
    return at;
  }

  /** Reads one part of a line: its first octet, its name, its value or one octet of its end. */
  #scanPart(bytes: Buffer, at: number, stop: number, shift: number): number {
    switch (this.#state) {
      case LINE_START:
        this.#startLine(bytes[at]!);
        return at + 1;
      case NAME:
        at = skipToken(bytes, at, stop);
        if (at === stop) return at;
        if (bytes[at]! !== COLON) throw nameError(bytes[at]!);
        this.offsets[this.count * 2] = at + shift;
        this.#state = VALUE;
        return at + 1;
      case VALUE:
        at = skipValue(bytes, wordsBehind(bytes), bytes.byteOffset, at, stop);
        if (at === stop) return at;
        if (bytes[at]! !== CR) throw valueError(bytes[at]!);
        this.offsets[this.count * 2 + 1] = at + shift;
        this.count += 1;
        this.isTidy = false;
        this.#state = LINE_LF;
        return at + 1;
      default:
        // [RFC 9112 §2.2] A CR without its LF ends nothing. Stricter than the RFC: it is not
        // replaced by a space either.
        if (bytes[at]! !== LF) throw new ProtocolError('bare-cr');
        this.#state = this.#state === BLANK_LF ? DONE : LINE_START;
        return at + 1;
    }
  }

  /**
   * Makes fields of the section.
   *
   * @param text the head as latin1, one character an octet.
   */
  fields(text: string): Fields {
    const { count, offsets, start, isTidy } = this;
    return Fields.fromScan(text, start, offsets.slice(0, count * 2), isTidy);
  }

  #startLine(byte: number): void {
    if (IS_TOKEN[byte] === 1) {
      if (this.count >= this.#maxCount) throw new ProtocolError(this.#codes.tooMany);
      this.#state = NAME;
    } else if (byte === CR) {
      this.#state = BLANK_LF;
    } else if (byte === SP || byte === HTAB) {
      // [RFC 9112 §2.2] [RFC 9112 §5.2] Refused rather than repaired: two readers that repair
      // differently are how requests are smuggled.
      throw new ProtocolError(this.count === 0 ? this.#codes.leadingSpace : 'obs-fold');
    } else {
      throw byte === COLON ? new ProtocolError('empty-header-name') : nameError(byte);
    }
  }
}

/** Stricter than the RFC: control characters other than CR, LF and NUL are refused too. */
function valueError(byte: number): ProtocolError {
  return new ProtocolError(byte === LF ? 'bare-lf' : 'bad-header-value');
}

function nameError(byte: number): ProtocolError {
  if (byte === CR) return new ProtocolError('missing-colon');
  if (byte === LF) return new ProtocolError('bare-lf');
  // [RFC 9112 §5.1] No whitespace before the colon, nor anywhere else in a name.
  if (byte === SP || byte === HTAB) return new ProtocolError('ws-in-header-name');
  return new ProtocolError('bad-header-name');
}
