/**
 * The last moments of a connection: our side has ended, and the peer may still be sending.
 *
 * ```
 *   server ── last response ── FIN ──────────────► client
 *          ◄── the rest of an upload ── FIN ───────         read and thrown away, then closed
 * ```
 * Closing a socket with unread input resets the connection, and a reset takes the response away
 * that the client has not read yet: an early 413 would never arrive. So input is read until the
 * peer ends, or for a bounded time, or up to a bounded number of bytes [RFC 9112 §9.6].
 */
import { Deadline } from './clock.ts';
import type { ServerSettings } from './server-settings.ts';
import type { PumpSink, SocketPump, TransportEnd } from './socket-pump.ts';

/** Takes over a pump on which nothing more is to be said. */
export class Lingering implements PumpSink {
  readonly #pump: SocketPump;
  readonly #deadline: Deadline<SocketPump>;
  readonly #onClosed: (end: TransportEnd) => void;
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param onClosed called once. */
  constructor(pump: SocketPump, settings: ServerSettings, onClosed: (end: TransportEnd) => void) {
    this.#pump = pump;
    this.#onClosed = onClosed;
    this.#maxBytes = settings.maxLingerBytes;
    this.#deadline = new Deadline<SocketPump>(settings.wheel, pump, cut);
    pump.sink = this;
    pump.end();
    // While the response is on its way, the write deadline watches.
    pump.whenFlushed(() => {
      if (!pump.isGone) this.#deadline.setIn(settings.lingerTimeoutMs);
    });
  }

  receive(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) this.#pump.cut('ended');
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
