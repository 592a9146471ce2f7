/**
 * The last moments of a connection: our side has ended, and the peer may still be sending.
 *
 * ```
 *   server ── last response ── FIN ──────────────► client
 *          ◄── the rest of an upload ── FIN ───────         read and thrown away, then closed
 * ```
 * Closing a socket with unread input resets the connection, and a reset takes the response away
 * that the client has not read yet: an early 413 would never arrive. So input is read until the
 * peer ends or sends nothing for a while, for a bounded time, and up to a bounded number of bytes
 * [RFC 9112 §9.6]. An upload that goes on slowly is not cut off before its answer was seen.
 */
import { Deadline } from './clock.ts';
import type { PumpSink, TransportEnd } from './pump-sink.ts';
import type { ServerSettings } from './server-settings.ts';
import type { SocketPump } from './socket-pump.ts';

/** Takes over a pump on which nothing more is to be said. */
export class Lingering implements PumpSink {
  readonly #pump: SocketPump;
  readonly #deadline: Deadline<SocketPump>;
  readonly #onClosed: (end: TransportEnd) => void;
  readonly #settings: ServerSettings;
  /** When it is over in any case; not before the response has left. */
  #endsAt = Number.POSITIVE_INFINITY;
  #bytes = 0;

  /** @param onClosed called once. */
  constructor(pump: SocketPump, settings: ServerSettings, onClosed: (end: TransportEnd) => void) {
    this.#pump = pump;
    this.#onClosed = onClosed;
    this.#settings = settings;
    this.#deadline = new Deadline<SocketPump>(settings.wheel, pump, cut);
    pump.sink = this;
    pump.end();
    // While the response is on its way, the write deadline watches.
    pump.whenFlushed(() => {
      if (pump.isGone) return;
      this.#endsAt = settings.wheel.time.now() + settings.maxLingerMs;
      this.#wait();
    });
  }

  /** Waits for more, or for the end. */
  #wait(): void {
    const { wheel, lingerTimeoutMs } = this.#settings;
    this.#deadline.setAt(Math.min(wheel.time.now() + lingerTimeoutMs, this.#endsAt));
  }

  receive(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#settings.maxLingerBytes) this.#pump.cut('ended');
    else if (this.#deadline.isSet) this.#wait();
  }

  /** Both sides have ended: the socket closes by itself. */
  receiveEnd(): void {}

  drained(): void {}

  closed(end: TransportEnd): void {
    this.#deadline.clear();
    this.#onClosed(end);
  }
}

function cut(pump: SocketPump): void {
  pump.cut('ended');
}
