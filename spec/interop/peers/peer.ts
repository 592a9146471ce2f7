/**
 * Other people's WebSockets, all behind one face: they echo, and they obey a few words.
 *
 * ```
 * !ping TEXT          send a ping with this payload; answer "pong TEXT" when its pong has come
 * !parts A|B|C        answer with one message in so many fragments
 * !close CODE REASON  close so; without a code: with an empty close frame
 * ```
 * Everything else comes back as it was. What the other end of a connection says in its close frame
 * is written down. A peer is the same whether it called us or was called.
 */

/** One of the foreign implementations. */
export interface ForeignPeer {
  readonly name: string;
  /** What is missing for it on this machine; `undefined` when it can run. */
  missing?(): string | undefined;
  start(): Promise<RunningPeer>;
  /** How its server behaves; `undefined` when it has none. */
  readonly asServer?: Habits;
  /** How its client behaves. */
  readonly asClient: Habits;
}

/** Where the implementations differ, as far as the standards let them. */
export interface Habits {
  /** Sends pings when told to. */
  readonly pings?: boolean;
  /** Sends fragments when told to. */
  readonly fragments?: boolean;
  /** The parameter sets it does not agree to; left out: it knows no compression. */
  readonly declines?: readonly string[];
  /** Compresses what it sends, and does not only inflate. */
  readonly compresses?: boolean;
  /** What it says when it closes and is told no code; left out: nothing, which is 1005. */
  readonly bareClose?: string;
  /** What it makes of a close frame without a code, if not 1005. */
  readonly bareCloseHeard?: string;
}

/** A foreign implementation at work. */
export interface RunningPeer {
  /** The URL of its echo server. */
  readonly url?: string;
  /** Makes its echo client call this URL. */
  connect?(url: string): void;
  /** What it saw at the end of a connection: the code and the reason, in the order of the ends. */
  nextEnd(): Promise<string>;
  stop(): void | Promise<void>;
}

/** The ends of connections as they are seen, and the wait for them. */
export class Ends {
  readonly #seen: string[] = [];
  readonly #waiting: ((end: string) => void)[] = [];

  see(code: number | undefined, reason: string | Buffer | undefined): void {
    const end = `${code} ${reason ?? ''}`.trim();
    const next = this.#waiting.shift();
    if (next === undefined) this.#seen.push(end);
    else next(end);
  }

  next(): Promise<string> {
    const end = this.#seen.shift();
    return end === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(end);
  }
}

/** What an implementation can do with one connection. */
export interface EchoSocket {
  send(data: string | Buffer): unknown;
  ping?(payload: string, ponged: () => void): void;
  sendParts?(parts: readonly string[]): void;
  close(code?: number, reason?: string): void;
}

/** Echoes a message, or does what it says. */
export function obey(socket: EchoSocket, data: string | Buffer): void {
  const [, word, rest] = (typeof data === 'string' && /^!(\w+) ?(.*)$/.exec(data)) || [];
  if (word === 'ping') socket.ping!(rest!, () => socket.send(`pong ${rest}`));
  else if (word === 'parts') socket.sendParts!(rest!.split('|'));
  else if (word === 'close') {
    const [code, ...reason] = rest!.split(' ');
    if (code === '') socket.close();
    else socket.close(Number(code), reason.join(' '));
  } else socket.send(data);
}
