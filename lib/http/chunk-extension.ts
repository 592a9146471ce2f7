/**
 * Chunk extensions [RFC 9112 §7.1.1]: checked octet by octet, counted, and ignored.
 *
 * ```
 *  5 ; name = value ; name = "quoted \" value" \r
 *    ^ open                                    ^ done
 * ```
 * What is skipped unread is where two readers differ, so the grammar is enforced although nobody
 * wants the content. Stricter than the RFC: no whitespace around ";" and "=", which the grammar has
 * as BWS.
 */
import { CHARACTER_CLASS, CR, FIELD_VALUE, LF, ProtocolError, TOKEN } from '../base/index.ts';

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const NAME_START = 0;
const NAME = 1;
const VALUE_START = 2;
const TOKEN_VALUE = 3;
const QUOTED = 4;
const ESCAPED = 5;
const AFTER_QUOTED = 6;
const DONE = 7;

/** Reads the extensions of one message; their bytes are counted over all its chunks. */
export class ChunkExtension {
  #state = DONE;
  #left = 0;

  /** True once the CR behind the extensions has been read. */
  get isDone(): boolean {
    return this.#state === DONE;
  }

  /** Starts a new message, whose extensions may have `maxBytes` bytes in total. */
  begin(maxBytes: number): void {
    this.#left = maxBytes;
    this.#state = DONE;
  }

  /** Starts behind the ";" of a chunk line, which counts already. */
  open(): void {
    this.#spend();
    this.#state = NAME_START;
  }

  /**
   * Reads on, up to the CR or the end of the bytes.
   *
   * @returns the index behind the last octet read.
   * @throws ProtocolError `bad-chunk-ext`, `bare-lf`, `chunk-ext-too-large`.
   */
  scan(bytes: Buffer, position: number, end: number): number {
    let at = position;
    while (at < end && this.#state !== DONE) {
      const byte = bytes[at]!;
      at += 1;
      this.#state = nextState(this.#state, byte);
      if (this.#state !== DONE) this.#spend();
    }
    return at;
  }

  #spend(): void {
    if (this.#left <= 0) throw new ProtocolError('chunk-ext-too-large');
    this.#left -= 1;
  }
}

function nextState(state: number, byte: number): number {
  if (byte === LF) throw new ProtocolError('bare-lf');
  switch (state) {
    case NAME_START:
    case NAME:
      if (isTokenByte(byte)) return NAME;
      if (state === NAME && byte === EQUALS) return VALUE_START;
      return state === NAME ? endOfItem(byte) : fail();
    case VALUE_START:
      if (byte === QUOTE) return QUOTED;
      return isTokenByte(byte) ? TOKEN_VALUE : fail();
    case TOKEN_VALUE:
      return isTokenByte(byte) ? TOKEN_VALUE : endOfItem(byte);
    case QUOTED:
      if (byte === QUOTE) return AFTER_QUOTED;
      if (byte === BACKSLASH) return ESCAPED;
      return isQuotable(byte) ? QUOTED : fail();
    case ESCAPED:
      return isQuotable(byte) ? QUOTED : fail();
    default:
      return endOfItem(byte);
  }
}

function endOfItem(byte: number): number {
  if (byte === SEMICOLON) return NAME_START;
  return byte === CR ? DONE : fail();
}

function isTokenByte(byte: number): boolean {
  return (CHARACTER_CLASS[byte]! & TOKEN) !== 0;
}

function isQuotable(byte: number): boolean {
  return (CHARACTER_CLASS[byte]! & FIELD_VALUE) !== 0;
}

function fail(): never {
  throw new ProtocolError('bad-chunk-ext');
}
