/**
 * Whether frames are delivered: the owner may have paused, a job may be running, or it is all over.
 *
 * The reader keeps what it is given meanwhile; the transport is asked to bring no more.
 */
import type { FrameReader } from '../codec/index.ts';

/** Can be told whether input is wanted. */
export interface InputSwitch {
  wantsInput(isWanted: boolean): void;
}

/** Pauses a frame reader for as long as there is a reason to. */
export class InputGate {
  readonly #reader: FrameReader;
  #transport: InputSwitch;
  #isPausedByOwner = false;
  #isPausedByJob = false;
  #isOwnerOverruled = false;
  #isShut = false;
  #hasStopped = false;
  #isDelivering = false;
  #endIsPending = false;
  /** What a job gave, which an owner's pause keeps waiting like everything else. */
  #result: (() => void) | undefined;

  /** @param transport is asked to bring no more, and to go on. */
  constructor(reader: FrameReader, transport: InputSwitch) {
    this.#reader = reader;
    this.#transport = transport;
  }

  /** Whether nothing is remembered: no pause, no result, nothing that was asked for, no end. */
  get isAtRest(): boolean {
    const isPaused = this.#isPausedByOwner || this.#isPausedByJob || this.#isShut;
    const hasMore = this.#result !== undefined || this.#isDelivering || this.#endIsPending;
    return !isPaused && !hasMore && !this.#isOwnerOverruled && !this.#hasStopped;
  }

  /** Tells another transport from now on. It is at rest. */
  serve(transport: InputSwitch): void {
    this.#transport = transport;
  }

  /** True while nothing is delivered, for any reason but the end. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** The transport has ended. @returns false when that must wait behind what it brought. */
  takeEnd(): boolean {
    this.#endIsPending = this.#isShut;
    return !this.#endIsPending;
  }

  /** The transport ended while frames it brought still waited to be delivered. */
  get endIsPending(): boolean {
    return this.#endIsPending;
  }

  /** True while the owner wants nothing to be delivered. */
  get isPausedByOwner(): boolean {
    return this.#isPausedByOwner;
  }

  /** True while nothing is delivered because the owner wants it so. */
  get isHeldByOwner(): boolean {
    return this.#isPausedByOwner && !this.#isOwnerOverruled;
  }

  /** The owner wants a pause, or not any more. */
  setOwnerPause(isPaused: boolean): void {
    this.#isPausedByOwner = isPaused;
    if (this.isHeldByOwner) this.#shut();
  }

  /** From the next {@link open} on the owner's pauses hold up nothing. */
  overruleOwner(): void {
    this.#isOwnerOverruled = true;
  }

  /** A job elsewhere must end before the next frame. */
  pauseForJob(): void {
    this.#isPausedByJob = true;
    this.#shut();
  }

  /**
   * The job has ended; `deliver` is called by the next {@link open} that nothing stands against.
   */
  jobDone(deliver: () => void): void {
    this.#isPausedByJob = false;
    this.#result = deliver;
  }

  #mustWait(): boolean {
    return this.isHeldByOwner || this.#isPausedByJob;
  }

  #shut(): void {
    if (this.#isShut || this.#hasStopped) return;
    this.#isShut = true;
    this.#reader.pause();
    this.#transport.wantsInput(false);
  }

  /**
   * Delivers what was kept, if nothing stands against it. @returns whether the gate is open now.
   */
  open(): boolean {
    if (!this.#isShut) return true;
    if (this.#mustWait()) return false;
    const deliver = this.#result;
    this.#result = undefined;
    if (deliver !== undefined) this.#deliver(deliver);
    // Whoever took the result may have paused, resumed or ended everything.
    if (!this.#isShut) return true;
    if (this.#mustWait()) return false;
    this.#isShut = false;
    this.#reader.resume();
    return !this.#isShut;
  }

  #deliver(deliver: () => void): void {
    this.#isDelivering = true;
    try {
      deliver();
    } finally {
      this.#isDelivering = false;
    }
  }

  /** No frame is delivered any more; input is taken and ignored, so that its end is noticed. */
  stop(): void {
    this.#hasStopped = true;
    this.#result = undefined;
    this.#reader.stop();
    if (!this.#isShut) return;
    this.#isShut = false;
    this.#transport.wantsInput(true);
  }
}
