/** A WebSocket that comes back: each failed attempt waits longer, at random, up to a bound. */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 15_000;
/** A connection that lasted this long has proved itself: the next wait is short again. */
const PROOF_MS = 3_000;

/** What a link reports. */
export interface LinkEvents {
  open(): void;
  message(text: string): void;
  /** It is down; it tries again in `waitMs`. */
  down(waitMs: number, attempt: number): void;
}

/** Keeps one WebSocket open to `path` for as long as the page lives. */
export class Link {
  readonly #path: string;
  readonly #events: LinkEvents;
  #socket: WebSocket | undefined;
  #attempt = 0;
  #openedAt = 0;

  /** Connects at once. */
  constructor(path: string, events: LinkEvents) {
    this.#path = path;
    this.#events = events;
    this.#connect();
  }

  /** Sends if the connection is open, and tells whether it was. */
  send(message: unknown): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect(): void {
    const url = new URL(this.#path, location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#openedAt = performance.now();
      this.#events.open();
    };
    socket.onmessage = (event) => this.#events.message(String(event.data));
    socket.onclose = () => this.#comeBack();
  }

  #comeBack(): void {
    if (this.#openedAt > 0 && performance.now() - this.#openedAt > PROOF_MS) this.#attempt = 0;
    this.#openedAt = 0;
    // Growing, and different for each client, so that a restart is not followed by a stampede.
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#attempt);
    const waitMs = longest * (0.5 + Math.random() / 2);
    this.#attempt += 1;
    this.#events.down(waitMs, this.#attempt);
    setTimeout(() => this.#connect(), waitMs);
  }
}
