/**
 * One open WebSocket connection without a socket [RFC 6455 §5 – §7]: bytes in, messages out, and the
 * other way round.
 *
 * ```
 *   receive(bytes) ─► FrameReader ─► MessageAssembler ─► sink.message
 *                                          │ control
 *                     close handshake ◄────┘──► pong
 *   send(…) ─► MessageSender ─► Outbox ─► flush() ─► sink.write
 * ```
 * The owner gives bytes, calls {@link Connection.flush} when asked, {@link Connection.tick} about
 * once a second and {@link Connection.transportClosed} at the end. It does not know sockets, timers
 * or randomness; masking keys and the time come in as functions.
 */
import { ProtocolError, resolveLimit, UsageError } from '../base/index.ts';
import {
  encodeClosePayload,
  FrameReader,
  NO_STATUS_CODE,
  OPCODE,
  parseClosePayload,
} from '../codec/index.ts';
import {
  type CloseEvent,
  type CloseState,
  isReadable,
  isWritable,
  nextCloseState,
} from './close-handshake.ts';
import { ABNORMAL, type CloseReport } from './close-report.ts';
import { Keepalive, type KeepaliveOptions } from './keepalive.ts';
import { MessageAssembler, type MessageInflater } from './message-assembler.ts';
import {
  type MessageDeflater,
  MessageSender,
  type OutgoingMessage,
  type SendOptions,
} from './message-sender.ts';
import { Outbox } from './outbox.ts';

/** Where a connection's results go, and what it asks of its owner. */
export interface ConnectionSink {
  /** A message came: a string for text, a Buffer of your own for binary. */
  message(data: string | Buffer): void;
  /** `pieces` delivery only: a message begins. */
  messageStart?(isText: boolean): void;
  /** `pieces` delivery only: its next piece. */
  messagePiece?(piece: string | Buffer): void;
  /** `pieces` delivery only: it is complete. */
  messageEnd?(): void;
  /** A ping came; it has been answered. The payload is yours. */
  ping?(payload: Buffer): void;
  /** A pong came. `roundTripMs` is `undefined` when it answers no ping of ours. */
  pong?(payload: Buffer, roundTripMs: number | undefined): void;
  /** Write these bytes. Returns true when they are needed no longer; `hasMore`: others follow. */
  write(bytes: Buffer, hasMore: boolean): boolean;
  /** Output waits: call `flush()` at the end of this turn. Called once until then. */
  wantsFlush(): void;
  /** True while the transport holds so much output that pongs had better wait. */
  isCongested(): boolean;
  /** Stop or resume reading the transport. Bytes given meanwhile are kept, not lost. */
  wantsInput(isWanted: boolean): void;
  /** End our side of the transport once everything written has left (FIN). */
  endTransport(): void;
  /** Cut the transport now (RST or destroy). */
  abortTransport(): void;
  /** The connection is over; nothing follows. Called exactly once. */
  closed(report: CloseReport): void;
}

/** What a connection needs of the codec of permessage-deflate [RFC 7692 §7.2]. */
export interface ConnectionDeflate extends MessageInflater, MessageDeflater {
  /** Lets go of memory that only the next message would need. */
  releaseIdle(): void;
  /** The peer gets a message that was compressed elsewhere: forget what it could refer back to. */
  breakContext(): void;
  /** Ends running jobs; nothing is called back afterwards. */
  close(): void;
}

/** Options of {@link Connection}. */
export interface ConnectionOptions extends KeepaliveOptions {
  /** Which end we are: a server reads masked frames and writes unmasked ones [RFC 6455 §5.1]. */
  readonly role: 'client' | 'server';
  /** The time in ms, on any clock that does not go back. */
  readonly now: () => number;
  /** A fresh unpredictable uint32 for each frame; needed by the client [RFC 6455 §5.3]. */
  readonly takeMaskingKey?: (() => number) | undefined;
  /** True when the bytes given to `receive` may be overwritten: unmasked in place. */
  readonly ownsInput?: boolean | undefined;
  /** Whole messages (default) or pieces as they arrive. */
  readonly delivery?: 'message' | 'pieces' | undefined;
  /** The codec of the negotiated permessage-deflate; `undefined` when there is none. */
  readonly deflate?: ConnectionDeflate | undefined;
  /** Compress messages of at least so many bytes; default 1024. */
  readonly compressThresholdBytes?: number | undefined;
  /** Bytes of one frame's payload; default 16 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** Bytes of one message; default 16 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** Frames of one message; default 131,072. */
  readonly maxFragments?: number | undefined;
  /** How long a message may stay unfinished, in ms; default 60 s, without end in `pieces`. */
  readonly messageTimeoutMs?: number | undefined;
  /** How long closing may take, in ms; default 10 s. */
  readonly closeTimeoutMs?: number | undefined;
}

/** Numbers of one connection, for people and dashboards. Bytes are as they travel. */
export interface ConnectionCounters {
  bytesReceived: number;
  bytesSent: number;
  messagesReceived: number;
  messagesSent: number;
  pingsReceived: number;
  pongsReceived: number;
}

const EMPTY: Buffer = Buffer.alloc(0);
const DEFAULT_COMPRESS_THRESHOLD_BYTES = 1024;

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
  readonly #options: ConnectionOptions;
  readonly #reader: FrameReader;
  readonly #assembler: MessageAssembler;
  readonly #outbox: Outbox;
  readonly #sender: MessageSender;
  readonly #keepalive: Keepalive;
  readonly #messageTimeoutMs: number;
  readonly #closeTimeoutMs: number;
  readonly #take: (bytes: Buffer, hasMore: boolean) => boolean;

  #state: CloseState = 'open';
  #isCorked = false;
  #hasAskedForFlush = false;
  /** Why frames are not delivered: the owner said so, an inflate job runs, or both. */
  #isPausedByOwner = false;
  #isPausedByJob = false;
  #isReaderPaused = false;
  /** The newest ping that congestion kept us from answering. */
  #owedPong: Buffer | undefined;
  #messagesAtTick = 0;
  #isDeflateReleased = true;
  #closeRequested = false;
  #closingSinceMs: number | undefined;
  #unfinishedSinceMs: number | undefined;
  #closedBy: 'us' | 'peer' | undefined;
  #peerClose: { readonly code: number; readonly reason: string } | undefined;
  #sentCode: number | undefined;
  #error: ProtocolError | undefined;
  /** Close frames went both ways. */
  #isClean = false;
  /** The transport ended while frames it brought still waited to be delivered. */
  #endIsPending = false;

  /** @throws UsageError `invalid-option` for an option that is missing or out of range. */
  constructor(sink: ConnectionSink, options: ConnectionOptions) {
    checkOptions(sink, options);
    this.#sink = sink;
    this.#options = options;
    // What is streamed may take its time; what is kept in memory until it is whole may not.
    const defaultTimeoutMs = options.delivery === 'pieces' ? Number.POSITIVE_INFINITY : undefined;
    this.#messageTimeoutMs = resolveLimit(
      'messageTimeoutMs',
      options.messageTimeoutMs ?? defaultTimeoutMs,
    );
    this.#closeTimeoutMs = resolveLimit('closeTimeoutMs', options.closeTimeoutMs);
    this.#keepalive = new Keepalive(options);
    this.#outbox = new Outbox(options.role === 'client' ? options.takeMaskingKey : undefined);
    this.#sender = new MessageSender(
      this.#outbox,
      options.deflate,
      options.compressThresholdBytes ?? DEFAULT_COMPRESS_THRESHOLD_BYTES,
      () => this.#requestFlush(),
    );
    this.#assembler = new MessageAssembler(this.#assemblerSink(), {
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
    this.#take = (bytes, hasMore) => {
      this.counters.bytesSent += bytes.length;
      return sink.write(bytes, hasMore);
    };
  }

  #assemblerSink(): ConstructorParameters<typeof MessageAssembler>[0] {
    const sink = this.#sink;
    return {
      message: (data) => {
        this.counters.messagesReceived += 1;
        this.#keepalive.message();
        sink.message(data);
      },
      messageStart: (isText) => sink.messageStart!(isText),
      messagePiece: (piece) => sink.messagePiece!(piece),
      messageEnd: () => {
        this.counters.messagesReceived += 1;
        this.#keepalive.message();
        sink.messageEnd!();
      },
      control: (opcode, payload) => this.#control(opcode, payload),
      failed: (error) => this.fail(error),
      pauseFrames: () => {
        this.#isPausedByJob = true;
        this.#applyPause();
      },
      resumeFrames: () => {
        this.#isPausedByJob = false;
        this.#resumeReading();
      },
    };
  }

  /** Where the closing handshake stands. */
  get state(): CloseState {
    return this.#state;
  }

  /** Bytes accepted by `send` that have not been given to `sink.write` yet. */
  get pendingBytes(): number {
    return this.#outbox.length + this.#sender.queuedBytes;
  }

  /** True while sending makes sense: neither side has closed and `close` was not called. */
  get isOpen(): boolean {
    return this.#state === 'open' && !this.#closeRequested;
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
    if (!isReadable(this.#state)) return;
    const wasCorked = this.#isCorked;
    this.#isCorked = true;
    try {
      this.#reader.receive(bytes);
    } finally {
      this.#isCorked = wasCorked;
      if (!wasCorked) this.flush();
    }
  }

  /** Tells that the peer ended its side of the transport: nothing will come any more. */
  receiveEnd(): void {
    if (this.#state === 'closed') return;
    if (this.#isReaderPaused && isReadable(this.#state)) {
      this.#endIsPending = true;
      return;
    }
    this.#stopReading();
    // An end without a close frame is abnormal [RFC 6455 §7.1.5], but not our failure to report.
    this.#sink.endTransport();
  }

  /** Tells that the transport is gone, for which reason if it knows one. Ends everything. */
  transportClosed(transportError?: Error): void {
    if (!this.#move('transport-gone')) return;
    this.#stopReading();
    this.#sender.stop();
    this.#options.deflate?.close();
    this.#sink.closed({
      code: this.#peerClose?.code ?? ABNORMAL,
      reason: this.#peerClose?.reason ?? '',
      wasClean: this.#isClean,
      closedBy: this.#closedBy ?? 'transport',
      sentCode: this.#sentCode,
      error: this.#error,
      transportError,
      atMs: this.#options.now(),
    });
  }

  /** Stops delivery; bytes that come are kept and the owner is asked to read no more. */
  pause(): void {
    this.#isPausedByOwner = true;
    this.#applyPause();
  }

  /** Goes on with delivery, first of the bytes that were kept. */
  resume(): void {
    this.#isPausedByOwner = false;
    this.#resumeReading();
  }

  #applyPause(): void {
    if (this.#isReaderPaused) return;
    this.#isReaderPaused = true;
    this.#reader.pause();
    this.#sink.wantsInput(false);
  }

  #resumeReading(): void {
    if (!this.#isReaderPaused || this.#isPausedByOwner || this.#isPausedByJob) return;
    this.#isReaderPaused = false;
    const wasCorked = this.#isCorked;
    this.#isCorked = true;
    try {
      if (isReadable(this.#state)) this.#reader.resume();
    } finally {
      this.#isCorked = wasCorked;
      if (!wasCorked) this.flush();
    }
    if (this.#isReaderPaused) return;
    if (this.#endIsPending) this.receiveEnd();
    else this.#sink.wantsInput(true);
  }

  /** No frame is delivered from here on; what still comes is read and ignored, to notice the end. */
  #stopReading(): void {
    this.#assembler.stop();
    this.#reader.stop();
    if (!this.#isReaderPaused) return;
    this.#isReaderPaused = false;
    this.#sink.wantsInput(true);
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
    else this.#writeControl(OPCODE.pong, payload);
    this.#sink.ping?.(payload);
  }

  #receivePong(payload: Buffer): void {
    this.counters.pongsReceived += 1;
    const roundTripMs = this.#keepalive.ponged(this.#options.now(), payload);
    this.#sink.pong?.(payload, roundTripMs);
  }

  #receiveClose(payload: Buffer): void {
    let close: { code: number; reason: string };
    try {
      close = parseClosePayload(payload);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.fail(error);
    }
    this.#peerClose = close;
    this.#closedBy ??= 'peer';
    this.#stopReading();
    const isReply = this.#state === 'close-sent';
    this.#move('receive-close');
    if (isReply) return this.#exchanged();
    this.#closingSinceMs ??= this.#options.now();
    if (this.#closeRequested) return; // Ours is on its way, behind what was accepted before it.
    const code = close.code === NO_STATUS_CODE ? undefined : close.code;
    this.#sender.closeAfterQueue(() => this.#writeClose(code, ''));
  }

  // ── output ─────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends one message.
   *
   * @param data a string, or bytes that must stay unchanged until they were written.
   * @returns false when the connection is closing and the message was dropped.
   */
  send(data: string | Uint8Array, options?: SendOptions): boolean {
    if (!this.isOpen) return false;
    this.counters.messagesSent += 1;
    this.#keepalive.message();
    this.#sender.send(data, options);
    this.#requestFlush();
    return true;
  }

  /** Whether `send` would compress this message; see {@link SendOptions.compress}. */
  wouldCompress(data: string | Uint8Array, wanted?: boolean): boolean {
    return this.#sender.wouldCompress(data, wanted);
  }

  /**
   * Sends a message whose frames are encoded already, in its place in the order.
   *
   * @param isCompressed it was compressed elsewhere, without looking back.
   */
  sendEncoded(frames: Buffer, isCompressed = false): boolean {
    if (!this.isOpen) return false;
    this.counters.messagesSent += 1;
    this.#keepalive.message();
    const { deflate } = this.#options;
    if (isCompressed) this.#sender.sendEncoded(frames, () => deflate?.breakContext());
    else this.#sender.sendEncoded(frames);
    this.#requestFlush();
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
    this.counters.messagesSent += 1;
    this.#keepalive.message();
    return this.#sender.startMessage(type, options?.compress);
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
    const bytes = payload === undefined ? undefined : Buffer.from(payload);
    if (bytes !== undefined && bytes.length > 125) {
      throw new UsageError('invalid-argument', `a ping holds 125 bytes, not ${bytes.length}`);
    }
    if (!this.isOpen) return false;
    this.#writeControl(OPCODE.ping, this.#keepalive.pinged(this.#options.now(), bytes, answered));
    return true;
  }

  /** Sends an unsolicited pong, a one-way heartbeat [RFC 6455 §5.5.3]. At most 125 bytes. */
  pong(payload: Uint8Array = EMPTY): boolean {
    if (payload.length > 125) {
      throw new UsageError('invalid-argument', `a pong holds 125 bytes, not ${payload.length}`);
    }
    if (!this.isOpen) return false;
    this.#writeControl(OPCODE.pong, payload);
    return true;
  }

  /**
   * Begins the closing handshake, behind every message that was accepted before. Does nothing when
   * it has begun already.
   *
   * @param code 1000 – 1003, 1007 – 1014 or 3000 – 4999; `undefined` sends none [RFC 6455 §7.4].
   * @param reason at most 123 bytes of UTF-8; needs a code.
   * @throws UsageError `invalid-close-code` or `invalid-argument`.
   */
  close(code?: number, reason = ''): void {
    encodeClosePayload(code, reason);
    if (!this.isOpen) return;
    this.#closeRequested = true;
    this.#closedBy = 'us';
    this.#closingSinceMs = this.#options.now();
    this.#sender.closeAfterQueue(() => this.#writeClose(code, reason));
    this.#requestFlush();
  }

  /** Cuts the transport without a closing handshake. */
  terminate(): void {
    if (this.#state === 'closed') return;
    this.#closedBy ??= 'us';
    this.#stopReading();
    this.#sink.abortTransport();
  }

  /**
   * Fails the connection [RFC 6455 §7.1.7]: one close frame with the error's code if none has left,
   * then the end of our side. Input is ignored from here on.
   */
  fail(error: ProtocolError): void {
    if (nextCloseState(this.#state, 'fail') === undefined) return;
    this.#error = error;
    this.#closedBy ??= 'us';
    const mayWrite = isWritable(this.#state);
    this.#stopReading();
    this.#sender.stop();
    this.#options.deflate?.close();
    if (mayWrite && error.closeCode !== undefined) {
      this.#sentCode = error.closeCode;
      this.#outbox.append(OPCODE.close, true, 0, encodeClosePayload(error.closeCode, error.code));
    }
    this.#move('fail');
    this.#closingSinceMs ??= this.#options.now();
    this.flush();
    this.#sink.endTransport();
  }

  /** Gives everything that waits to `sink.write`. */
  flush(): void {
    this.#hasAskedForFlush = false;
    if (this.#outbox.length > 0) this.#outbox.flush(this.#take);
  }

  /** Tells that the transport has room again: a pong that waited is sent. */
  drained(): void {
    const payload = this.#owedPong;
    this.#owedPong = undefined;
    if (payload !== undefined && isWritable(this.#state)) {
      this.#writeControl(OPCODE.pong, payload);
    }
  }

  #requestFlush(): void {
    if (this.#isCorked || this.#hasAskedForFlush || this.#outbox.length === 0) return;
    this.#hasAskedForFlush = true;
    this.#sink.wantsFlush();
  }

  #writeControl(opcode: number, payload: Uint8Array): void {
    if (!isWritable(this.#state)) return;
    this.#outbox.append(opcode, true, 0, payload);
    this.#requestFlush();
  }

  #writeClose(code: number | undefined, reason: string): void {
    if (!isWritable(this.#state)) return;
    this.#sentCode = code;
    this.#outbox.append(OPCODE.close, true, 0, encodeClosePayload(code, reason));
    this.#requestFlush();
    const wasReceived = this.#state === 'close-received';
    this.#move('send-close');
    if (wasReceived) this.#exchanged();
  }

  // ── closing ────────────────────────────────────────────────────────────────────────────────

  /** Both close frames have passed: the server ends the transport first [RFC 6455 §7.1.1]. */
  #exchanged(): void {
    this.#isClean = true;
    this.#stopReading();
    this.#sender.stop();
    if (this.#options.role === 'server') {
      this.flush();
      this.#sink.endTransport();
    }
  }

  #move(event: CloseEvent): boolean {
    const next = nextCloseState(this.#state, event);
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }

  // ── time ───────────────────────────────────────────────────────────────────────────────────

  /** Checks all deadlines. Call it about once a second; `nowMs` is on the clock of `now`. */
  tick(nowMs: number): void {
    if (this.#state === 'closed') return;
    if (this.#closingSinceMs !== undefined) return this.#tickClosing(nowMs);
    this.#tickDeflate();
    const action = this.#keepalive.tick(nowMs);
    if (action === 'ping') this.ping();
    else if (action !== 'none') this.#giveUp(action);
    this.#tickMessage(nowMs);
  }

  #tickClosing(nowMs: number): void {
    if (nowMs - this.#closingSinceMs! < this.#closeTimeoutMs) return;
    this.#error ??= new ProtocolError('close-timeout', `${this.#closeTimeoutMs} ms`);
    this.#stopReading();
    this.#sink.abortTransport();
  }

  /** An idle peer is told goodbye; a dead one is not waited for. */
  #giveUp(error: ProtocolError): void {
    if (error.code !== 'idle-timeout') return this.fail(error);
    this.#error = error;
    this.close(error.closeCode, error.code);
  }

  /** zlib's state is worth keeping between messages that follow each other, and only then. */
  #tickDeflate(): void {
    const deflate = this.#options.deflate;
    if (deflate === undefined || this.#assembler.isUnfinished || this.pendingBytes > 0) return;
    const messages = this.counters.messagesReceived + this.counters.messagesSent;
    if (messages === this.#messagesAtTick && !this.#isDeflateReleased) deflate.releaseIdle();
    this.#isDeflateReleased = messages === this.#messagesAtTick;
    this.#messagesAtTick = messages;
  }

  #tickMessage(nowMs: number): void {
    if (!this.#assembler.isUnfinished || this.#isReaderPaused) {
      this.#unfinishedSinceMs = undefined;
      return;
    }
    this.#unfinishedSinceMs ??= nowMs;
    if (nowMs - this.#unfinishedSinceMs < this.#messageTimeoutMs) return;
    this.fail(new ProtocolError('message-timeout', `${this.#messageTimeoutMs} ms`));
  }
}

function checkOptions(sink: ConnectionSink, options: ConnectionOptions): void {
  if (options.role !== 'client' && options.role !== 'server') {
    throw new UsageError('invalid-option', `role must be client or server, not ${options.role}`);
  }
  if (options.role === 'client' && options.takeMaskingKey === undefined) {
    throw new UsageError('invalid-option', 'a client needs takeMaskingKey');
  }
  const canStream = sink.messageStart && sink.messagePiece && sink.messageEnd;
  if (options.delivery === 'pieces' && !canStream) {
    throw new UsageError('invalid-option', 'pieces delivery needs messageStart, Piece and End');
  }
}
