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
  #aborter: AbortController | undefined;
  #cancel: (() => void) | undefined;
  #left: Error | undefined;
  #isOver = false;

  /** @param timeoutMs counted from the first look at {@link signal}. */
  constructor(client: Leaver, timeoutMs: number, alarm: Alarm) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#alarm = alarm;
  }

  /** Aborted when time is up before {@link end}, and whenever the client goes away. */
  get signal(): AbortSignal {
    this.#aborter ??= this.#begin();
    return this.#aborter.signal;
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

  #begin(): AbortController {
    const aborter = new AbortController();
    const leave = (): void => {
      this.#left = hasEnded();
      aborter.abort(this.#left);
    };
    if (this.#client.isGone) leave();
    else this.#client.onLeaving(leave);
    if (!this.#isOver) this.#cancel = this.#alarm(this.#timeoutMs, () => aborter.abort());
    return aborter;
  }
}
