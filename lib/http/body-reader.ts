/**
 * The layout of a body [RFC 9112 §6] [RFC 9112 §7.1].
 *
 * ```
 * chunk      = 1*HEXDIG *( ";" ext-name [ "=" ( token / quoted-string ) ] ) CRLF chunk-data CRLF
 * last-chunk = 1*"0" [ chunk-ext ] CRLF                     behind it: the trailer section
 *
 *  5 ; a = b \r \n h e l l o \r \n 0 \r \n \r \n
 *  size  ext       data            last    trailers (a field section)
 * ```
 * It counts and points; it neither copies nor keeps a byte. Trailers are read by somebody else.
 */
import { CHARACTER_CLASS, CR, HEX_DIGIT, LF, ProtocolError } from '../base/index.ts';
import type { BodyFraming } from './body-framing.ts';
import { ChunkExtension } from './chunk-extension.ts';
import type { HttpLimits } from './http-limits.ts';

type State =
  | 'data'
  | 'until-close'
  | 'size'
  | 'extension'
  | 'size-lf'
  | 'chunk-data'
  | 'chunk-cr'
  | 'chunk-lf'
  | 'trailers'
  | 'done';

/**
 * Digits of a chunk size, leading zeros included: 16 hold 2^64 - 1, more would hold only padding.
 */
const MAX_SIZE_DIGITS = 16;

/** Reads one body after the other; {@link begin} makes it new. */
export class BodyReader {
  readonly #limits: HttpLimits;
  readonly #extension = new ChunkExtension();
  #state: State = 'done';
  /** Bytes of data due before the state changes. */
  #due = 0;
  /** Bytes the rest of the body may have. */
  #budget = 0;
  #size = 0;
  #sizeDigits = 0;

  /** Bytes of data in front of the position that the last `scan` returned. */
  dataLength = 0;

  constructor(limits: HttpLimits) {
    this.#limits = limits;
  }

  /** True when nothing more belongs to the body, trailers not counted. */
  get isDone(): boolean {
    return this.#state === 'done' || this.#state === 'trailers';
  }

  /** True when a trailer section follows. */
  get hasTrailers(): boolean {
    return this.#state === 'trailers';
  }

  /** True when something of a chunk has been read, and not the line end behind it. */
  get isInChunk(): boolean {
    if (this.#state === 'size') return this.#sizeDigits > 0;
    return this.#state !== 'data' && this.#state !== 'until-close' && this.#state !== 'done';
  }

  /** True when the end of the connection is the end of the body. */
  get endsAtClose(): boolean {
    return this.#state === 'until-close';
  }

  /** Starts a new body. */
  begin(framing: BodyFraming): void {
    this.#budget = Math.min(this.#limits.maxBodyBytes, Number.MAX_SAFE_INTEGER);
    this.#due = framing.kind === 'length' ? framing.length : 0;
    if (framing.kind === 'chunked') {
      this.#extension.begin(this.#limits.maxChunkExtBytes);
      this.#beginSize();
    } else if (framing.kind === 'until-close') this.#state = 'until-close';
    else this.#state = this.#due > 0 ? 'data' : 'done';
  }

  /**
   * Reads on until there is data, the body ends or the bytes do. Data is never longer than the
   * bytes given, and is the {@link dataLength} bytes before the index that is returned.
   *
   * @returns the index behind the last byte read.
   * @throws ProtocolError for the first byte that breaks a rule or a limit.
   */
  scan(bytes: Buffer, position: number, end: number): number {
    this.dataLength = 0;
    let at = position;
    while (at < end && !this.isDone) {
      if (this.#state === 'size') at = this.#scanSize(bytes, at, end);
      else if (this.#state === 'chunk-data' || this.#state === 'data')
        return this.#takeDue(at, end);
      else if (this.#state === 'until-close') return this.#takeUntilClose(at, end);
      else if (this.#state === 'extension') at = this.#scanExtension(bytes, at, end);
      else {
        this.#readLineEnd(bytes[at]!);
        at += 1;
      }
    }
    return at;
  }

  #takeDue(at: number, end: number): number {
    this.dataLength = Math.min(this.#due, end - at);
    this.#due -= this.dataLength;
    if (this.#due === 0) this.#state = this.#state === 'data' ? 'done' : 'chunk-cr';
    return at + this.dataLength;
  }

  #takeUntilClose(at: number, end: number): number {
    this.dataLength = Math.min(this.#budget, end - at);
    if (this.dataLength === 0) throw new ProtocolError('body-too-large');
    this.#budget -= this.dataLength;
    return at + this.dataLength;
  }

  #beginSize(): void {
    this.#state = 'size';
    this.#size = 0;
    this.#sizeDigits = 0;
  }

  /**
   * [RFC 9112 §7.1] Large sizes are foreseen: the number stops growing once it is over the budget.
   */
  #scanSize(bytes: Buffer, at: number, end: number): number {
    for (; at < end; at += 1) {
      const byte = bytes[at]!;
      if ((CHARACTER_CLASS[byte]! & HEX_DIGIT) === 0) {
        this.#endSize(byte);
        return at + 1;
      }
      this.#sizeDigits += 1;
      if (this.#sizeDigits > MAX_SIZE_DIGITS) {
        throw new ProtocolError(this.#size > this.#budget ? 'body-too-large' : 'bad-chunk-size');
      }
      const digit = byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
      if (this.#size <= this.#budget) this.#size = this.#size * 16 + digit;
    }
    return at;
  }

  #endSize(byte: number): void {
    if (this.#sizeDigits > 0 && (byte === CR || byte === 0x3b)) {
      if (this.#size > this.#budget) throw new ProtocolError('body-too-large');
      this.#budget -= this.#size;
      if (byte === CR) {
        this.#state = 'size-lf';
        return;
      }
      this.#extension.open();
      this.#state = 'extension';
      return;
    }
    // [RFC 9112 §2.2] The leniency for lone LFs does not reach into chunked bodies.
    if (byte === LF) throw new ProtocolError('bare-lf');
    // Stricter than the RFC: no whitespace behind the size, which the grammar has as BWS.
    throw new ProtocolError('bad-chunk-size');
  }

  #scanExtension(bytes: Buffer, at: number, end: number): number {
    const next = this.#extension.scan(bytes, at, end);
    if (this.#extension.isDone) this.#state = 'size-lf';
    return next;
  }

  #readLineEnd(byte: number): void {
    if (this.#state === 'size-lf') {
      if (byte !== LF) throw new ProtocolError('bare-cr');
      this.#due = this.#size;
      this.#state = this.#size === 0 ? 'trailers' : 'chunk-data';
    } else if (this.#state === 'chunk-cr') {
      if (byte !== CR) throw new ProtocolError('bad-chunk-end');
      this.#state = 'chunk-lf';
    } else {
      if (byte !== LF) throw new ProtocolError('bad-chunk-end');
      this.#beginSize();
    }
  }
}
