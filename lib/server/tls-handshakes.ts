/**
 * TLS handshakes that are under way: each has so much time, and all are given up when the server
 * closes, for nobody waits for them then.
 *
 * ```
 *   'connection' ─► begin ─┬─ 'secureConnection' ─► end ──► the first head is due
 *                          ├─ the deadline ───────► destroyed
 *                          └─ endAll ─────────────► destroyed
 * ```
 * Which socket lies under one that is secure, Node tells by an internal property. It is looked for
 * first: where it is missing, no handshake has a deadline of ours but only Node's own.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Deadline, type TimerWheel } from './clock.ts';

/** The part of a TLS socket that is used. */
interface Internals {
  readonly _parent?: Duplex | null;
}

/** The handshakes of one server that have begun and are not over. */
export class TlsHandshakes {
  readonly #wheel: TimerWheel;
  readonly #timeoutMs: number;
  readonly #deadlines = new Map<Duplex, Deadline<Duplex>>();
  #canTell = true;

  /** @param timeoutMs how long each may take. */
  constructor(wheel: TimerWheel, timeoutMs: number) {
    this.#wheel = wheel;
    this.#timeoutMs = timeoutMs;
  }

  /** How many are under way. */
  get size(): number {
    return this.#deadlines.size;
  }

  /** A handshake begins on a socket. Streams of other kinds are hidden under a wrapper by Node. */
  begin(accepted: Duplex): void {
    if (!this.#canTell || !(accepted instanceof Socket)) return;
    const deadline = new Deadline<Duplex>(this.#wheel, accepted, destroy);
    deadline.setIn(this.#timeoutMs);
    this.#deadlines.set(accepted, deadline);
  }

  /** The handshake is done that has made this TLS socket. */
  done(secure: Duplex): void {
    const under = socketUnder(secure);
    if (under) this.forget(under);
    else this.#giveUpTelling();
  }

  /** Forgets a handshake, if there is one on this socket. */
  forget(accepted: Duplex): void {
    this.#deadlines.get(accepted)?.clear();
    this.#deadlines.delete(accepted);
  }

  /** Destroys all sockets whose handshake is under way. */
  endAll(): void {
    for (const accepted of this.#deadlines.keys()) {
      this.forget(accepted);
      accepted.destroy();
    }
  }

  #giveUpTelling(): void {
    this.#canTell = false;
    for (const accepted of this.#deadlines.keys()) this.forget(accepted);
  }
}

/** The socket that was accepted, below this TLS socket; `undefined` where Node does not tell. */
export function socketUnder(secure: Duplex): Duplex | undefined {
  return (secure as unknown as Internals)._parent ?? undefined;
}

function destroy(accepted: Duplex): void {
  accepted.destroy();
}
