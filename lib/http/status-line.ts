/**
 * The layout of a status line, octet by octet [RFC 9112 §4].
 *
 * ```
 * status-line = HTTP-version SP status-code SP [ reason-phrase ] CRLF
 *
 *  H T T P / 1 . 1   2 0 0   O K \r \n
 *                    ^ offset 9  ^
 *                            13  reasonEnd
 * ```
 * Looser than the RFC: the second SP may be missing together with the reason, because servers leave
 * it out and nothing can be mistaken. Stricter than the RFC: no empty lines before it, CRLF behind
 * it.
 */
import { CHARACTER_CLASS, CR, DIGIT, FIELD_VALUE, LF, ProtocolError, SP } from '../base/index.ts';
import type { HttpLimits } from './http-limits.ts';
import type { StartLine } from './start-line.ts';

const PREFIX = 0;
const AFTER_STATUS = 1;
const REASON = 2;
const LINE_LF = 3;
const DONE = 4;

/** Version, SP and status code; a digit stands for any. */
const PREFIX_TEXT = Buffer.from('HTTP/1.1 200', 'latin1');
const REASON_START = PREFIX_TEXT.length + 1;

/** Scans one status line after the other. */
export class StatusLine implements StartLine {
  major = 0;
  minor = 0;
  /** 100 – 999. */
  status = 0;
  /** Offset of the reason phrase's end; it begins at {@link reasonStart}. */
  reasonEnd = 0;
  readonly reasonStart = REASON_START;
  shift = 0;
  readonly wantsCheck = false;
  readonly isPlain = false;

  #state = DONE;
  #isBegun = false;

  get isDone(): boolean {
    return this.#state === DONE;
  }

  get isBegun(): boolean {
    return this.#isBegun;
  }

  get isKept(): boolean {
    return this.#isBegun;
  }

  begin(): void {
    this.#state = PREFIX;
    this.#isBegun = false;
    this.status = 0;
  }

  check(): void {}

  scan(bytes: Buffer, position: number, end: number, limits: HttpLimits): number {
    let at = position;
    if (!this.#isBegun && at < end) {
      this.#isBegun = true;
      this.shift = -at;
    }
    while (at < end && this.#state !== DONE) {
      if (this.#state === REASON) {
        at = this.#scanReason(bytes, at, end, limits.maxReasonBytes);
        continue;
      }
      const byte = bytes[at]!;
      if (this.#state === PREFIX) this.#readPrefix(at + this.shift, byte);
      else if (this.#state === AFTER_STATUS) this.#endStatus(byte);
      else if (byte === LF) this.#state = DONE;
      else throw new ProtocolError('bare-cr');
      at += 1;
    }
    return at;
  }

  #readPrefix(index: number, byte: number): void {
    const isDigit = (CHARACTER_CLASS[byte]! & DIGIT) !== 0;
    const wantsDigit = (CHARACTER_CLASS[PREFIX_TEXT[index]!]! & DIGIT) !== 0;
    if (wantsDigit ? !isDigit : byte !== PREFIX_TEXT[index]!) throw badByte(byte);
    const digit = byte - 0x30;
    if (index === 5) this.major = digit;
    else if (index === 7) this.minor = digit;
    else if (index === 8) this.#checkVersion();
    else if (index > 8) this.#addStatusDigit(index, digit);
  }

  #addStatusDigit(index: number, digit: number): void {
    // [RFC 9110 §15] Codes begin with 1 – 9; those from 600 up are for the caller to judge.
    if (index === 9 && digit === 0) throw new ProtocolError('bad-status-line');
    this.status = this.status * 10 + digit;
    if (index === PREFIX_TEXT.length - 1) this.#state = AFTER_STATUS;
  }

  /** Stricter than the RFC: HTTP/1.2 and above, which do not exist, are not taken for 1.1. */
  #checkVersion(): void {
    if (this.major !== 1 || this.minor > 1) throw new ProtocolError('unsupported-version');
  }

  #endStatus(byte: number): void {
    this.reasonEnd = this.reasonStart;
    if (byte === SP) this.#state = REASON;
    else if (byte === CR) this.#state = LINE_LF;
    else throw badByte(byte);
  }

  /** reason-phrase = 1*( HTAB / SP / VCHAR / obs-text ) */
  #scanReason(bytes: Buffer, at: number, end: number, maxBytes: number): number {
    const stop = Math.min(end, REASON_START + maxBytes - this.shift);
    while (at < stop && (CHARACTER_CLASS[bytes[at]!]! & FIELD_VALUE) !== 0) at += 1;
    if (at === end) return at;
    const byte = bytes[at]!;
    if ((CHARACTER_CLASS[byte]! & FIELD_VALUE) !== 0) {
      throw new ProtocolError('status-line-too-long');
    }
    if (byte !== CR) throw badByte(byte);
    this.reasonEnd = at + this.shift;
    this.#state = LINE_LF;
    return at + 1;
  }
}

function badByte(byte: number): ProtocolError {
  return new ProtocolError(byte === LF ? 'bare-lf' : 'bad-status-line');
}
