/**
 * A message on its way out, piece by piece [RFC 6455 §5.4].
 *
 * It holds the pieces until the sender takes them, in the message's turn; the first frame says text
 * or binary, the others continue it.
 */
import { ENTRY_OVERHEAD_BYTES, Fifo } from '../base/index.ts';
import { OPCODE } from '../codec/index.ts';
import { OutgoingText, requireType } from './text.ts';

/** What an outgoing message needs of its sender. */
export interface PieceSender {
  /** True when nothing is sent any more. */
  readonly isStopped: boolean;
  /** A piece of so many bytes waits; it is taken now if that is possible. */
  pieceAdded(bytes: number): void;
  /** Forgets a message, its pieces at least; false when its beginning has been sent. */
  remove(message: OutgoingMessage): boolean;
}

/** A piece, and whether it is the last one. */
export type Piece = readonly [payload: string | Uint8Array, fin: boolean, bytes: number];

/** One message that is written piece by piece; each piece becomes a frame of it. */
export class OutgoingMessage {
  readonly #sender: PieceSender;
  /** Text or binary; left open, the first piece decides. */
  #type: 'text' | 'binary' | undefined;
  readonly isCompressed: boolean;
  /** Pieces that wait for their turn or for the compressor. */
  readonly #pieces = new Fifo<Piece>();
  #waitingBytes = 0;
  /** Only text that is written as bytes has to be watched. */
  #text: OutgoingText | undefined;
  hasStarted = false;
  /** Asked when its turn comes: true takes it back, before its first frame leaves. */
  isTakenBack: (() => boolean) | undefined;
  /** Called when the first frame leaves: from then on it cannot be taken back. */
  onStart: (() => void) | undefined;
  isEnded = false;
  isAbandoned = false;
  /** The connection ended, or closed, before it had left: it was counted as dropped. */
  isDropped = false;

  /**
   * For the sender: use `Connection.startMessage`.
   *
   * @throws UsageError `invalid-argument` for another type.
   */
  constructor(sender: PieceSender, type: 'text' | 'binary' | undefined, isCompressed: boolean) {
    requireType(type);
    this.#sender = sender;
    this.#type = type;
    this.isCompressed = isCompressed;
  }

  /**
   * Bytes of pieces that nobody has taken yet. Before more is written it had better fall: the
   * connection counts them, and nothing here says no.
   */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** How many pieces nobody has taken yet. */
  get waitingPieces(): number {
    return this.#pieces.length;
  }

  /** The memory that they are: their bytes, and the overhead of each. */
  get heldBytes(): number {
    return this.#waitingBytes + this.#pieces.length * ENTRY_OVERHEAD_BYTES;
  }

  /** The opcode of the message's first frame. */
  get opcode(): number {
    return OPCODE[this.#type ?? 'binary'];
  }

  /**
   * Appends a piece. Text may be cut anywhere by bytes, and between code points by strings.
   *
   * @returns false when the connection is closing and the piece was dropped.
   * @throws UsageError `invalid-argument` for text that is no UTF-8; nothing of the piece is sent.
   */
  write(piece: string | Uint8Array): boolean {
    return this.#push(piece, false);
  }

  /**
   * Ends the message, with a last piece or without. Calling it again does nothing.
   *
   * @throws UsageError `invalid-argument` as {@link write}, and inside a code point.
   */
  end(piece?: string | Uint8Array): boolean {
    const isTaken = this.#push(piece ?? '', true, piece === undefined);
    this.isEnded = true;
    return isTaken;
  }

  /**
   * Gives the message up, also one that is complete and still waits for its turn.
   *
   * @returns true when nothing of it has been sent: it leaves no trace. False when its beginning
   *   has been sent, for a message cannot be taken back: one that is complete goes its way
   *   ({@link isComplete}), half a one is ended only by the end of the connection.
   */
  abandon(): boolean {
    if (this.isComplete && this.hasStarted) return false;
    this.giveUp();
    return this.#sender.remove(this);
  }

  /** For the sender: nothing can be written any more. */
  giveUp(): void {
    this.isEnded = true;
    this.isAbandoned = true;
  }

  /** Whether all of it has been written and nobody has given it up. */
  get isComplete(): boolean {
    return this.isEnded && !this.isAbandoned;
  }

  /** For the sender: the first piece leaves now. */
  start(): void {
    this.hasStarted = true;
    this.onStart?.();
  }

  /** For the sender: the next piece; `undefined` when none waits. */
  takePiece(): Piece | undefined {
    const piece = this.#pieces.shift();
    if (piece !== undefined) this.#waitingBytes -= piece[2];
    return piece;
  }

  /** For the sender: forgets what waits; returns how many bytes that were. */
  dropPieces(): number {
    const bytes = this.#waitingBytes;
    this.#pieces.clear();
    this.#waitingBytes = 0;
    return bytes;
  }

  #push(piece: string | Uint8Array, fin: boolean, isNothing = false): boolean {
    if (this.isEnded || this.#sender.isStopped) return false;
    if (!isNothing) this.#type ??= typeof piece === 'string' ? 'text' : 'binary';
    if (this.#type === 'text' && typeof piece !== 'string') this.#text ??= new OutgoingText();
    this.#text?.take(piece, fin);
    const bytes = Buffer.byteLength(piece);
    this.#pieces.push([piece, fin, bytes]);
    this.#waitingBytes += bytes;
    this.isEnded = fin;
    this.#sender.pieceAdded(bytes);
    return true;
  }
}
