/**
 * How long `accept` may think about a handshake: until time is up, or the client goes away.
 *
 * Most answer at once, and never look: signal, timer and listener are made for those who do.
 */
import { HandshakeRejected } from '../base/index.ts';
import type { Alarm } from '../peer/index.ts';

/** Whose going away ends the waiting. */
export interface Leaver {
  /** True when the client has gone away. */
  readonly isGone: boolean;
  /** Called when the client goes away. */
  onLeaving(callback: () => void): void;
}

/** Why a client that is not there any more is refused. */
export function hasEnded(): HandshakeRejected {
  return new HandshakeRejected(400, 'the client has ended its side');
}

/** The patience with one `accept`. */
export class Patience {
  readonly #client: Leaver;
  readonly #timeoutMs: number;
  readonly #alarm: Alarm;
  #hasBegun = false;
  #aborter: AbortController | undefined;
  #giveUp: ((reason: Error) => void) | undefined;
  #cancel: (() => void) | undefined;
  #left: Error | undefined;
  #isLost = false;
  #isOver = false;

  /** @param timeoutMs counted from the first call of {@link within} or look at {@link signal}. */
  constructor(client: Leaver, timeoutMs: number, alarm: Alarm) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#alarm = alarm;
  }

  /** Aborted when time is up before {@link end}, and whenever the client goes away. */
  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      if (this.#isLost) this.#aborter.abort(this.#left);
      this.#begin();
    }
    return this.#aborter.signal;
  }

  /**
   * Waits for an answer, but not when patience is lost: rejects with the refusal then. Without a
   * signal, which would cost more than the rest of a handshake.
   */
  within<Answer>(answer: PromiseLike<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject;
      if (this.#isLost) this.#tell();
      this.#begin();
      answer.then(resolve, reject);
    });
  }

  /** Whether this was the reason to wait no longer: that the client has left. */
  wasLeft(reason: Error): boolean {
    return reason === this.#left;
  }

  /** Nobody waits any more. */
  end(): void {
    this.#isOver = true;
    this.#cancel?.();
  }

  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const leave = (): void => this.#lose(hasEnded());
    if (this.#client.isGone) leave();
    else this.#client.onLeaving(leave);
    if (!this.#isOver) this.#cancel = this.#alarm(this.#timeoutMs, () => this.#lose(undefined));
  }

  #lose(left: Error | undefined): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#left = left;
    this.#aborter?.abort(left);
    this.#tell();
  }

  #tell(): void {
    this.#giveUp?.(this.#left ?? new HandshakeRejected(503, 'no decision in time'));
  }
}
