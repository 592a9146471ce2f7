import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as netConnect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';

/** One end of a wire without sockets. */
class WireEnd extends Duplex {
  other!: WireEnd;
  /** Tells the other end's last write that there is room again. */
  #takeMore: (() => void) | undefined;

  readonly #isPrompt: boolean;

  constructor(isPrompt: boolean) {
    super({ allowHalfOpen: true });
    this.#isPrompt = isPrompt;
  }

  override _read(): void {
    const takeMore = this.#takeMore;
    this.#takeMore = undefined;
    takeMore?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.other.push(Buffer.from(chunk))) this.other.#takeMore = done;
    else if (this.#isPrompt) done();
    else process.nextTick(done);
  }

  override _final(done: () => void): void {
    this.other.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    process.nextTick(() => this.other.destroy());
    done(error);
  }
}

/**
 * Two ends of a wire: what one writes the other reads, with back-pressure.
 *
 * @param isPrompt says at once that a write is done. Node forgets to finish a stream that is ended
 *   in the middle of several such writes.
 */
export function duplexPair(isPrompt = true): [Duplex, Duplex] {
  const left = new WireEnd(isPrompt);
  const right = new WireEnd(isPrompt);
  left.other = right;
  right.other = left;
  return [left, right];
}

/** Listens on a free port of 127.0.0.1. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

/**
 * A free path for a unix socket. Not below the sources: a path may have 107 bytes, and longer ones
 * are cut without a word.
 */
export function socketPath(t: { teardown(done: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'barewire-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'socket');
}

/**
 * How long a client waits in vain, in ticks of 10 ms: 20 s, and longer where the machine is busy. A
 * spec that waits for ever would not tell what for.
 */
const PATIENCE_TICKS = 2_000;

/** A client that remembers everything it has received. */
export class RawClient {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  #length = 0;
  #isOver = false;
  #error: Error | undefined;
  #changed: (() => void)[] = [];

  constructor(port: number) {
    this.socket = netConnect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
      this.#wake();
    });
    this.socket.on('end', () => this.#finish());
    this.socket.on('close', () => this.#finish());
    this.socket.on('error', (error) => {
      this.#error = error;
      this.#finish();
    });
  }

  /** Everything received so far, as Latin-1. */
  get text(): string {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]?.toString('latin1') ?? '';
  }

  /** How many bytes were received. */
  get byteLength(): number {
    return this.#length;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(data: string | Uint8Array): this {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
    return this;
  }

  /** Waits until the text received matches, and returns it. Rejects when the server ends before. */
  async until(pattern: RegExp | string): Promise<string> {
    for (;;) {
      const isThere =
        typeof pattern === 'string' ? this.text.includes(pattern) : pattern.test(this.text);
      if (isThere) return this.text;
      if (this.#isOver)
        throw new Error(`ended without ${String(pattern)}: ${JSON.stringify(this.text)}`);
      await this.#change(String(pattern));
    }
  }

  /** Waits until so many bytes are there. */
  async untilLength(byteLength: number): Promise<void> {
    while (this.#length < byteLength) {
      if (this.#isOver) throw new Error(`ended after ${this.#length} bytes`);
      await this.#change(`${byteLength} bytes`);
    }
  }

  /** Waits until the server has ended its side, and returns everything it sent. */
  async ended(): Promise<string> {
    while (!this.#isOver) await this.#change('the end');
    return this.text;
  }

  /** Resolves when something has come; rejects when nothing does. */
  #change(wanted: string): Promise<void> {
    return new Promise((resolve, reject) => {
      let ticks = 0;
      const ticking = setInterval(() => {
        ticks += 1;
        if (ticks < PATIENCE_TICKS) return;
        clearInterval(ticking);
        reject(new Error(`waited in vain for ${wanted}, after ${this.#length} bytes`));
      }, 10);
      this.#changed.push(() => {
        clearInterval(ticking);
        resolve();
      });
    });
  }

  close(): void {
    this.socket.destroy();
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

/** Resolves when the condition holds; looks again after each turn of the event loop. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 100_000; turn += 1) {
    if (condition()) return;
    await new Promise<void>((next) => setImmediate(next));
  }
  throw new Error(`never came true: ${condition.toString()}`);
}
