/**
 * What the plain bytes of one message become [RFC 6455 §6.2]: kept until it is whole, or handed on
 * piece by piece.
 *
 * Text is checked as its bytes arrive, so a bad byte fails the connection when it comes and not
 * when the message ends [RFC 6455 §8.1]; for a compressed message that is when it comes out of the
 * inflater. What is kept lies in one buffer that grows by doubling: a million one-byte fragments
 * cost a million bytes, not a million objects.
 *
 * It knows neither frames nor limits.
 */
import { ProtocolError, Utf8Validator } from '../base/index.ts';
import { copyPayload, decodeAscii, decodeUtf8 } from '../codec/index.ts';
import { MessageStore } from './message-store.ts';
import { TextPieces } from './text.ts';

/** Where the pieces of a message go. */
export interface PieceTaker {
  /** The next piece, never empty, yours; text is cut between code points. */
  messagePiece(piece: string | Buffer): void;
}

const EMPTY: Buffer = Buffer.alloc(0);

/** Takes the bytes of message after message. */
export class MessageBody {
  readonly #taker: PieceTaker | undefined;
  readonly #textPieces: TextPieces | undefined;
  /** Made for the first text that comes in pieces: most messages need none. */
  #utf8: Utf8Validator | undefined;
  /** Made when there is something to keep. */
  #kept: MessageStore | undefined;
  #isText: boolean;
  #length = 0;
  /** All bytes that were kept are known to be ASCII. */
  #isAscii = true;

  /**
   * @param taker gets the pieces; left out, they are kept until the message is whole.
   * @param isText what the first message is.
   */
  constructor(taker: PieceTaker | undefined, isText = false) {
    this.#taker = taker;
    this.#isText = isText;
    this.#textPieces = taker === undefined ? undefined : new TextPieces();
  }

  /** Bytes of the message so far. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of memory held. */
  get heldBytes(): number {
    return this.#kept?.capacity ?? 0;
  }

  /** The next message begins. */
  begin(isText: boolean): void {
    this.#isText = isText;
    this.#length = 0;
    this.#isAscii = true;
    this.#textPieces?.reset();
  }

  /**
   * Takes the next bytes, `bytes[start … end)`, of which it keeps a copy if any.
   *
   * @param onlyAscii true when all of them are known to be below 0x80.
   * @param finalLength how many bytes the message will have; `undefined` while nobody knows.
   * @returns what is wrong with them, or `undefined`.
   */
  add(
    bytes: Buffer,
    start: number,
    end: number,
    onlyAscii: boolean,
    finalLength: number | undefined,
  ): ProtocolError | undefined {
    const error = this.#check(bytes, start, end, onlyAscii);
    if (error !== undefined) return error;
    this.#length += end - start;
    if (!onlyAscii) this.#isAscii = false;
    if (this.#taker !== undefined) {
      this.#pass(this.#isText ? bytes : copyPayload(bytes, start, end), start, end);
    } else {
      this.#kept ??= new MessageStore();
      this.#kept.push(bytes, start, end, finalLength, this.#isText);
    }
    return undefined;
  }

  /** As {@link add}, for bytes that are the body's own from now on. */
  addOwn(bytes: Buffer): ProtocolError | undefined {
    if (bytes.length === 0) return undefined;
    if (this.#taker === undefined) return this.add(bytes, 0, bytes.length, false, undefined);
    const error = this.#check(bytes, 0, bytes.length, false);
    this.#length += bytes.length;
    if (error === undefined) this.#pass(bytes, 0, bytes.length);
    return error;
  }

  /** Says what is wrong with a message that ends here: half a code point. */
  checkEnd(): ProtocolError | undefined {
    if (!this.#isText || this.#utf8 === undefined || this.#utf8.isComplete) return undefined;
    return new ProtocolError('text-not-utf8', 'the last code point is cut off');
  }

  /** Gives out the whole message, which passed {@link checkEnd}. */
  take(): string | Buffer {
    const kept = this.#kept;
    if (this.#length === 0 || kept === undefined) return this.#isText ? '' : EMPTY;
    if (!this.#isText) return kept.take();
    return kept.takeText(this.#isAscii ? decodeAscii : decodeUtf8)!;
  }

  /** Forgets what it keeps. */
  clear(): void {
    this.#kept?.clear();
  }

  #check(bytes: Buffer, start: number, end: number, onlyAscii: boolean): ProtocolError | undefined {
    if (!this.#isText) return undefined;
    if (onlyAscii && (this.#utf8 === undefined || this.#utf8.isComplete)) return undefined;
    this.#utf8 ??= new Utf8Validator();
    const bad = this.#utf8.push(bytes, start, end);
    if (bad === -1) return undefined;
    return new ProtocolError('text-not-utf8', `at byte ${this.#length + bad - start}`);
  }

  #pass(bytes: Buffer, start: number, end: number): void {
    if (!this.#isText) return this.#taker!.messagePiece(bytes);
    const text = this.#textPieces!.decode(bytes, start, end);
    if (text !== '') this.#taker!.messagePiece(text);
  }
}

/**
 * Makes a string of a text that came in one piece.
 *
 * @returns `undefined` when it is not UTF-8.
 */
export function decodeWhole(
  bytes: Buffer,
  start: number,
  end: number,
  onlyAscii: boolean,
): string | undefined {
  return onlyAscii ? decodeAscii(bytes, start, end) : decodeUtf8(bytes, start, end);
}
