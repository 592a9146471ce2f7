/**
 * The writing half of a peer: what may be sent now, what waits, and what became of it.
 *
 * ```
 *   send ─► room? ── yes ──► Connection ──► Transport
 *             └ no ─► slow-consumer policy: kept · dropped · the connection fails
 * ```
 * There is no room while the transport is congested, and none while messages wait inside the
 * connection, for the compressor or behind a message that is written piece by piece.
 *
 * Longer than the house allows: each way to send is a few lines, and all of them ask the same room.
 */
import { checkOptions, ENTRY_OVERHEAD_BYTES, hasFastPath, ProtocolError } from '../base/index.ts';
import {
  type Connection,
  type FramesToCome,
  isGone,
  type OutgoingMessage,
  ownPayload,
  payloadGone,
  requireText,
  type SendOptions,
} from '../connection/index.ts';
import { type Backlog, emptyBacklog, type Waiting } from './backlog.ts';
import type { PreparedMessage } from './broadcast.ts';
import { MessageWriter, type WriterPace } from './message-writer.ts';
import { SEND_OPTIONS, START_OPTIONS } from './option-tables.ts';
import {
  checkList,
  type MessageData,
  type PieceSource,
  payloadLength,
  toPayload,
} from './payload.ts';
import type { PeerSettings, WebSocketOptions } from './peer-options.ts';
import { PieceSending } from './piece-sending.ts';
import { Room } from './room.ts';
import { Withdrawals } from './signals.ts';
import type { Transport } from './transport.ts';

const SHARES_FRAMES = hasFastPath('broadcast');

/** Output of one turn above which it is written before the turn ends. */
const FLUSH_BYTES = 64 * 1024;

/** What became of a message. `queued`: accepted, but the peer reads slowly. */
export type SendOutcome = 'sent' | 'queued' | 'dropped' | 'closed';

/** Options of `WebSocketPeer.send`. */
export interface PeerSendOptions extends SendOptions {
  /** With `conflate`: replaces an older message of the same key that still waits. */
  readonly key?: string | undefined;
  /** Takes the message back as long as nothing of it has left. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `WebSocketPeer.startMessage`: `copy` is for each piece, when it is written. */
export type StartOptions = Pick<SendOptions, 'compress' | 'copy'>;

/** Those who wait for the output of one peer. */
interface OutputWaits {
  readonly room: Room;
  readonly pieces: PieceSending;
  readonly withdrawals: Withdrawals;
}

/** Sends for one peer. */
export class PeerOutput implements WriterPace {
  readonly #connection: Connection;
  readonly #transport: Transport;
  /** Its own from the first message on that is held back, or dropped. */
  #backlog: Backlog;
  /** The window that the peer's inflater has for us, in bits; 0 where there is none. */
  readonly #windowBits: number;
  /** Made for the first who waits, for whatever it is. */
  #madeWaits: OutputWaits | undefined;

  /** @throws UsageError `invalid-option` for a bad slow-consumer policy. */
  constructor(
    connection: Connection,
    transport: Transport,
    settings: PeerSettings,
    options: WebSocketOptions,
  ) {
    this.#connection = connection;
    this.#transport = transport;
    this.#backlog = emptyBacklog(options.slowConsumer, options.maxBufferedBytes);
    this.#windowBits = settings.windowBits ?? 0;
  }

  /** Messages that the slow-consumer policy has dropped; the connection counts its own. */
  get messagesDropped(): number {
    return this.#backlog.dropped;
  }

  /** Messages that their signals took back before they had begun. */
  get messagesWithdrawn(): number {
    return this.#madeWaits?.withdrawals.count ?? 0;
  }

  /** Bytes that were accepted and have not left this process; at the end, those that never did. */
  get bufferedAmount(): number {
    const { pendingBytes, lostBytes } = this.#connection;
    const waitingBytes = pendingBytes + this.#backlog.bytes + this.#transport.bufferedBytes;
    return waitingBytes + lostBytes + this.#backlog.lostBytes;
  }

  private isFull(): boolean {
    return this.#transport.isCongested || this.#connection.isHeldUp();
  }

  /** Sends a message, as the slow-consumer policy allows. */
  offer(data: MessageData, options: PeerSendOptions | undefined): SendOutcome {
    const payload = toPayload(data);
    if (options !== undefined) checkOptions(options, SEND_OPTIONS);
    // What waits for room is sent later, when nobody is there to be told.
    requireText(payload, options?.type);
    options?.signal?.throwIfAborted();
    if (this.mustWait(payload, options?.signal)) return this.holdMessage(payload, options);
    return this.outcome(this.send(payload, options));
  }

  /** Apart, as others here: what a closure refers to is made when its function is called. */
  private holdMessage(
    payload: string | Uint8Array,
    options: PeerSendOptions | undefined,
  ): SendOutcome {
    return this.hold(payload, options, (kept) => this.send(kept, options));
  }

  private send(payload: string | Uint8Array, options: PeerSendOptions | undefined): boolean {
    const signal = options?.signal;
    if (signal === undefined) return this.#connection.send(payload, options);
    return this.#connection.isOpen && this.sendRevocably(payload, options, signal);
  }

  private sendRevocably(
    payload: string | Uint8Array,
    options: PeerSendOptions | undefined,
    signal: AbortSignal,
  ): boolean {
    // A message of one piece: other than a plain one, it can be taken out of the queue again.
    const compress = this.#connection.wouldCompress(payload, options?.compress);
    const message = this.#connection.startMessage(options?.type, { compress });
    message.isTakenBack = () => signal.aborted;
    message.onStart = this.withdrawal(signal, () => !message.isDropped && message.abandon());
    return message.end(options?.copy === true ? ownPayload(payload) : payload);
  }

  private withdrawal(signal: AbortSignal, withdraw: () => boolean): () => void {
    return this.waits().withdrawals.watch(signal, withdraw);
  }

  private waits(): OutputWaits {
    this.#madeWaits ??= {
      room: new Room(),
      pieces: new PieceSending(),
      withdrawals: new Withdrawals(),
    };
    return this.#madeWaits;
  }

  /** Sends a prepared message by the cheapest way this peer allows. */
  offerPrepared(message: PreparedMessage, options: PeerSendOptions | undefined): SendOutcome {
    if (options !== undefined) checkOptions(options, SEND_OPTIONS);
    if (!this.#connection.isOpen) return 'closed'; // Nothing is compressed for nobody.
    const { payload, type } = message;
    const isCompressed = this.#connection.wouldCompress(payload, options?.compress);
    // A frame of its own: for a window of 8 bits, which zlib has not; for what may be taken back.
    const isServer = this.#connection.kind.role === 'server';
    const isOwn = !isServer || !!options?.signal || (isCompressed && this.#windowBits <= 8);
    if (isOwn || !SHARES_FRAMES) {
      // Not spread: an AbortController is given as options, too, and its signal is inherited.
      const { compress, copy, key, signal } = options ?? {};
      return this.offer(payload, { type, compress, copy, key, signal });
    }
    const frame = isCompressed ? message.compressedFrame(this.#windowBits) : message.plainFrame;
    if (this.mustWait(frame)) return this.holdFrame(frame, options, isCompressed);
    return this.outcome(this.#connection.sendEncoded(frame, isCompressed));
  }

  private holdFrame(
    frame: Buffer | FramesToCome,
    options: PeerSendOptions | undefined,
    isCompressed: boolean,
  ): SendOutcome {
    return this.hold(frame, options, () => this.#connection.sendEncoded(frame, isCompressed));
  }

  private outcome(isAccepted: boolean): SendOutcome {
    if (!isAccepted) return 'closed';
    // A long turn must not pile up unseen: what is due leaves now, and congestion shows.
    if (this.#connection.pendingBytes > FLUSH_BYTES) this.#connection.flush();
    return this.isFull() ? 'queued' : 'sent';
  }

  /** Whether the slow-consumer policy has a say about a message. */
  private mustWait(
    payload: string | { readonly byteLength: number },
    signal?: AbortSignal,
  ): boolean {
    if (this.#backlog.length > 0) return true;
    if (!this.isFull()) return false;
    const { policy } = this.#backlog;
    // The transport gives nothing back: what may be taken back waits in front of it.
    if (policy === 'wait' && signal !== undefined && this.#transport.isCongested) return true;
    // Who waits for our compressor is no slow consumer.
    const isKept = policy === 'wait' || (policy === 'close' && !this.#transport.isCongested);
    return !isKept || this.isOverBound(payloadLength(payload));
  }

  /** With `wait`: what may be taken back, and what is behind it, waits within the bound. */
  private isKept(bytes: number): boolean {
    return this.#backlog.policy === 'wait' && !this.isOverBound(bytes + ENTRY_OVERHEAD_BYTES);
  }

  private isOverBound(bytes: number): boolean {
    return this.#backlog.isOver(bytes, this.#connection.heldBytes + this.#transport.bufferedBytes);
  }

  /** Keeps a message back, or whatever the policy says; `send` sends it later. */
  private hold<Payload extends string | { readonly byteLength: number }>(
    payload: Payload,
    options: PeerSendOptions | undefined,
    send: (kept: Payload) => boolean,
  ): SendOutcome {
    if (!this.#connection.isOpen) return 'closed';
    const bytes = payloadLength(payload);
    if (this.#backlog.givesUp && !this.isKept(bytes)) {
      this.failSlowConsumer();
      return 'closed';
    }
    const { key, signal } = options ?? {};
    const left = signal && this.withdrawal(signal, () => this.#backlog.remove(message));
    let kept = payload;
    const sendIfThere = (): void => {
      // Its turn may come out of another's withdrawal, before it was told of the same signal.
      if (signal?.aborted) this.waits().withdrawals.count += 1;
      else if (!isGone(kept, bytes)) send(kept);
      else this.failGone();
    };
    const message: Waiting = { bytes, key, send: sendIfThere, left };
    this.#backlog = this.#backlog.own();
    this.#backlog.dropped += this.#backlog.add(message);
    if (!this.#backlog.keeps(message)) {
      left?.();
      return 'dropped';
    }
    const isBorrowed = options?.copy === true && kept instanceof Uint8Array;
    if (isBorrowed) kept = ownPayload(kept as Uint8Array) as Payload & Uint8Array;
    return 'queued';
  }

  private failGone(): void {
    this.#backlog.dropped += 1;
    this.#connection.fail(payloadGone());
  }

  private failSlowConsumer(): void {
    this.#connection.fail(new ProtocolError('slow-consumer', `${this.bufferedAmount} bytes wait`));
  }

  // ── piece by piece ─────────────────────────────────────────────────────────────────────────

  /** Begins a message that is written piece by piece. */
  startMessage(
    type: 'text' | 'binary' | undefined,
    options: StartOptions | undefined,
  ): MessageWriter {
    if (options !== undefined) checkOptions(options, START_OPTIONS);
    return new MessageWriter(this.beginMessage(type, options), this, options?.copy);
  }

  /** It takes its place in the queue at once, behind what a policy still keeps back. */
  private beginMessage(
    type: 'text' | 'binary' | undefined,
    options: StartOptions | undefined,
  ): OutgoingMessage {
    this.sendEverything();
    return this.#connection.startMessage(type, options);
  }

  /** Sends a Blob or what an iterable gives as one message; `broken` ends half a message. */
  sendPieces(
    source: PieceSource,
    options: PeerSendOptions | undefined,
    broken: () => void,
  ): Promise<boolean> {
    if (options !== undefined) checkOptions(options, SEND_OPTIONS);
    checkList(source);
    if (options?.signal?.aborted) return Promise.reject(options.signal.reason);
    if (!this.#connection.isOpen) return Promise.resolve(false);
    // The message takes its place in the order now, not when its first piece comes.
    const { type, compress, copy, signal } = options ?? {};
    const message = this.beginMessage(type, { compress });
    const writer = new MessageWriter(message, this, copy);
    if (signal !== undefined) message.isTakenBack = () => signal.aborted;
    const sending = this.waits().pieces.send(writer, source, signal, broken);
    // Whoever was told that all of it is accepted cannot take it back any more.
    const settled = (): void => {
      message.isTakenBack = undefined;
    };
    if (signal !== undefined) sending.then(settled, settled);
    return sending;
  }

  /** For writers: a piece that nobody waited to write. */
  admits(bytes: number): boolean {
    if (!this.isOverBound(bytes)) return true;
    if (this.#connection.isOpen) this.failSlowConsumer();
    return false;
  }

  /** For writers. */
  hasRoom(message: OutgoingMessage): boolean {
    return !this.#transport.isCongested && !this.#connection.isHeldUp(message);
  }

  /** For writers. */
  untilRoom(message: OutgoingMessage): Promise<void> {
    return this.wait(() => this.hasRoom(message));
  }

  // ── room ───────────────────────────────────────────────────────────────────────────────────

  /** Resolves when more may be sent, or the connection has ended. */
  drained(signal?: AbortSignal): Promise<void> {
    const isEmpty = (): boolean => !this.isFull() && this.#backlog.length === 0;
    return this.wait(() => this.#connection.state === 'closed' || isEmpty(), signal);
  }

  private wait(hasRoom: () => boolean, signal?: AbortSignal): Promise<void> {
    return this.waits().room.wait(hasRoom, signal);
  }

  /** Something has left: sends what was held back. @returns whether there is room for more. */
  goOn(): boolean {
    this.#backlog.release(() => this.#connection.isOpen && !this.isFull());
    this.#madeWaits?.room.check();
    return !this.isFull();
  }

  /** Sends what was held back, room or not: something that cannot be held back comes behind it. */
  sendEverything(): void {
    this.#backlog.release(() => this.#connection.isOpen);
  }

  private dropBacklog(): void {
    const backlog = this.#backlog;
    if (backlog.length === 0) return;
    backlog.lostBytes = backlog.bytes;
    backlog.dropped += backlog.clear();
  }

  /** The connection has ended: nothing is kept, and nobody waits. */
  stop(): void {
    this.#madeWaits?.withdrawals.stop();
    this.dropBacklog();
    this.#madeWaits?.room.release();
    this.#madeWaits?.pieces.stop();
  }
}
