/** Attackers that send a request head one byte a second, and come back whenever they are cut. */
import { connect, type Socket } from 'node:net';

const HEAD = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ';
const BYTE_MS = 1_000;

/** Two hundred slow heads, or as many as wanted. */
export class SlowHeads {
  /** How long each connection lasted from its opening until the server cut it, in ms. */
  readonly cutMs: number[] = [];
  /** How many of them were told 408 before. */
  told = 0;
  readonly #port: number;
  readonly #sockets = new Map<Socket, number>();
  readonly #timer: NodeJS.Timeout;
  #isOver = false;

  constructor(port: number, count: number) {
    this.#port = port;
    for (let index = 0; index < count; index += 1) this.#attack();
    this.#timer = setInterval(() => this.#creep(), BYTE_MS);
  }

  #attack(): void {
    const socket = connect({ port: this.#port, host: '127.0.0.1' });
    let openedAt = performance.now();
    socket.once('connect', () => {
      openedAt = performance.now();
      this.#sockets.set(socket, 0);
    });
    // A byte that crosses the cut on its way is answered by a reset.
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      if (bytes.toString('latin1').startsWith('HTTP/1.1 408 ')) this.told += 1;
    });
    const cut = (): void => {
      if (!this.#sockets.delete(socket) || this.#isOver) return;
      this.cutMs.push(performance.now() - openedAt);
      socket.destroy();
      this.#attack();
    };
    socket.once('end', cut);
    socket.once('close', cut);
  }

  #creep(): void {
    for (const [socket, sent] of this.#sockets) {
      this.#sockets.set(socket, sent + 1);
      socket.write(HEAD[sent] ?? 'x');
    }
  }

  /** Goes away. */
  stop(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    for (const socket of this.#sockets.keys()) socket.destroy();
  }
}
