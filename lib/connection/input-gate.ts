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
  readonly #transport: InputSwitch;
  #isPausedByOwner = false;
  #isPausedByJob = false;
  #isShut = false;
  #hasStopped = false;

  /** @param transport is asked to bring no more, and to go on. */
  constructor(reader: FrameReader, transport: InputSwitch) {
    this.#reader = reader;
    this.#transport = transport;
  }

  /** True while nothing is delivered, for any reason but the end. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** The owner wants a pause, or not any more. */
  setOwnerPause(isPaused: boolean): void {
    this.#isPausedByOwner = isPaused;
    if (isPaused) this.#shut();
  }

  /** A job elsewhere must end before the next frame, or has ended. */
  setJobPause(isPaused: boolean): void {
    this.#isPausedByJob = isPaused;
    if (isPaused) this.#shut();
  }

  #shut(): void {
    if (this.#isShut || this.#hasStopped) return;
    this.#isShut = true;
    this.#reader.pause();
    this.#transport.wantsInput(false);
  }

  /** Delivers what was kept, if nothing stands against it. @returns whether the gate is open now. */
  open(): boolean {
    if (!this.#isShut) return true;
    if (this.#isPausedByOwner || this.#isPausedByJob) return false;
    this.#isShut = false;
    this.#reader.resume();
    return !this.#isShut;
  }

  /** No frame is delivered any more; input is taken and ignored, so that its end is noticed. */
  stop(): void {
    this.#hasStopped = true;
    this.#reader.stop();
    if (!this.#isShut) return;
    this.#isShut = false;
    this.#transport.wantsInput(true);
  }
}
