/** One real connection to a server, over a wire and with a clock in the hands of a law. */
import assert from 'node:assert/strict';
import { createServer, type Exchange } from 'barewire';
import { FakeTime } from './fake-time.ts';
import { turn } from './interleavings.ts';
import { type Bounds, type KeptConnection, TICK_MS } from './kept-connection.ts';
import type { Wanted } from './kept-request.ts';
import { duplexPair } from './sockets.ts';

/** More than is handed to a stream before it must be read. */
const MUCH = Buffer.alloc(700_000, 'm');

/** A client, the handler of its requests, and the server between them. */
export class KeptLine {
  readonly #time = new FakeTime();
  readonly #errors: unknown[] = [];
  readonly #server;
  readonly #near;
  readonly #far;
  #received = '';
  #hasEnd = false;
  #exchange: Exchange | undefined;
  #pieces: AsyncIterator<Buffer> | undefined;

  constructor(bounds: Bounds) {
    // Ticks come at whole multiples of their length then, and nothing happens between them.
    this.#time.advance(TICK_MS - (this.#time.now() % TICK_MS));
    this.#server = createServer({
      headTimeoutMs: bounds.headTicks * TICK_MS,
      bodyTimeoutMs: bounds.bodyTicks * TICK_MS,
      keepAliveTimeoutMs: bounds.idleTicks * TICK_MS,
      halfCloseTimeoutMs: bounds.halfTicks * TICK_MS,
      lingerTimeoutMs: bounds.lingerTicks * TICK_MS,
      maxLingerMs: bounds.mostLingerTicks * TICK_MS,
      maxLingerBytes: bounds.maxLingerBytes,
      maxDrainBytes: bounds.maxDrainBytes,
      bodyPortionBytes: bounds.portionBytes,
      ...{ writeTimeoutMs: 1e9, maxUnreadBytes: 1e9, maxBodyBytes: 1e9 },
      time: this.#time,
      error: (error) => this.#errors.push(error),
      request: (exchange) => {
        this.#exchange = exchange;
        this.#pieces = exchange.body[Symbol.asyncIterator]();
      },
    });
    [this.#near, this.#far] = duplexPair();
    this.#far.on('error', () => {});
    this.#far.on('end', () => {
      this.#hasEnd = true;
    });
    this.#far.on('data', (bytes: Buffer) => {
      // Only what is said about it counts.
      this.#received += bytes.toString('latin1').replace(/m{99,}/g, '');
    });
    this.#server.serve(this.#near);
  }

  async send(bytes: string | Buffer): Promise<void> {
    this.#far.write(bytes);
    await rest();
  }

  /** The beginning of a head, or the rest of it. */
  async sendHead(wanted: Wanted, part: 'first' | 'second'): Promise<void> {
    const lines = [`${wanted.method} ${wanted.method === 'CONNECT' ? 'a:1' : '/'} HTTP/1.1`];
    lines.push(wanted.method === 'CONNECT' ? 'host: a:1' : 'host: a');
    if (wanted.method === 'POST') lines.push(`content-length: ${wanted.bytes}`);
    if (wanted.expects) lines.push('expect: 100-continue');
    if (wanted.saysClose) lines.push('connection: close');
    const head = `${lines.join('\r\n')}\r\n\r\n`;
    await this.send(part === 'first' ? head.slice(0, 9) : head.slice(9));
  }

  async next(): Promise<void> {
    // What a piece that is waited for fails with is seen by the client.
    this.#pieces!.next().catch(() => {});
    await rest();
  }

  async leave(): Promise<void> {
    await this.#pieces!.return!();
    await rest();
  }

  async answer(isMuch: boolean): Promise<void> {
    if (isMuch) this.#far.pause();
    this.#exchange!.respond(404, {}, isMuch ? MUCH : 'no');
    await rest();
  }

  async hear(): Promise<void> {
    this.#far.resume();
    for (let round = 0; round < 10; round += 1) await rest();
  }

  async end(): Promise<void> {
    this.#far.end();
    await rest();
  }

  async tick(): Promise<void> {
    this.#time.advance(TICK_MS);
    await rest();
  }

  /** It is where the model is. */
  agree(model: KeptConnection): void {
    const { phase, isDeaf, serverEnded } = model;
    assert.equal(this.#near.destroyed, phase === 'closed', `closed, in ${phase}`);
    assert.deepEqual(this.#errors, []);
    if (isDeaf) return;
    if (phase !== 'closed') assert.equal(this.#hasEnd, serverEnded, `ended, in ${phase}`);
    const heads = this.#received.match(/HTTP\/1\.1 .*?\r\n\r\n/gs) ?? [];
    const said = heads.map((head) =>
      /connection: close\r/i.test(head) ? `${head.slice(9, 12)} close` : head.slice(9, 12),
    );
    assert.deepEqual(said, model.said);
  }

  /** Nothing of it stays. */
  async close(): Promise<void> {
    this.#far.destroy();
    await rest();
    const closed = this.#server.close({ deadlineMs: 0 });
    this.#time.advance(2 * TICK_MS);
    await closed;
    assert.equal(this.#server.stats().openConnections, 0);
    assert.equal(this.#time.tickers, 0, 'a timer is left');
  }
}

async function rest(): Promise<void> {
  for (let left = 4; left > 0; left -= 1) await turn();
}
