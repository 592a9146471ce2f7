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
import type { ConnectionKind } from './connection-kind.ts';
import type { ConnectionOptions, ConnectionSink } from './connection-options.ts';
import type { Corkable } from './connection-output.ts';
import type { InputGate, InputSwitch } from './input-gate.ts';
import { MessageDeadline } from './message-deadline.ts';
import type { MessageReader } from './message-reader.ts';

/** Is told what is not a message, and knows what is the same for both halves. */
export interface InputOwner {
  readonly kind: ConnectionKind;
  readonly deflate: ConnectionOptions['deflate'];
  /** The time in ms. */
  now(): number;
  /** A close, ping or pong frame came; the payload is yours. May throw a ProtocolError. */
  control(opcode: number, payload: Buffer): void;
  /** The peer broke a rule: the connection cannot go on. */
  fail(error: ProtocolError): void;
  /** The end of the transport, which waited behind bytes, has its turn. */
  receiveEnd(): void;
}

/** How far it has gone: it never goes back. */
const PHASE = { open: 0, closing: 1, discarding: 2, stopped: 3 } as const;

/** Reads for one connection. */
export class ConnectionInput implements AssemblerSink, InputSwitch {
  /** Messages that came, and were handed on. */
  messagesReceived = 0;
  /** Messages that were thrown away, because they came after `close` for an owner who had paused. */
  messagesDiscarded = 0;
  readonly #sink: ConnectionSink;
  readonly #owner: InputOwner;
  readonly #output: Corkable;
  /** Ours while it holds something: a part of a message, a pause. */
  #reader: MessageReader | undefined;
  #phase: number = PHASE.open;

  constructor(sink: ConnectionSink, output: Corkable, owner: InputOwner) {
    this.#sink = sink;
    this.#output = output;
    this.#owner = owner;
  }

  private borrow(): MessageReader {
    const { kind, deflate } = this.#owner;
    this.#reader ??= kind.readers.borrow(this, deflate);
    return this.#reader;
  }

  private giveBack(): void {
    const reader = this.#reader;
    if (reader !== undefined && this.#owner.kind.readers.takeBack(reader)) this.#reader = undefined;
  }

  /** True while a message has begun and not ended. */
  get isUnfinished(): boolean {
    return this.#reader?.assembler.isUnfinished ?? false;
  }

  /** Whether the message that is unfinished has more bytes than when one looked last. */
  hasGrown(): boolean {
    return this.#reader?.hasGrown() ?? false;
  }

  /** True while nothing is read. */
  get isShut(): boolean {
    return this.#reader?.gate.isShut ?? false;
  }

  /** True unless what comes is to be kept from an owner who has paused. */
  get isWanted(): boolean {
    if (this.#phase === PHASE.closing) return this.#reader?.gate.isPausedByOwner !== true;
    return this.#phase === PHASE.open;
  }

  /** Takes in what the transport delivered. */
  receive(bytes: Buffer): void {
    if (this.#phase === PHASE.stopped) return;
    const isMyTurn = this.#output.cork();
    if (isMyTurn) this.#owner.deflate?.beginTurn();
    try {
      this.borrow().frames.receive(bytes);
    } finally {
      if (isMyTurn) this.#output.uncork();
    }
    this.giveBack();
  }

  /** The transport has ended. @returns false when that must wait behind what it brought. */
  takeEnd(): boolean {
    return this.#reader?.gate.takeEnd() ?? true;
  }

  /** Stops delivery. */
  pause(): void {
    if (this.#phase === PHASE.stopped) return;
    const { gate } = this.borrow();
    if (this.#phase >= PHASE.closing) gate.overruleOwner();
    gate.setOwnerPause(true);
  }

  /** Goes on with delivery. */
  resume(): void {
    this.#reader?.gate.setOwnerPause(false);
    this.goOn();
  }

  /** Reads on for the peer's close frame, also against a pause of the owner. */
  readOn(): void {
    this.reach(PHASE.closing);
    this.#reader?.gate.overruleOwner();
    this.goOn();
  }

  private reach(phase: number): void {
    if (phase > this.#phase) this.#phase = phase;
  }

  /** Delivers nothing any more. */
  stop(): void {
    this.#phase = PHASE.stopped;
    this.#reader?.stop();
  }

  /** Tells what is overdue of the message that is unfinished. */
  tick(nowMs: number): ProtocolError | undefined {
    return this.isUnfinished ? this.watch(nowMs).tick(nowMs) : undefined;
  }

  private watch(nowMs: number): MessageDeadline {
    const reader = this.#reader!;
    reader.deadline ??= new MessageDeadline(this.#owner.kind.limits, !this.isShut, nowMs);
    return reader.deadline;
  }

  private goOn(): void {
    const gate = this.#reader?.gate;
    if (gate?.isShut) this.open(gate);
    this.giveBack();
  }

  private open(gate: InputGate): void {
    const isMyTurn = this.#output.cork();
    try {
      gate.open();
    } finally {
      if (isMyTurn) this.#output.uncork();
      // Whoever was told that output has left may have paused again, or gone on, so that the gate is
      // somebody else's by now; whoever has thrown has not.
      if (!this.isShut && !this.endIsPending()) this.wantsInput(true);
    }
    if (!this.isShut && this.endIsPending()) this.#owner.receiveEnd();
  }

  /** The transport ended while frames it brought still waited to be delivered. */
  private endIsPending(): boolean {
    return this.#reader?.gate.endIsPending ?? false;
  }

  /** For the gate: whether the transport is to be read. */
  wantsInput(isWanted: boolean): void {
    this.#reader?.deadline?.reading(isWanted, this.#owner.now());
    this.#sink.wantsInput(isWanted);
  }

  // ── what the assembler tells ───────────────────────────────────────────────────────────────

  message(data: string | Buffer): void {
    if (this.ended()) this.#sink.message(data);
  }

  messageStart(isText: boolean): void {
    if (this.mayDeliver()) this.#sink.messageStart!(isText);
  }

  messagePiece(piece: string | Buffer): void {
    if (this.mayDeliver()) this.#sink.messagePiece!(piece);
  }

  messageEnd(): void {
    if (this.ended()) this.#sink.messageEnd!();
  }

  private mayDeliver(): boolean {
    if (this.isWanted) return true;
    this.reach(PHASE.discarding);
    return false;
  }

  /** Takes note of a message; returns whether it is to be delivered. */
  private ended(): boolean {
    this.#reader!.ended();
    const isWanted = this.mayDeliver();
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
    const nowMs = this.#owner.now();
    this.watch(nowMs).inflating(isInflating, nowMs);
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
    const { deadline, gate } = this.#reader!;
    deadline?.inflating(false, this.#owner.now());
    gate.jobDone(deliver);
    this.goOn();
  }
}
