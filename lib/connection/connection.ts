/**
 * One open WebSocket connection without a socket [RFC 6455 §5 – §7]: bytes in, messages out, and
 * the other way round.
 *
 * ```
 *   receive(bytes) ─► InputGate ─► FrameReader ─► MessageAssembler ─► sink.message
 *                                                       │ control
 *                             Closing, Keepalive ◄──────┘──► pong
 *   send(…) ─► ConnectionOutput ─► flush() ─► sink.write
 * ```
 * The owner gives bytes, calls {@link Connection.flush} when asked, {@link Connection.tick} about
 * once a second and {@link Connection.transportClosed} at the end. It does not know sockets, timers
 * or randomness; masking keys and the time come in as functions.
 *
 * Longer than the house allows: it is the one place where the organs meet, and half of it is
 * documentation of what an owner may call.
 */
import { ProtocolError, resolveLimit, UsageError } from '../base/index.ts';
import {
  encodeClosePayload,
  FrameReader,
  MAX_CONTROL_PAYLOAD,
  NO_STATUS_CODE,
  OPCODE,
  parseClosePayload,
} from '../codec/index.ts';
import type { AssemblerSink } from './assembler-options.ts';
import type { CloseState } from './close-handshake.ts';
import { Closing } from './closing.ts';
import {
  type ConnectionCounters,
  type ConnectionOptions,
  type ConnectionSink,
  checkConnectionOptions,
} from './connection-options.ts';
import { ConnectionOutput } from './connection-output.ts';
import { InputGate } from './input-gate.ts';
import { Keepalive } from './keepalive.ts';
import { MessageAssembler } from './message-assembler.ts';
import type { SendOptions } from './message-sender.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { requireText } from './text.ts';

const EMPTY: Buffer = Buffer.alloc(0);
/** The server did not agree to an extension that the client cannot do without. */
const EXTENSION_MISSING = 1010;

/** The sans-I/O connection. */
export class Connection {
  /** What went through so far. */
  readonly counters: ConnectionCounters = {
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: 0,
    messagesSent: 0,
    pingsReceived: 0,
    pongsReceived: 0,
  };

  readonly #sink: ConnectionSink;
  readonly #role: 'client' | 'server';
  readonly #now: () => number;
  readonly #deflate: ConnectionOptions['deflate'];
  readonly #reader: FrameReader;
  readonly #assembler: MessageAssembler;
  readonly #gate: InputGate;
  readonly #output: ConnectionOutput;
  readonly #keepalive: Keepalive;
  readonly #closing = new Closing();
  readonly #messageTimeoutMs: number;
  readonly #closeTimeoutMs: number;

  /** The newest ping that congestion kept us from answering. */
  #owedPong: Buffer | undefined;
  #unfinishedSinceMs: number | undefined;
  #messagesAtTick = 0;
  #isDeflateReleased = true;
  /** Close frames went both ways. */
  #isClean = false;
  /** The transport ended while frames it brought still waited to be delivered. */
  #endIsPending = false;

  /** @throws UsageError `invalid-option` for an option that is missing or out of range. */
  constructor(sink: ConnectionSink, options: ConnectionOptions) {
    checkConnectionOptions(sink, options);
    this.#sink = sink;
    this.#role = options.role;
    this.#now = options.now;
    this.#deflate = options.deflate;
    // What is streamed may take its time; what is kept in memory until it is whole may not.
    const defaultTimeoutMs = options.delivery === 'pieces' ? Number.POSITIVE_INFINITY : undefined;
    const messageTimeoutMs = options.messageTimeoutMs ?? defaultTimeoutMs;
    this.#messageTimeoutMs = resolveLimit('messageTimeoutMs', messageTimeoutMs);
    this.#closeTimeoutMs = resolveLimit('closeTimeoutMs', options.closeTimeoutMs);
    this.#keepalive = new Keepalive(options);
    this.#output = new ConnectionOutput(sink, options, this.counters, this);
    this.#assembler = new MessageAssembler(new Connection.#Intake(this), {
      delivery: options.delivery ?? 'message',
      maxMessageBytes: options.maxMessageBytes,
      maxFragments: options.maxFragments,
      inflater: options.deflate,
    });
    this.#reader = new FrameReader(this.#assembler, {
      role: options.role,
      allowRsv1: options.deflate !== undefined,
      ownsInput: options.ownsInput ?? false,
      maxFrameBytes: resolveLimit('maxFrameBytes', options.maxFrameBytes),
    });
    this.#gate = new InputGate(this.#reader, sink);
  }

  /** The assembler's sink: one object that may look inside, instead of eight closures. */
  static readonly #Intake = class implements AssemblerSink {
    readonly #to: Connection;

    constructor(to: Connection) {
      this.#to = to;
    }

    message(data: string | Buffer): void {
      this.#to.#received();
      this.#to.#sink.message(data);
    }

    messageStart(isText: boolean): void {
      this.#to.#sink.messageStart!(isText);
    }

    messagePiece(piece: string | Buffer): void {
      this.#to.#sink.messagePiece!(piece);
    }

    messageEnd(): void {
      this.#to.#received();
      this.#to.#sink.messageEnd!();
    }

    control(opcode: number, payload: Buffer): void {
      this.#to.#control(opcode, payload);
    }

    failed(error: ProtocolError): void {
      this.#to.fail(error);
    }

    pauseFrames(): void {
      this.#to.#gate.pauseForJob();
    }

    whenWanted(deliver: () => void): void {
      if (this.#to.#gate.isPausedByOwner) this.#to.#gate.jobDone(deliver);
      else deliver();
    }

    jobDone(deliver: () => void): void {
      this.#to.#gate.jobDone(deliver);
      this.#to.#goOn();
    }
  };

  #received(): void {
    this.counters.messagesReceived += 1;
    this.#keepalive.message();
  }

  /** Where the closing handshake stands. */
  get state(): CloseState {
    return this.#closing.state;
  }

  /** True while sending makes sense: neither side has closed and `close` was not called. */
  get isOpen(): boolean {
    return this.#closing.isOpen;
  }

  /** Bytes accepted by `send` that have not been given to `sink.write` yet. */
  get pendingBytes(): number {
    return this.#output.pendingBytes;
  }

  /**
   * Whether 64 KiB or more wait inside for something that is not the transport: for the compressor,
   * or for the end of a message that is written piece by piece. Writing had better wait too;
   * `sink.queueMoved` tells when to ask again.
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
    this.counters.bytesReceived += bytes.length;
    this.#keepalive.heard();
    if (!this.#closing.isReadable) return;
    const isMyTurn = this.#output.cork();
    if (isMyTurn) this.#deflate?.beginTurn();
    try {
      this.#reader.receive(bytes);
    } finally {
      if (isMyTurn) this.#output.uncork();
    }
  }

  /** Tells that the peer ended its side of the transport: nothing will come any more. */
  receiveEnd(): void {
    if (this.state === 'closed') return;
    if (this.#gate.isShut && this.#closing.isReadable) {
      this.#endIsPending = true;
      return;
    }
    this.#stopReading();
    // An end without a close frame is abnormal [RFC 6455 §7.1.5], but not our failure to report.
    this.#sink.endTransport();
  }

  /** Tells that the transport is gone, for which reason if it knows one. Ends everything. */
  transportClosed(transportError?: Error): void {
    if (!this.#closing.move('transport-gone')) return;
    this.#stopReading();
    this.#output.stop();
    this.#deflate?.close();
    const atMs = this.#now();
    this.#sink.closed(this.#closing.report(transportError, this.#isClean, atMs));
  }

  /** Stops delivery; bytes that come are kept and the owner is asked to read no more. */
  pause(): void {
    this.#gate.setOwnerPause(true);
  }

  /** Goes on with delivery, first of the bytes that were kept. */
  resume(): void {
    this.#gate.setOwnerPause(false);
    this.#goOn();
  }

  #goOn(): void {
    if (!this.#gate.isShut) return;
    const isMyTurn = this.#output.cork();
    try {
      if (!this.#gate.open()) return;
    } finally {
      if (isMyTurn) this.#output.uncork();
    }
    if (this.#endIsPending) this.receiveEnd();
    else this.#sink.wantsInput(true);
  }

  #stopReading(): void {
    this.#assembler.stop();
    this.#gate.stop();
  }

  // ── control frames ─────────────────────────────────────────────────────────────────────────

  #control(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.#receivePing(payload);
    else if (opcode === OPCODE.pong) this.#receivePong(payload);
    else this.#receiveClose(payload);
  }

  #receivePing(payload: Buffer): void {
    this.counters.pingsReceived += 1;
    // Only the newest ping has to be answered [RFC 6455 §5.5.3]: a peer that pings and does not
    // read gets one pong later instead of a queue that grows.
    if (this.#sink.isCongested()) this.#owedPong = payload;
    else if (this.#closing.isWritable) this.#output.control(OPCODE.pong, payload);
    this.#sink.ping?.(payload);
  }

  #receivePong(payload: Buffer): void {
    this.counters.pongsReceived += 1;
    const roundTripMs = this.#keepalive.ponged(this.#now(), payload);
    this.#sink.pong?.(payload, roundTripMs);
  }

  #receiveClose(payload: Buffer): void {
    const closing = this.#closing;
    // A payload that breaks a rule throws a ProtocolError, which the frame reader reports.
    const close = parseClosePayload(payload);
    closing.heard(close);
    closing.begin('peer', this.#now());
    this.#stopReading();
    const isReply = this.state === 'close-sent';
    closing.move('receive-close');
    if (isReply) return this.#exchanged();
    if (closing.isRequested) return; // Ours is on its way, behind what was accepted before it.
    const code = close.code === NO_STATUS_CODE ? undefined : close.code;
    this.#output.closeAfterQueue(() => this.#writeClose(code, ''));
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
    this.#keepalive.message();
    this.#output.send(data, options);
    return true;
  }

  /** Whether `send` would compress this message; see {@link SendOptions.compress}. */
  wouldCompress(data: string | Uint8Array, wanted?: boolean): boolean {
    return this.#output.wouldCompress(data, wanted);
  }

  /**
   * Sends a message whose frames are encoded already, in its place in the order.
   *
   * @param frames bytes that never change, also not when they have left: other connections may be
   *   given the same ones.
   * @param isCompressed it was compressed elsewhere, without looking back.
   */
  sendEncoded(frames: Buffer, isCompressed = false): boolean {
    if (!this.isOpen) return false;
    this.#keepalive.message();
    this.#output.sendEncoded(frames, isCompressed);
    return true;
  }

  /**
   * Begins a message that is written piece by piece. Messages sent meanwhile wait for its end.
   *
   * @param type left out, the first piece decides: text for a string, else binary.
   * @throws UsageError `invalid-state` when the connection is closing.
   */
  startMessage(type?: 'text' | 'binary', options?: { compress?: boolean }): OutgoingMessage {
    if (!this.isOpen) throw new UsageError('invalid-state', 'the connection is closing');
    this.#keepalive.message();
    return this.#output.startMessage(type, options?.compress);
  }

  /**
   * Sends a ping.
   *
   * @param payload at most 125 bytes; by default a serial number.
   * @param answered called with the round-trip time in ms when the answer comes.
   * @returns false when the connection is closing.
   * @throws UsageError `invalid-argument` when the payload is longer.
   */
  ping(payload?: Uint8Array, answered?: (roundTripMs: number) => void): boolean {
    if (payload !== undefined) checkControl(payload);
    const bytes = payload === undefined ? undefined : Buffer.from(payload);
    if (!this.isOpen) return false;
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
    if (payload !== undefined && this.#closing.isWritable) {
      this.#output.control(OPCODE.pong, payload);
    }
  }

  // ── closing ────────────────────────────────────────────────────────────────────────────────

  /**
   * Begins the closing handshake, behind every message that was accepted before. Does nothing when
   * it has begun already.
   *
   * @param code 1000 – 1003, 1007 – 1014 or 3000 – 4999; `undefined` sends none [RFC 6455 §7.4].
   *   1010 is for clients only.
   * @param reason at most 123 bytes of UTF-8; needs a code.
   * @throws UsageError `invalid-close-code` or `invalid-argument`.
   */
  close(code?: number, reason = ''): void {
    this.checkClose(code, reason);
    if (!this.isOpen) return;
    this.#closing.isRequested = true;
    this.#closing.begin('us', this.#now());
    this.#output.closeAfterQueue(() => this.#writeClose(code, reason));
  }

  /** Throws what {@link close} would throw, and does nothing else. */
  checkClose(code: number | undefined, reason = ''): void {
    encodeClosePayload(code, reason);
    // A server that misses an extension refuses the handshake instead [RFC 6455 §7.4.1].
    if (code === EXTENSION_MISSING && this.#role === 'server') {
      throw new UsageError('invalid-close-code', '1010 is a code for clients');
    }
  }

  /** Cuts the transport without a closing handshake. */
  terminate(): void {
    if (this.state === 'closed') return;
    this.#closing.begin('us');
    this.#stopReading();
    this.#sink.abortTransport();
  }

  /**
   * Fails the connection [RFC 6455 §7.1.7]: one close frame with the error's code if none has left,
   * then the end of our side. Input is ignored from here on.
   */
  fail(error: ProtocolError): void {
    const closing = this.#closing;
    if (!closing.allows('fail')) return;
    closing.error = error;
    this.#stopReading();
    this.#output.stop();
    this.#deflate?.close();
    if (closing.isWritable && error.closeCode !== undefined) {
      closing.sentCode = error.closeCode;
      this.#output.control(OPCODE.close, encodeClosePayload(error.closeCode, error.code));
    }
    closing.move('fail');
    closing.begin('us', this.#now());
    this.flush();
    this.#sink.endTransport();
  }

  #writeClose(code: number | undefined, reason: string): void {
    const closing = this.#closing;
    if (!closing.isWritable) return;
    closing.sentCode = code;
    this.#output.control(OPCODE.close, encodeClosePayload(code, reason));
    const wasReceived = this.state === 'close-received';
    closing.move('send-close');
    if (wasReceived) this.#exchanged();
  }

  /** Both close frames have passed: the server ends the transport first [RFC 6455 §7.1.1]. */
  #exchanged(): void {
    this.#isClean = true;
    this.#stopReading();
    this.#output.stop();
    if (this.#role === 'client') return;
    this.flush();
    this.#sink.endTransport();
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────

  /** Checks all deadlines. Call it about once a second; `nowMs` is on the clock of `now`. */
  tick(nowMs: number): void {
    if (this.state === 'closed') return;
    if (this.#closing.isUnderWay) return this.#tickClosing(nowMs);
    this.#tickDeflate();
    // Who reads nothing cannot know that nothing comes: a pause of ours is no silence of theirs.
    if (this.#gate.isShut) this.#keepalive.heard();
    const action = this.#keepalive.tick(nowMs);
    if (action === 'ping') this.ping();
    else if (action !== 'none') this.#giveUp(action);
    this.#tickMessage(nowMs);
  }

  #tickClosing(nowMs: number): void {
    if (!this.#closing.isOverdue(nowMs, this.#closeTimeoutMs)) return;
    this.#closing.error ??= new ProtocolError('close-timeout', `${this.#closeTimeoutMs} ms`);
    this.#stopReading();
    this.#sink.abortTransport();
  }

  /** An idle peer is told goodbye; a dead one is not waited for. */
  #giveUp(error: ProtocolError): void {
    if (error.code !== 'idle-timeout') return this.fail(error);
    this.#closing.error = error;
    this.close(error.closeCode, error.code);
  }

  /** zlib's state is worth keeping between messages that follow each other, and only then. */
  #tickDeflate(): void {
    const deflate = this.#deflate;
    if (deflate === undefined || this.#assembler.isUnfinished || this.pendingBytes > 0) return;
    const messages = this.counters.messagesReceived + this.counters.messagesSent;
    if (messages === this.#messagesAtTick && !this.#isDeflateReleased) deflate.releaseIdle();
    this.#isDeflateReleased = messages === this.#messagesAtTick;
    this.#messagesAtTick = messages;
  }

  #tickMessage(nowMs: number): void {
    if (!this.#assembler.isUnfinished || this.#gate.isShut) {
      this.#unfinishedSinceMs = undefined;
      return;
    }
    this.#unfinishedSinceMs ??= nowMs;
    if (nowMs - this.#unfinishedSinceMs < this.#messageTimeoutMs) return;
    this.fail(new ProtocolError('message-timeout', `${this.#messageTimeoutMs} ms`));
  }
}

function checkControl(payload: Uint8Array): void {
  if (!(payload instanceof Uint8Array)) {
    throw new UsageError('invalid-argument', 'the payload of a control frame is a Uint8Array');
  }
  if (payload.length <= MAX_CONTROL_PAYLOAD) return;
  throw new UsageError(
    'invalid-argument',
    `a control frame holds ${MAX_CONTROL_PAYLOAD} bytes, not ${payload.length}`,
  );
}
