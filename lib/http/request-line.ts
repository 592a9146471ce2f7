/**
 * The layout of a request line, octet by octet [RFC 9112 §3].
 *
 * ```
 * request-line = method SP request-target SP HTTP-version CRLF
 *
 *  G E T   / p a t h   H T T P / 1 . 1 \r \n
 *        ^           ^           ^   ^
 *        methodEnd   targetEnd   major.minor
 * ```
 * Like the field section it stops before any octet and goes on from there, and keeps offsets only.
 * Stricter than the RFC: exactly one SP stands at each place, and a line ends in CRLF [RFC 9112
 * §3].
 *
 * Longer than the house allows: one small function for each octet class of the line.
 */
import { CHARACTER_CLASS, hasFastPath, ProtocolError, TOKEN } from '../base/index.ts';
import type { HttpLimits } from './http-limits.ts';
import { ORIGIN_FORM, readTarget, TARGET_CHARACTER, type TargetParts } from './request-target.ts';
import type { StartLine } from './start-line.ts';
import { skipToken } from './value-scan.ts';

const IS_FAST = hasFastPath('request-line');

// Constants of one's own, see value-scan.ts.
const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const SLASH = 0x2f;
const IS_TOKEN = CHARACTER_CLASS.map((bits) => bits & TOKEN);
const IS_TARGET = TARGET_CHARACTER;

const BEFORE = 0;
const BEFORE_LF = 1;
const METHOD = 2;
const TARGET = 3;
const TARGET_CHECK = 4;
const VERSION = 5;
const AFTER_VERSION = 6;
const LINE_LF = 7;
const DONE = 8;

/** "HTTP/" and the two digits with their dot; a digit stands for any. */
const VERSION_TEXT = Buffer.from('HTTP/1.1', 'latin1');

/** Scans one request line after the other; {@link begin} makes it new. */
export class RequestLine implements StartLine {
  /** Offset of the SP behind the method from the first octet of the method. */
  methodEnd = 0;
  /** Offset of the SP behind the target. */
  targetEnd = 0;
  /** What the target's form says; valid once the line is done. */
  target: TargetParts = ORIGIN_FORM;
  major = 0;
  minor = 0;
  shift = 0;

  #state = DONE;
  /** Empty lines before the method, in bytes. */
  #emptyBytes = 0;
  #versionBytes = 0;

  get isDone(): boolean {
    return this.#state === DONE;
  }

  get isBegun(): boolean {
    return this.#state !== BEFORE;
  }

  get isKept(): boolean {
    return this.#state >= METHOD;
  }

  get wantsCheck(): boolean {
    return this.#state === TARGET_CHECK;
  }

  get isPlain(): boolean {
    return this.minor === 1 && this.target === ORIGIN_FORM;
  }

  begin(): void {
    this.#state = BEFORE;
    this.#emptyBytes = 0;
    this.#versionBytes = 0;
  }

  check(text: string): void {
    const target = text.substring(this.methodEnd + 1, this.targetEnd);
    const parts = readTarget(text.substring(0, this.methodEnd), target);
    if (parts === undefined) throw new ProtocolError('bad-target');
    this.target = parts;
    this.#state = VERSION;
  }

  scan(bytes: Buffer, position: number, end: number, limits: HttpLimits): number {
    let at = position;
    if (IS_FAST && this.#state === BEFORE) at = this.#scanWhole(bytes, at, end, limits);
    while (at < end) {
      switch (this.#state) {
        case BEFORE:
        case BEFORE_LF:
          at = this.#scanEmptyLines(bytes, at, end, limits.maxHeaderBytes);
          break;
        case METHOD:
          at = this.#scanMethod(bytes, at, end, limits.maxMethodBytes);
          break;
        case TARGET:
          at = this.#scanTarget(bytes, at, end, limits.maxTargetBytes);
          break;
        case VERSION:
          at = this.#scanVersion(bytes, at, end);
          break;
        case AFTER_VERSION:
          this.#endVersion(bytes[at]!);
          at += 1;
          break;
        case LINE_LF:
          if (bytes[at]! !== LF) throw new ProtocolError('bare-cr');
          this.#checkVersion();
          this.#state = DONE;
          return at + 1;
        default:
          return at;
      }
    }
    return at;
  }

  /**
   * Takes a line that is here as a whole, has an origin-form target and HTTP/1.1 and nothing wrong
   * with it, as nearly all lines; any other is left as it is.
   */
  #scanWhole(bytes: Buffer, start: number, end: number, limits: HttpLimits): number {
    const method = skipToken(bytes, start, end);
    const methodLength = method - start;
    if (methodLength === 0 || methodLength > limits.maxMethodBytes) return start;
    if (bytes[method] !== SP || bytes[method + 1] !== SLASH || methodLength === 'CONNECT'.length) {
      return start;
    }
    let target = method + 2;
    while (target < end && IS_TARGET[bytes[target]!] === 1) target += 1;
    if (target - method - 1 > limits.maxTargetBytes || end - target < 11) return start;
    if (bytes[target]! !== SP || !isVersion11(bytes, target + 1)) return start;
    if (bytes[target + 9]! !== CR || bytes[target + 10]! !== LF) return start;
    this.shift = -start;
    this.methodEnd = methodLength;
    this.targetEnd = target - start;
    this.target = ORIGIN_FORM;
    this.major = 1;
    this.minor = 1;
    this.#state = DONE;
    return target + 11;
  }

  /** [RFC 9112 §2.2] Empty lines before a request are skipped, as many bytes as a head may have. */
  #scanEmptyLines(bytes: Buffer, at: number, end: number, maxBytes: number): number {
    for (; at < end; at += 1) {
      const byte = bytes[at]!;
      if (this.#state === BEFORE_LF) {
        if (byte !== LF) throw new ProtocolError('bare-cr');
        this.#state = BEFORE;
      } else if (byte === CR) {
        this.#state = BEFORE_LF;
      } else {
        this.#state = METHOD;
        this.shift = -at;
        return at;
      }
      this.#emptyBytes += 1;
      if (this.#emptyBytes > maxBytes) throw new ProtocolError('headers-too-large');
    }
    return at;
  }

  #scanMethod(bytes: Buffer, at: number, end: number, maxBytes: number): number {
    const limit = maxBytes - this.shift;
    const stop = Math.min(end, limit);
    while (at < stop && IS_TOKEN[bytes[at]!] === 1) at += 1;
    if (at === end) return at;
    const byte = bytes[at]!;
    if (byte === SP && at + this.shift > 0) {
      this.methodEnd = at + this.shift;
      this.#state = TARGET;
      return at + 1;
    }
    // [RFC 9112 §3] A method longer than any that exists is not implemented rather than malformed.
    if (IS_TOKEN[byte] === 1) throw new ProtocolError('method-too-long');
    throw new ProtocolError(byte === LF ? 'bare-lf' : 'bad-method');
  }

  #scanTarget(bytes: Buffer, at: number, end: number, maxBytes: number): number {
    const start = this.methodEnd + 1 - this.shift;
    const limit = start + maxBytes;
    const stop = Math.min(end, limit);
    while (at < stop && IS_TARGET[bytes[at]!] === 1) at += 1;
    if (at === end) return at;
    const byte = bytes[at]!;
    if (byte === SP && at > start) {
      this.targetEnd = at + this.shift;
      // Only an origin-form target needs no second look, and not with the length of CONNECT.
      const isOrigin = bytes[start] === SLASH && this.methodEnd !== 'CONNECT'.length;
      this.target = ORIGIN_FORM;
      this.#state = isOrigin ? VERSION : TARGET_CHECK;
      return at + 1;
    }
    if (IS_TARGET[byte] === 1) throw new ProtocolError('target-too-long');
    if (byte === LF) throw new ProtocolError('bare-lf');
    throw new ProtocolError(byte === SP || byte === CR ? 'bad-request-line' : 'bad-target');
  }

  /** [RFC 9112 §2.3] "HTTP/" in upper case, one digit, a dot, one digit. */
  #scanVersion(bytes: Buffer, at: number, end: number): number {
    let index = this.#versionBytes;
    for (; at < end && index < VERSION_TEXT.length; at += 1, index += 1) {
      const byte = bytes[at]!;
      if (byte !== VERSION_TEXT[index]!) this.#checkVersionByte(index, byte);
      if (index === 5) this.major = byte - 0x30;
      else if (index === 7) this.minor = byte - 0x30;
    }
    this.#versionBytes = index;
    if (index === VERSION_TEXT.length) this.#state = AFTER_VERSION;
    return at;
  }

  #checkVersionByte(index: number, byte: number): void {
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if ((index === 5 || index === 7) && isDigit) return;
    if (byte === LF) throw new ProtocolError('bare-lf');
    const isAbsent = index === 0 && (byte === SP || byte === HTAB || byte === CR);
    throw new ProtocolError(isAbsent ? 'bad-request-line' : 'bad-version');
  }

  #endVersion(byte: number): void {
    if (byte === CR) this.#state = LINE_LF;
    else if (byte === LF) throw new ProtocolError('bare-lf');
    else if (byte === SP || byte === HTAB) throw new ProtocolError('bad-request-line');
    else throw new ProtocolError('bad-version');
  }

  /** Stricter than the RFC: HTTP/1.2 and above, which do not exist, are not taken for 1.1. */
  #checkVersion(): void {
    if (this.major !== 1 || this.minor > 1) throw new ProtocolError('unsupported-version');
  }
}

/** Tells whether "HTTP/1.1" stands at `at`, as it nearly always does. */
function isVersion11(bytes: Buffer, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f &&
    bytes[at + 5] === 0x31 &&
    bytes[at + 6] === 0x2e &&
    bytes[at + 7] === 0x31
  );
}
