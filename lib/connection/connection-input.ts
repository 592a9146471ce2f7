/**
 * The reading half of a connection: bytes in, messages out, while their owner wants them.
 *
 * ```
 *   receive(bytes) ─► FrameReader ─► MessageAssembler ─► sink.message     all three are lent, see
 *                        ▲ InputGate        └─ control ─► owner           message-reader.ts
 * ```
 * Once we are closing, reading goes on whatever the owner wants, for the peer's close frame. An
 * owner who has paused, or pauses then, gets no message any more: what comes is counted and thrown
 * away, and nothing is delivered behind a gap.
 *
 * Longer than the house allows: each call is a few lines, and all of them ask the reader, if any.
 */
import type { ProtocolError } from '../base/index.ts';
import type { AssemblerSink } from './assembler-options.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import type { ConnectionOptions, ConnectionSink } from './connection-options.ts';
import type { Corkable } from './connection-output.ts';
import type { InputGate, InputSwitch } from './input-gate.ts';
import { MessageDeadline } from './message-deadline.ts';
import { type MessageReader, type MessageReaders, messageReaders } from './message-reader.ts';

/** Is told what is not a message. */
export interface InputOwner {
  /** A close, ping or pong frame came; the payload is yours. May throw a ProtocolError. */
  control(opcode: number, payload: Buffer): void;
  /** The peer broke a rule: the connection cannot go on. */
  fail(error: ProtocolError): void;
  /** The end of the transport, which waited behind bytes, has its turn. */
  receiveEnd(): void;
}

/** Reads for one connection. */
export class ConnectionInput implements AssemblerSink, InputSwitch {
  /** Messages that came, and were handed on. */
  messagesReceived = 0;
  /** Messages that were thrown away, because they came after `close` for an owner who had paused. */
  messagesDiscarded = 0;
  readonly #sink: ConnectionSink;
  readonly #owner: InputOwner;
  readonly #output: Corkable;
  readonly #now: () => number;
  readonly #deflate: ConnectionOptions['deflate'];
  readonly #readers: MessageReaders;
  /** Ours while it holds something: a part of a message, a pause. */
  #reader: MessageReader | undefined;
  readonly #limits: ConnectionLimits;
  /** Made for a message that takes its time: most are here at once. */
  #deadline: MessageDeadline | undefined;
  /** What the transport was told last. */
  #isReading = true;
  #isClosing = false;
  #isDiscarding = false;
  #isStopped = false;
  #lengthAtLook = 0;
  /** The transport ended while frames it brought still waited to be delivered. */
  #endIsPending = false;

  /**
   * @throws UsageError `invalid-option` for a limit that is not a whole number.
   */
  constructor(
    sink: ConnectionSink,
    options: ConnectionOptions,
    limits: ConnectionLimits,
    output: Corkable,
    owner: InputOwner,
  ) {
    this.#sink = sink;
    this.#owner = owner;
    this.#output = output;
    this.#now = options.now;
    this.#deflate = options.deflate;
    this.#limits = limits;
    this.#readers = messageReaders(options);
  }

  #borrow(): MessageReader {
    this.#reader ??= this.#readers.borrow(this, this.#deflate);
    return this.#reader;
  }

  #giveBack(): void {
    const reader = this.#reader;
    if (reader !== undefined && this.#readers.takeBack(reader)) this.#reader = undefined;
  }

  /** True while a message has begun and not ended. */
  get isUnfinished(): boolean {
    return this.#reader?.assembler.isUnfinished ?? false;
  }

  /** Whether the message that is unfinished has more bytes than when one looked last. */
  hasGrown(): boolean {
    const length = this.#reader?.assembler.length ?? 0;
    const hasGrown = this.isUnfinished && length !== this.#lengthAtLook;
    this.#lengthAtLook = length;
    return hasGrown;
  }

  /** True while nothing is read. */
  get isShut(): boolean {
    return this.#reader?.gate.isShut ?? false;
  }

  /** True unless what comes is to be kept from an owner who has paused. */
  get isWanted(): boolean {
    const isPaused = this.#reader?.gate.isPausedByOwner ?? false;
    return !this.#isDiscarding && !(this.#isClosing && isPaused);
  }

  /** Takes in what the transport delivered. */
  receive(bytes: Buffer): void {
    if (this.#isStopped) return;
    const isMyTurn = this.#output.cork();
    if (isMyTurn) this.#deflate?.beginTurn();
    try {
      this.#borrow().frames.receive(bytes);
    } finally {
      if (isMyTurn) this.#output.uncork();
    }
    this.#giveBack();
  }

  /** The transport has ended. @returns false when that must wait behind what it brought. */
  takeEnd(): boolean {
    this.#endIsPending = this.isShut;
    return !this.#endIsPending;
  }

  /** Stops delivery. */
  pause(): void {
    if (this.#isStopped) return;
    const { gate } = this.#borrow();
    if (this.#isClosing) gate.overruleOwner();
    gate.setOwnerPause(true);
  }

  /** Goes on with delivery. */
  resume(): void {
    this.#reader?.gate.setOwnerPause(false);
    this.#goOn();
  }

  /** Reads on for the peer's close frame, also against a pause of the owner. */
  readOn(): void {
    this.#isClosing = true;
    this.#reader?.gate.overruleOwner();
    this.#goOn();
  }

  /** Delivers nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#reader?.stop();
  }

  /** Tells what is overdue of the message that is unfinished. */
  tick(nowMs: number): ProtocolError | undefined {
    return this.isUnfinished ? this.#watch(nowMs).tick(nowMs) : undefined;
  }

  #watch(nowMs: number): MessageDeadline {
    this.#deadline ??= new MessageDeadline(this.#limits, this.#isReading, nowMs);
    return this.#deadline;
  }

  #goOn(): void {
    const gate = this.#reader?.gate;
    if (gate?.isShut) this.#open(gate);
    this.#giveBack();
  }

  #open(gate: InputGate): void {
    const isMyTurn = this.#output.cork();
    try {
      gate.open();
    } finally {
      if (isMyTurn) this.#output.uncork();
      // Whoever was told that output has left may have paused again, or gone on, so that the gate is
      // somebody else's by now; whoever has thrown has not.
      if (!this.isShut && !this.#endIsPending) this.wantsInput(true);
    }
    if (!this.isShut && this.#endIsPending) this.#owner.receiveEnd();
  }

  /** For the gate: whether the transport is to be read. */
  wantsInput(isWanted: boolean): void {
    this.#isReading = isWanted;
    this.#deadline?.reading(isWanted, this.#now());
    this.#sink.wantsInput(isWanted);
  }

  // ── what the assembler tells ───────────────────────────────────────────────────────────────

  message(data: string | Buffer): void {
    if (this.#ended()) this.#sink.message(data);
  }

  messageStart(isText: boolean): void {
    if (this.#mayDeliver()) this.#sink.messageStart!(isText);
  }

  messagePiece(piece: string | Buffer): void {
    if (this.#mayDeliver()) this.#sink.messagePiece!(piece);
  }

  messageEnd(): void {
    if (this.#ended()) this.#sink.messageEnd!();
  }

  #mayDeliver(): boolean {
    if (this.isWanted) return true;
    this.#isDiscarding = true;
    return false;
  }

  /** Takes note of a message; returns whether it is to be delivered. */
  #ended(): boolean {
    this.#deadline = undefined;
    this.#lengthAtLook = 0;
    const isWanted = this.#mayDeliver();
    if (isWanted) this.messagesReceived += 1;
    else this.messagesDiscarded += 1;
    return isWanted;
  }

  control(opcode: number, payload: Buffer): void {
    this.#owner.control(opcode, payload);
  }

  failed(error: ProtocolError): void {
    this.#owner.fail(error);
  }

  inflating(isInflating: boolean): void {
    const nowMs = this.#now();
    this.#watch(nowMs).inflating(isInflating, nowMs);
  }

  pauseFrames(): void {
    this.#reader!.gate.pauseForJob();
  }

  whenWanted(deliver: () => void): void {
    const { gate } = this.#reader!;
    if (gate.isHeldByOwner) gate.jobDone(deliver);
    else deliver();
  }

  jobDone(deliver: () => void): void {
    this.#deadline?.inflating(false, this.#now());
    this.#reader!.gate.jobDone(deliver);
    this.#goOn();
  }
}
