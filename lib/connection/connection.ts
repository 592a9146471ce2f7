/**
 * One open WebSocket connection without a socket [RFC 6455 §5 – §7]: bytes in, messages out, and
 * the other way round.
 *
 * ```
 *   receive(bytes) ─► ConnectionInput ──────► sink.message
 *                           │ control
 *        Ending, Keepalive ◄┴──► pong, close
 *   send(…) ────────► ConnectionOutput ─ flush() ─► sink.write
 * ```
 * The owner gives bytes, calls {@link Connection.flush} when asked, {@link Connection.tick} about
 * once a second and {@link Connection.transportClosed} at the end. It does not know sockets, timers
 * or randomness; masking keys and the time come in as functions.
 *
 * Longer than the house allows: half of it is documentation of what an owner may call; what is done
 * is done by the organs, which meet here.
 */
import { type ProtocolError, settleShape, UsageError } from '../base/index.ts';
import { MAX_CONTROL_PAYLOAD, OPCODE, viewBytes } from '../codec/index.ts';
import type { CloseState } from './close-handshake.ts';
import { ConnectionInput, type InputOwner } from './connection-input.ts';
import { type ConnectionKind, connectionKind } from './connection-kind.ts';
import {
  type ConnectionCounters,
  type ConnectionOptions,
  type ConnectionSink,
  checkConnectionOptions,
} from './connection-options.ts';
import { ConnectionOutput } from './connection-output.ts';
import { Ending, type EndingOwner } from './ending.ts';
import { Keepalive } from './keepalive.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import type { FramesToCome, SendOptions } from './send-queue.ts';
import { requireText, requireType } from './text.ts';

const EMPTY: Buffer = Buffer.alloc(0);

/** The sans-I/O connection. */
export class Connection implements InputOwner, EndingOwner {
  /** @internal What it shares with others. */
  readonly kind: ConnectionKind;
  /** @internal */
  readonly deflate: ConnectionOptions['deflate'];
  readonly #sink: ConnectionSink;
  readonly #now: () => number;
  readonly #input: ConnectionInput;
  readonly #output: ConnectionOutput;
  readonly #keepalive: Keepalive;
  /** Made when somebody first asks to end: until then the connection is open. */
  #madeEnding: Ending | undefined;

  /** The newest ping that congestion kept us from answering. */
  #owedPong: Buffer | undefined;
  #bytesReceived = 0;
  #pingsReceived = 0;
  #pongsReceived = 0;
  #messagesAtTick = 0;
  #bytesAtTick = 0;
  #isDeflateReleased = true;

  /** @throws UsageError `invalid-option` for an option that is missing or out of range. */
  constructor(sink: ConnectionSink, options: ConnectionOptions) {
    checkConnectionOptions(sink, options);
    this.#sink = sink;
    this.#now = options.now;
    this.deflate = options.deflate;
    this.kind = connectionKind(options);
    const output = new ConnectionOutput(sink, options, this);
    this.#keepalive = new Keepalive(this.kind.limits);
    this.#output = output;
    this.#input = new ConnectionInput(sink, output, this);
  }

  /** @internal */
  now(): number {
    return this.#now();
  }

  /** What went through so far: a copy, of this moment. */
  get counters(): ConnectionCounters {
    const { messagesReceived, messagesDiscarded } = this.#input;
    const { bytesSent, messagesSent, messagesDropped } = this.#output;
    return {
      bytesReceived: this.#bytesReceived,
      bytesSent,
      messagesReceived,
      messagesDiscarded,
      messagesSent,
      messagesDropped,
      pingsReceived: this.#pingsReceived,
      pongsReceived: this.#pongsReceived,
    };
  }

  /** Where the closing handshake stands. */
  get state(): CloseState {
    return this.#madeEnding?.closing.state ?? 'open';
  }

  /** True while sending makes sense: neither side has closed and `close` was not called. */
  get isOpen(): boolean {
    return this.#madeEnding?.closing.isOpen ?? true;
  }

  private isWritable(): boolean {
    return this.#madeEnding?.closing.isWritable ?? true;
  }

  private ending(): Ending {
    this.#madeEnding ??= new Ending(this.#sink, this, this.#input, this.#output);
    return this.#madeEnding;
  }

  /** Bytes accepted by `send` that have not been given to `sink.write` yet. */
  get pendingBytes(): number {
    return this.#output.pendingBytes;
  }

  /** Bytes accepted by `send` that still waited inside when the connection ended. */
  get lostBytes(): number {
    return this.#output.lostBytes;
  }

  /** The memory that they are: each message and piece that waits counts 256 bytes more. */
  get heldBytes(): number {
    return this.#output.heldBytes;
  }

  /**
   * Whether 64 KiB or more ({@link heldBytes}) wait inside for something that is not the transport:
   * for the compressor, or for the end of a message that is written piece by piece. Writing had
   * better wait too; `sink.queueMoved` tells when to ask again.
   *
   * @param message asks about the pieces of this one only: it must not wait for those behind it.
   */
  isHeldUp(message?: OutgoingMessage): boolean {
    return this.#output.isHeldUp(message);
  }

  // ── input ──────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes in what the transport delivered. Output that results leaves in one write at the end.
   *
   * @param bytes read only, unless `ownsInput` was given.
   */
  receive(bytes: Buffer): void {
    this.#bytesReceived += bytes.length;
    if (this.#madeEnding?.closing.isReadable ?? true) this.#input.receive(bytes);
  }

  /** Tells that the peer ended its side of the transport: nothing will come any more. */
  receiveEnd(): void {
    this.ending().receiveEnd();
  }

  /** Tells that the transport is gone, for which reason if it knows one. Ends everything. */
  transportClosed(transportError?: Error): void {
    this.ending().transportClosed(transportError);
  }

  /**
   * Stops delivery; bytes that come are kept and the owner is asked to read no more. After `close`
   * it throws away messages instead: we read on for the peer's close frame.
   */
  pause(): void {
    this.#input.pause();
  }

  /**
   * Goes on with delivery, first of the bytes that were kept. Once a message has been thrown away,
   * none follows.
   */
  resume(): void {
    this.#input.resume();
  }

  // ── control frames ─────────────────────────────────────────────────────────────────────────

  /** @internal A control frame came. */
  control(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.receivePing(payload);
    else if (opcode === OPCODE.pong) this.receivePong(payload);
    else this.ending().receiveClose(payload);
  }

  private receivePing(payload: Buffer): void {
    this.#pingsReceived += 1;
    // Only the newest ping has to be answered [RFC 6455 §5.5.3]: a peer that pings and does not
    // read gets one pong later instead of a queue that grows.
    if (this.#sink.isCongested()) this.#owedPong = payload;
    else if (this.isWritable()) this.#output.control(OPCODE.pong, payload);
    if (this.#input.isWanted) this.#sink.ping?.(payload);
  }

  private receivePong(payload: Buffer): void {
    this.#pongsReceived += 1;
    const roundTripMs = this.#keepalive.ponged(this.#now(), payload);
    if (this.#input.isWanted) this.#sink.pong?.(payload, roundTripMs);
  }

  // ── output ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends one message.
   *
   * @param data a string, or bytes that must stay unchanged until they were written.
   * @returns false when the connection is closing and the message was dropped.
   * @throws UsageError `invalid-argument` for bytes that are to be sent as text and are none.
   */
  send(data: string | Uint8Array, options?: SendOptions): boolean {
    requireText(data, options?.type);
    if (!this.isOpen) return false;
    this.#output.send(data, options);
    return true;
  }

  /** Whether `send` would compress this message; see {@link SendOptions.compress}. */
  wouldCompress(data: string | Uint8Array, wanted?: boolean): boolean {
    return this.#output.wouldCompress(data, wanted);
  }

  /**
   * Sends a message whose frames are encoded elsewhere, in its place in the order: frames that are
   * still in the making keep it, and whatever is sent afterwards waits behind them.
   *
   * @param frames bytes that never change, also not when they have left: other connections may be
   *   given the same ones.
   * @param isCompressed it was compressed elsewhere, without looking back.
   */
  sendEncoded(frames: Buffer | FramesToCome, isCompressed = false): boolean {
    if (!this.isOpen) return false;
    this.#output.sendEncoded(frames, isCompressed ? this.deflate : undefined);
    return true;
  }

  /**
   * Begins a message that is written piece by piece. Messages sent meanwhile wait for its end.
   *
   * @param type left out, the first piece decides: text for a string, else binary.
   * @throws UsageError `invalid-state` when the connection is closing, `invalid-argument` for
   *   another type.
   */
  startMessage(
    type?: 'text' | 'binary',
    options?: { compress?: boolean | undefined },
  ): OutgoingMessage {
    requireType(type);
    if (!this.isOpen) throw new UsageError('invalid-state', 'the connection is closing');
    return this.#output.startMessage(type, options?.compress);
  }

  /**
   * Sends a ping.
   *
   * @param payload at most 125 bytes; by default a serial number.
   * @param answered called with the round-trip time in ms when the answer comes.
   * @returns false when the connection is closing, or `maxPingsInFlight` are unanswered.
   * @throws UsageError `invalid-argument` when the payload is longer.
   */
  ping(payload?: Uint8Array, answered?: (roundTripMs: number) => void): boolean {
    if (payload !== undefined) checkControl(payload);
    const bytes = payload === undefined ? undefined : Buffer.from(payload);
    if (!this.isOpen || !this.#keepalive.canPing) return false;
    const sent = this.#keepalive.pinged(this.#now(), bytes, answered);
    this.#output.control(OPCODE.ping, sent);
    return true;
  }

  /**
   * Sends an unsolicited pong, a one-way heartbeat [RFC 6455 §5.5.3].
   *
   * @throws UsageError `invalid-argument` when the payload is longer than 125 bytes.
   */
  pong(payload: Uint8Array = EMPTY): boolean {
    checkControl(payload);
    if (!this.isOpen) return false;
    this.#output.control(OPCODE.pong, payload);
    return true;
  }

  /** Gives everything that waits to `sink.write`. */
  flush(): void {
    this.#output.flush();
  }

  /** Tells that the transport has room again: a pong that waited is sent. */
  drained(): void {
    const payload = this.#owedPong;
    this.#owedPong = undefined;
    if (payload !== undefined && this.isWritable()) {
      this.#output.control(OPCODE.pong, payload);
    }
  }

  // ── closing ────────────────────────────────────────────────────────────────────────────────

  /**
   * Begins the closing handshake, behind every message that was accepted before. A message that is
   * written piece by piece and not ended is cut off there; if its beginning has left, no message
   * behind it can follow any more [RFC 6455 §5.4]: end it first. What is not sent for that reason
   * is counted (`messagesDropped`). Does nothing when closing has begun already. Reading goes on for the peer's close frame; while the owner has paused,
   * messages that still come are thrown away and counted (`messagesDiscarded`).
   *
   * @param code 1000 – 1003, 1007 – 1014 or 3000 – 4999; `undefined` sends none [RFC 6455 §7.4].
   *   1010 is for clients only.
   * @param reason at most 123 bytes of UTF-8; needs a code.
   * @throws UsageError `invalid-close-code` or `invalid-argument`.
   */
  close(code?: number, reason = ''): void {
    this.ending().close(code, reason);
  }

  /** Throws what {@link close} would throw, and does nothing else. */
  checkClose(code: number | undefined, reason = ''): void {
    this.ending().check(code, reason);
  }

  /** Cuts the transport without a closing handshake. */
  terminate(): void {
    this.ending().terminate();
  }

  /**
   * Fails the connection [RFC 6455 §7.1.7]: one close frame with the error's code if none has left,
   * then the end of our side. Input is ignored from here on.
   */
  fail(error: ProtocolError): void {
    this.ending().fail(error);
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────

  /** Checks all deadlines. Call it about once a second; `nowMs` is on the clock of `now`. */
  tick(nowMs: number): void {
    if (this.state === 'closed') return;
    if (this.#madeEnding?.closing.awaited !== undefined) return this.ending().tick(nowMs);
    const hasMessages = this.hadMessages();
    this.tickDeflate(hasMessages);
    this.tickKeepalive(nowMs, hasMessages);
    const overdue = this.#input.tick(nowMs);
    if (overdue !== undefined) this.fail(overdue);
  }

  /** Whether a message came or went, or a part of one, since one looked last. */
  private hadMessages(): boolean {
    const messages = this.#input.messagesReceived + this.#output.acceptedMessages;
    const isAnother = messages !== this.#messagesAtTick;
    this.#messagesAtTick = messages;
    // All are asked: each looks anew.
    const comes = this.#input.hasGrown();
    const goes = this.#output.hasGrown();
    return isAnother || comes || goes;
  }

  /** What comes and goes is counted, and looked at here alone: a message pays for no store. */
  private tickKeepalive(nowMs: number, hasMessages: boolean): void {
    const bytesReceived = this.#bytesReceived;
    const isTaken = this.#output.look() === 'taken';
    // A peer that takes what waits for it is there, though its pong waits behind all of that.
    if (isTaken || bytesReceived !== this.#bytesAtTick) this.#keepalive.heard();
    this.#bytesAtTick = bytesReceived;
    if (isTaken || hasMessages) this.#keepalive.message();
    const action = this.#keepalive.tick(nowMs, this.#input.isShut);
    if (action === 'ping') this.ping();
    else if (action === 'pong') {
      // Output that does not leave tells as much, and must not grow.
      if (!this.#sink.isCongested()) this.pong();
    } else if (action !== 'none') this.giveUp(action);
  }

  /** An idle peer is told goodbye; a dead one is not waited for. */
  private giveUp(error: ProtocolError): void {
    if (error.code !== 'idle-timeout') return this.ending().giveUp(error);
    this.ending().closing.error = error;
    this.close(error.closeCode, error.code);
  }

  /** zlib's state is worth keeping between messages that follow each other, and only then. */
  private tickDeflate(hasMessages: boolean): void {
    if (hasMessages) this.#isDeflateReleased = false;
    if (this.deflate === undefined || hasMessages || this.#isDeflateReleased) return;
    if (this.#input.isUnfinished || this.pendingBytes > 0) return;
    this.deflate.releaseIdle();
    this.#isDeflateReleased = true;
  }
}

function checkControl(payload: Uint8Array): void {
  if (!(payload instanceof Uint8Array)) {
    throw new UsageError('invalid-argument', 'the payload of a control frame is a Uint8Array');
  }
  viewBytes(payload); // Refuses memory that is gone: it would look like an empty payload.
  if (payload.length <= MAX_CONTROL_PAYLOAD) return;
  throw new UsageError(
    'invalid-argument',
    `a control frame holds ${MAX_CONTROL_PAYLOAD} bytes, not ${payload.length}`,
  );
}

settleShape(() => new Connection({} as ConnectionSink, { role: 'server', now: () => 0 }));
