/** A demo on a free port for one spec, and small clients that talk to it. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { createDemo, type DemoOptions } from '../../tools/demo/demo.ts';
import type { ChatToPage, WireToPage } from '../../tools/demo/page/messages.ts';
import type { World } from '../../tools/demo/world.ts';

/** A running demo. */
export interface RunningDemo {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  readonly world: World;
  /** Ends it now, as a crash would. */
  close(): Promise<void>;
}

/** Something with a `teardown`: a test of tap. */
interface Owner {
  teardown(action: () => unknown): void;
}

/** Serves the demo until the test ends. The ticker stands still unless it is started. */
export async function startDemo(
  owner: Owner,
  options: DemoOptions = {},
  wantedPort = 0,
): Promise<RunningDemo> {
  const quick = { run: 'e', stepMs: 1, lineMs: 1, retryMs: 10 };
  const { server, world } = createDemo({ ...quick, ...options });
  const { port } = await server.listen(wantedPort, '127.0.0.1');
  const close = async (): Promise<void> => {
    world.close();
    await server.close({ deadlineMs: 0 });
  };
  owner.teardown(close);
  return { port, origin: `http://127.0.0.1:${port}`, world, close };
}

/** A WebSocket of `ws` that remembers every message as JSON. */
export class JsonSocket<Message extends ChatToPage | WireToPage> {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  #changed: (() => void)[] = [];
  #isOver = false;

  /** Connects; `origin` is the page that asks, if there is one. */
  constructor(url: string, origin?: string) {
    this.socket = new WebSocket(url, origin === undefined ? {} : { origin });
    this.socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)) as Message);
      this.#wake();
    });
    this.socket.on('error', () => this.#finish());
    this.socket.on('close', () => this.#finish());
  }

  async open(): Promise<this> {
    await once(this.socket, 'open');
    return this;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Waits for the first message of a type that fits, from the beginning on. */
  async until<Type extends Message['type']>(
    type: Type,
    fits: (message: Extract<Message, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<Message, { type: Type }>> {
    for (;;) {
      const found = this.messages.find(
        (message): message is Extract<Message, { type: Type }> =>
          message.type === type && fits(message as Extract<Message, { type: Type }>),
      );
      if (found !== undefined) return found;
      if (this.#isOver) throw new Error(`ended without ${type}`);
      await new Promise<void>((wake) => this.#changed.push(wake));
    }
  }

  /** Waits until it is closed. */
  async closed(): Promise<void> {
    while (!this.#isOver) await new Promise<void>((wake) => this.#changed.push(wake));
  }

  #finish(): void {
    this.#isOver = true;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const wake of waiting) wake();
  }
}
