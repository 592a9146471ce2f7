/**
 * The layout of a header or trailer section, octet by octet [RFC 9112 §5].
 *
 * ```
 * field-line   = field-name ":" OWS field-value OWS CRLF          section = *field-line CRLF
 *
 *  H o s t :   a \r \n X : \r \n \r \n
 *          ^     ^       ^  ^                 two offsets a line are recorded: its colon and its CR;
 *          colon CR  colon  CR                a name begins two octets after the CR before it
 * ```
 * The scanner can be stopped before any octet and goes on from there, so a section costs one visit an
 * octet however it is cut. It does not know what a field means, and it keeps offsets, never octets.
 */

import type { ViolationCode } from '../base/index.ts';
import { CHARACTER_CLASS, COLON, CR, HTAB, LF, ProtocolError, SP, TOKEN } from '../base/index.ts';
import { Fields } from './fields.ts';

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
    const offsets = this.offsets;
    let state = this.#state;
    let at = position;
    let lines = this.count;
    while (at < stop && state !== DONE) {
      if (state === VALUE) {
        at = skipValue(bytes, at, stop);
        if (at === stop) break;
        if (bytes[at]! !== CR) throw valueError(bytes[at]!);
        offsets[lines * 2 + 1] = at + shift;
        lines += 1;
        at += 1;
        state = LINE_LF;
      } else if (state === NAME) {
        while (at < stop && (CHARACTER_CLASS[bytes[at]!]! & TOKEN) !== 0) at += 1;
        if (at === stop) break;
        if (bytes[at]! !== COLON) throw nameError(bytes[at]!);
        offsets[lines * 2] = at + shift;
        at += 1;
        state = VALUE;
      } else if (state === LINE_START) {
        state = this.#startLine(bytes[at]!, lines);
        at += 1;
      } else {
        // [RFC 9112 §2.2] A CR without its LF ends nothing. Stricter than the RFC: it is not
        // replaced by a space either.
        if (bytes[at]! !== LF) throw new ProtocolError('bare-cr');
        at += 1;
        state = state === BLANK_LF ? DONE : LINE_START;
      }
    }
    this.#state = state;
    this.count = lines;
    this.#left -= at - position;
    if (state !== DONE && at < end) throw new ProtocolError(this.#codes.tooLarge);
    return at;
  }

  /**
   * Cuts names and values out of the head's text, values without the whitespace around them.
   *
   * @param text the head as latin1, one character an octet.
   */
  cut(text: string): Fields {
    const { offsets, count } = this;
    const lines: string[] = [];
    let nameStart = this.start;
    for (let index = 0; index < count * 2; index += 2) {
      const colon = offsets[index]!;
      const lineEnd = offsets[index + 1]!;
      let valueStart = colon + 1;
      let valueEnd = lineEnd;
      while (valueStart < valueEnd && isOws(text.charCodeAt(valueStart))) valueStart += 1;
      while (valueEnd > valueStart && isOws(text.charCodeAt(valueEnd - 1))) valueEnd -= 1;
      lines.push(text.substring(nameStart, colon), text.substring(valueStart, valueEnd));
      nameStart = lineEnd + 2;
    }
    return count === 0 ? Fields.empty : Fields.fromCheckedLines(lines);
  }

  #startLine(byte: number, lines: number): number {
    if ((CHARACTER_CLASS[byte]! & TOKEN) !== 0) {
      if (lines >= this.#maxCount) throw new ProtocolError(this.#codes.tooMany);
      return NAME;
    }
    if (byte === CR) return BLANK_LF;
    if (byte === SP || byte === HTAB) {
      // [RFC 9112 §2.2] [RFC 9112 §5.2] Refused rather than repaired: two readers that repair
      // differently are how requests are smuggled.
      throw new ProtocolError(lines === 0 ? this.#codes.leadingSpace : 'obs-fold');
    }
    if (byte === COLON) throw new ProtocolError('empty-header-name');
    throw nameError(byte);
  }
}

function isOws(code: number): boolean {
  return code === SP || code === HTAB;
}

/** Returns the index of the first octet that cannot stand in a value [RFC 9110 §5.5], or `stop`. */
function skipValue(bytes: Buffer, at: number, stop: number): number {
  for (; at < stop; at += 1) {
    const byte = bytes[at]!;
    if ((byte < SP && byte !== HTAB) || byte === 0x7f) break;
  }
  return at;
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
