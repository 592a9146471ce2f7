/**
 * Resets: our own, and those of peers that are not read.
 *
 * ```
 *   read ──► a reset fails the next read
 *   not read: paused, or the peer has ended its side ──► nobody asks the kernel; so, once a second:
 *            a write of no bytes ──► nothing is sent; ECONNRESET or EPIPE if the connection is gone
 * ```
 * A socket that is not read and has nothing to write is watched by nothing in Node, so that a
 * client that pipelines more than is read ahead, or ends its side, and then goes away, would be
 * served for as long as its answer takes. What is more, libuv takes a reset that comes right behind
 * bytes for an end, so that even a client that has sent a request and reset seems to wait. With TCP
 * keep-alive, which the server switches on, hosts that vanish without a word become resets too.
 * What cannot be seen is an end (FIN) behind bytes that are not read: only reading would show it.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Deadline, type TimerWheel } from './clock.ts';

/** How long a reset may go unnoticed, but for a tick of the wheel. */
const PROBE_MS = 900;
const NOTHING = Buffer.alloc(0);

/** Asks after one socket until it is stopped. */
export class ResetProbe {
  readonly #socket: Duplex;
  readonly #deadline: Deadline<ResetProbe>;

  /** Begins to ask. A stream that is no socket is not asked: it would see the empty writes. */
  constructor(wheel: TimerWheel, socket: Duplex) {
    this.#socket = socket;
    this.#deadline = new Deadline<ResetProbe>(wheel, this, whenDue);
    if (socket instanceof Socket) this.#deadline.setIn(PROBE_MS);
  }

  /** Asks no more. */
  stop(): void {
    this.#deadline.clear();
  }

  /** @internal */
  whenDue(): void {
    const socket = this.#socket;
    if (socket.destroyed || socket.writableEnded) return;
    // What waits to be written is watched by the kernel anyway.
    if (socket.writableLength === 0) socket.write(NOTHING);
    this.#deadline.setIn(PROBE_MS);
  }
}

/**
 * Destroys a socket so that its peer sees an error, which only TCP can do. TLS needs no help: its
 * proper end is a message of its own, and destroying sends none [RFC 8446 §6.1].
 */
export function resetSocket(socket: Duplex): void {
  const isTcp = socket.constructor === Socket && (socket as Socket).remoteAddress !== undefined;
  // While only its FIN is on the way, Node cannot reset a socket, and would lose it in trying: it
  // would never close. Everything has been sent by then, so that the end tells no lie.
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isTcp && !isEnding) (socket as Socket).resetAndDestroy();
  else socket.destroy();
}

function whenDue(probe: ResetProbe): void {
  probe.whenDue();
}
