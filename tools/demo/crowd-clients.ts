/** The two kinds of guest in the crowd, on raw sockets and our own readers. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { encodeFrame, FrameReader, OPCODE } from 'barewire/codec';
import { buildUpgradeRequest, encodeHandshakeKey, readUpgradeResponse } from 'barewire/handshake';
import { ResponseReader } from 'barewire/http';
import { EventStreamReader } from 'barewire/sse';
import type { ChatFromPage, ChatToPage, Tick } from './page/messages.ts';

/** Where the server is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A guest that holds a connection open. */
export interface Guest {
  /** Resolves when the connection is up; rejects when it is refused or breaks before. */
  readonly opened: Promise<void>;
  /** Why it broke after it was up, if it did. */
  readonly broken: string | undefined;
  close(): void;
}

/** What both kinds need: a socket, and a promise that is settled once. */
abstract class SocketGuest implements Guest {
  readonly opened: Promise<void>;
  broken: string | undefined;
  protected readonly socket: Socket;
  protected readonly host: string;
  #opening!: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #isClosing = false;

  constructor({ host, port }: Address) {
    this.host = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.opened = new Promise((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    this.socket = connect({ host, port, noDelay: true });
    this.socket.on('data', (bytes) => this.receive(bytes));
    this.socket.on('error', (error) => this.fail(error.message));
    this.socket.on('close', () => this.fail('closed by the server'));
  }

  close(): void {
    this.#isClosing = true;
    this.socket.destroy();
  }

  protected abstract receive(bytes: Buffer): void;

  protected succeed(): void {
    this.#opening?.resolve();
    this.#opening = undefined;
  }

  protected fail(reason: string): void {
    if (this.#isClosing) return;
    this.#opening?.reject(new Error(reason));
    this.#opening = undefined;
    this.broken ??= reason;
    this.close();
  }
}

/** Somebody in the chat. */
export class ChatGuest extends SocketGuest {
  readonly #key = encodeHandshakeKey(randomBytes(16));
  readonly #head: ResponseReader;
  readonly #frames: FrameReader;
  readonly #waiting = new Map<string, () => void>();
  #isOpen = false;
  #opcode = 0;
  #text = '';

  constructor(address: Address, target = '/chat') {
    super(address);
    this.#head = new ResponseReader({
      head: (head) => {
        const answer = readUpgradeResponse(head, {}, this.#key);
        if (!answer.ok) return this.fail(answer.error.message);
        this.#isOpen = true;
        this.succeed();
      },
      body: () => undefined,
      end: () => undefined,
      failed: (error) => this.fail(error.message),
    });
    this.#head.expect('GET');
    this.#frames = new FrameReader(
      {
        frame: (header) => {
          if (header.opcode === OPCODE.close) this.fail('close frame');
          this.#opcode = header.opcode;
          this.#text = '';
        },
        payload: (bytes, start, end) => {
          this.#text += bytes.toString('utf8', start, end);
        },
        frameEnd: () => this.#take(this.#opcode, this.#text),
        failed: (error) => this.fail(error.message),
      },
      { role: 'client' },
    );
    const wishes = { host: this.host, target };
    this.socket.write(buildUpgradeRequest(wishes, this.#key), 'latin1');
  }

  /** Sends a message as the page does. */
  send(message: ChatFromPage): void {
    this.#write(OPCODE.text, JSON.stringify(message));
  }

  /** Resolves when somebody has said exactly `text`. */
  hears(text: string): Promise<void> {
    return new Promise((done) => this.#waiting.set(text, done));
  }

  protected override receive(bytes: Buffer): void {
    if (this.#isOpen) return this.#frames.receive(bytes);
    this.#head.receive(bytes);
    if (this.#isOpen) this.#frames.receive(this.#head.handOver());
  }

  #write(opcode: number, payload: string): void {
    this.socket.write(encodeFrame({ opcode, payload, maskingKey: randomBytes(4) }));
  }

  #take(opcode: number, text: string): void {
    // The payloads of this server's pings are text.
    if (opcode === OPCODE.ping) this.#write(OPCODE.pong, text);
    if (opcode !== OPCODE.text) return;
    const message = JSON.parse(text) as ChatToPage;
    if (message.type !== 'line') return;
    this.#waiting.get(message.line.text)?.();
    this.#waiting.delete(message.line.text);
  }
}

/** Somebody who listens to the ticker. */
export class StreamGuest extends SocketGuest {
  /** Ticks received, and ticks that were missing between two of them. */
  ticks = 0;
  missed = 0;
  readonly #head: ResponseReader;
  #newest = 0;

  constructor(address: Address, target = '/events') {
    super(address);
    const events = new EventStreamReader({
      event: ({ type, data }) => {
        if (type === 'tick') this.#take(JSON.parse(data) as Tick);
      },
      retry: () => undefined,
      failed: (error) => this.fail(error.message),
    });
    this.#head = new ResponseReader(
      {
        head: ({ status }) => (status === 200 ? this.succeed() : this.fail(`status ${status}`)),
        body: (bytes) => events.receive(bytes),
        end: () => this.fail('ended by the server'),
        failed: (error) => this.fail(error.message),
      },
      { maxBodyBytes: Number.POSITIVE_INFINITY },
    );
    this.#head.expect('GET');
    this.socket.write(
      `GET ${target} HTTP/1.1\r\nhost: ${this.host}\r\naccept: text/event-stream\r\n\r\n`,
    );
  }

  protected override receive(bytes: Buffer): void {
    this.#head.receive(bytes);
  }

  #take({ n }: Tick): void {
    if (this.#newest > 0) this.missed += n - this.#newest - 1;
    this.#newest = n;
    this.ticks += 1;
  }
}
