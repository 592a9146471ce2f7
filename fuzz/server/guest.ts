/**
 * A well-behaved client: it keeps every deadline that the server documents, by the server's clock,
 * and so it must be served, whoever else is there.
 *
 * What it owes is reckoned from when it has sent something, and holds from when the server has read
 * that: until then, what was due before is due still.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { RawClient } from '../../spec/support/sockets.ts';
import type { Asked } from './answers.ts';
import type { Duty, Pace } from './pace.ts';
import type { Subject } from './subject.ts';
import { turns } from './turns.ts';

/** The server's deadlines, as documented, in ms. */
export const DUE = {
  head: 10_000,
  body: 30_000,
  idle: 5_000,
  message: 60_000,
  write: 30_000,
  half: 30_000,
} as const;
/** Nothing is due until the server says something. */
export const NEVER: number = Number.POSITIVE_INFINITY;

const MOST_TURNS = 100_000;

/** A server to visit, and its time. */
export type Where = Pick<Subject, 'port' | 'socketOf' | 'historyOf'> & { readonly pace: Pace };

/** One connection of such a client. */
export class Guest {
  readonly duty: Duty;
  readonly #where: Where;
  readonly #client: RawClient;
  #port = 0;
  #sent = 0;
  #heard = 0;

  /** Connects. The first head is due from now on. */
  constructor(where: Where) {
    this.#where = where;
    this.duty = where.pace.begin(DUE.head);
    this.#client = new RawClient(where.port);
    // Else a second piece would wait for 40 ms, until the first is acknowledged.
    this.#client.socket.setNoDelay(true);
  }

  /** Waits until the server has the connection. */
  async arrive(): Promise<void> {
    const { socket } = this.#client;
    if (socket.connecting) await once(socket, 'connect');
    this.#port = socket.localPort!;
    await this.#until(() => this.served !== undefined, 'be let in');
  }

  /** Sends, and waits until it has been read; what comes next is due `nextMs` from now. */
  async send(data: string | Uint8Array, nextMs: number): Promise<void> {
    const dueAt = this.#where.pace.now + nextMs;
    this.duty.dueAt = Math.min(this.duty.dueAt, dueAt);
    this.#client.send(data);
    this.#sent += data.length;
    await this.#landed();
    this.duty.dueAt = dueAt;
  }

  /** Sends what moves no deadline. */
  async sendMore(data: string | Uint8Array): Promise<void> {
    await this.send(data, this.duty.dueAt - this.#where.pace.now);
  }

  /** Sends, and does not wait until it has been read. */
  pour(data: string | Uint8Array): void {
    this.#client.send(data);
    this.#sent += data.length;
  }

  /** Reads no more. */
  stopReading(): void {
    this.#client.socket.pause();
  }

  /** Ends its side. */
  end(): void {
    this.#client.socket.end();
  }

  /** Whether the server has ended the connection, as far as this client reads. */
  get isOver(): boolean {
    return this.#client.isOver || this.served === undefined;
  }

  /** Waits for that. */
  async untilOver(): Promise<void> {
    await this.#until(() => this.isOver, 'the end', false);
  }

  /** The server's end of the connection, while it has one. */
  get served(): Socket | undefined {
    return this.#where.socketOf(this.#port);
  }

  /** The requests that the server has read. */
  get asked(): readonly Asked[] {
    return this.#where.historyOf(this.#port) ?? [];
  }

  /** Lets time pass: this client has some, as long as no other one is in a hurry. */
  dawdle(ms: number): void {
    const room = this.duty.dueAt - 1 - this.#where.pace.now;
    if (Math.min(room, ms) > 0) this.#where.pace.advance(Math.min(ms, room));
  }

  /**
   * Waits for a text that matches from its beginning, behind what was heard already.
   *
   * @param dawdleMs how much time passes while it waits another turn.
   */
  async hear(pattern: RegExp, dawdleMs = 0): Promise<string> {
    let found: RegExpExecArray | null = null;
    let seenBytes = -1;
    await this.#until(() => {
      this.dawdle(dawdleMs);
      if (this.#client.byteLength === seenBytes) return false;
      seenBytes = this.#client.byteLength;
      found = pattern.exec(this.#rest);
      return found?.index === 0;
    }, String(pattern));
    const [text] = found!;
    this.#heard += text.length;
    return text;
  }

  /** Waits until everything that came matches, and the server has said no more. */
  async hearAll(pattern: RegExp): Promise<void> {
    await this.hear(pattern);
    await turns(5);
    if (this.#rest !== '') throw this.#failure('says more');
  }

  /** Waits until the server has ended the connection, in good order and without another word. */
  async hearEnd(): Promise<void> {
    await this.#until(() => this.#client.isOver, 'the end');
    const { error } = this.#client;
    if (error !== undefined || this.#rest !== '') throw this.#failure(`ends with ${error}`);
  }

  /** The server has not ended the connection. */
  async stays(): Promise<void> {
    await turns(5);
    if (this.#client.isOver) throw this.#failure('ended');
  }

  /** Goes away. */
  leave(): void {
    this.#where.pace.end(this.duty);
    this.#client.close();
  }

  get #rest(): string {
    return this.#client.text.slice(this.#heard);
  }

  async #landed(): Promise<void> {
    await this.#until(() => (this.served?.bytesRead ?? 0) >= this.#sent, 'be heard');
  }

  /** Waits until the server has let go of the connection. */
  async untilGone(): Promise<void> {
    await this.#until(() => this.served === undefined, 'be let go', false);
  }

  async #until(isTrue: () => boolean, wanted: string, needsServer = true): Promise<void> {
    for (let left = MOST_TURNS; left > 0; left -= 1) {
      if (isTrue()) return;
      if (needsServer && this.#client.isOver) throw this.#failure(`ended without ${wanted}`);
      await turns(1);
    }
    throw this.#failure(`waited in vain for ${wanted}`);
  }

  #failure(what: string): Error {
    const { error } = this.#client;
    return new Error(`${what}: ${error ?? ''} ${JSON.stringify(this.#rest.slice(0, 300))}`);
  }
}
