/**
 * One conversation in the hands of a law: a server, a client that sends as much as it is told to,
 * and handlers that do one thing after the other when they are told to.
 */
import assert from 'node:assert/strict';
import { createServer, type Exchange, type ExchangeReport } from 'barewire';
import type { WebSocketPeer } from 'barewire/peer';
import { FakeTime } from './fake-time.ts';
import {
  type Asked,
  bodyOf,
  type Conversation,
  isOpened,
  isTaken,
  isUpgrade,
  writeSpeech,
} from './http-conversation.ts';
import { turn } from './interleavings.ts';
import { duplexPair } from './sockets.ts';

/** What handlers throw on purpose. */
class Meant extends Error {}

/** Things to do with one request, in their order. */
type Acts = (() => void)[];

/** A conversation that goes on. */
export class ConversationRun {
  readonly conversation: Conversation;
  readonly time = new FakeTime();
  readonly errors: unknown[] = [];
  /** The requests that came, by number. */
  readonly dispatched: number[] = [];
  readonly reports: ExchangeReport[][] = [];
  /** What the client has read, and what it has sent; one character is one byte. */
  received = '';
  sent = 0;
  readonly wire: string;
  /** What the owner of a hijacked socket has got, and has written. */
  taken = '';
  given = '';
  /** What came and went over a WebSocket. */
  readonly heard: string[] = [];
  readonly said: string[] = [];
  /** Whether nothing has happened that keeps anything from being whole. */
  isPeaceful = true;
  readonly near;
  readonly far;
  readonly server;
  #acts: Acts = [];
  #peer: WebSocketPeer | undefined;
  #passedMs = 0;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(conversation: Conversation) {
    this.conversation = conversation;
    this.wire = writeSpeech(conversation).wire;
    [this.near, this.far] = duplexPair();
    this.far.on('error', () => {});
    this.far.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
    });
    this.server = createServer({
      time: this.time,
      error: (error) => void (error instanceof Meant || this.errors.push(error)),
      request: (exchange) => this.#handle(exchange),
      websocket: {
        accept: (exchange) => this.#decide(exchange),
        open: (peer) => {
          this.#peer = peer;
        },
        message: (_, data) => void this.heard.push(String(data)),
      },
    });
    this.server.serve(this.near);
  }

  // ── what the client does ───────────────────────────────────────────────────────────────────

  send(count: number): void {
    const piece = this.wire.slice(this.sent, this.sent + count);
    if (piece === '' || !this.far.writable) return;
    this.sent += piece.length;
    this.far.write(Buffer.from(piece, 'latin1'));
  }

  /** Reads no more, for now. A wire that both have ended loses what is not read, unlike a socket. */
  pause(): void {
    if (!this.far.writableEnded) this.far.pause();
  }

  /** Ends its side, or goes away. */
  leave(how: 'end' | 'destroy'): void {
    // Who has ended its side, after everything was sent, is answered as ever; nobody else is.
    this.isPeaceful &&= how === 'end' && this.sent === this.wire.length && this.#isPlain;
    if (how === 'destroy') this.far.destroy();
    else this.far.resume().end();
  }

  /** Whether everything is answered by `respond` and `stream`. */
  get #isPlain(): boolean {
    const plain = ['respond', 'read', 'stream', 'refuse'];
    return this.conversation.requests.every(({ way }) => plain.includes(way));
  }

  // ── what the server does ───────────────────────────────────────────────────────────────────

  /** Does the next thing with the request that is there. */
  act(): void {
    this.#acts.shift()?.();
  }

  get hasActs(): boolean {
    return this.#acts.length > 0;
  }

  close(deadlineMs: number): void {
    this.#closing ??= this.server.close({ deadlineMs }).then(() => {
      this.#isClosed = true;
    });
  }

  pass(ms: number): void {
    this.#passedMs += ms;
    this.isPeaceful &&= this.#passedMs < 4_000;
    this.time.advance(ms);
  }

  /** Nobody says anything more, until every deadline is over; is it let go? */
  async expire(): Promise<void> {
    if (this.#closing !== undefined) return;
    for (let second = 0; second < 40; second += 1) {
      this.time.advance(1_000);
      await turn();
      await turn();
    }
    const last = this.conversation.requests[this.dispatched.length - 1];
    const isHeld = last !== undefined && (isTaken(last) || isOpened(last) || last.way === 'listen');
    assert.ok(isHeld || this.near.destroyed, 'a connection is kept for nothing');
  }

  /** The server closes, whoever is there still. */
  async finish(): Promise<void> {
    this.close(5_000);
    for (let second = 0; second < 12; second += 1) {
      for (let count = 0; count < 4; count += 1) await turn();
      this.time.advance(1_000);
    }
    assert.ok(this.#isClosed, `it never ends: ${JSON.stringify(this.server.stats())}`);
    for (let count = 0; count < 4; count += 1) await turn();
  }

  #begin(exchange: Exchange): [request: Asked, index: number] {
    const index = Number(exchange.path.slice(1));
    const reports: ExchangeReport[] = [];
    this.dispatched.push(index);
    this.reports[index] = reports;
    exchange.onClose((report) => void reports.push(report));
    const request = this.conversation.requests[index]!;
    assert.equal(exchange.wantsWebSocket, isUpgrade(request));
    return [request, index];
  }

  #handle(exchange: Exchange): Promise<void> {
    const [request, index] = this.#begin(exchange);
    return new Promise((resolve, reject) => {
      if (request.way === 'throw') this.#acts = [() => reject(new Meant('on purpose'))];
      else this.#acts = [...this.#actsFor(exchange, request, index), resolve];
    });
  }

  #decide(exchange: Exchange): Promise<true | undefined> {
    const [{ way }] = this.#begin(exchange);
    return new Promise((resolve) => {
      const refuse = (): void => {
        if (exchange.ending === undefined) exchange.reject(404, 'refused');
        resolve(undefined);
      };
      if (way === 'refuse') this.#acts = [refuse];
      else this.#acts = [() => resolve(true), () => this.#say('one'), () => this.#say('two')];
      if (way === 'goodbye') this.#acts.push(() => void this.#peer?.close(1000));
    });
  }

  #say(text: string): void {
    if (this.#peer?.isOpen !== true) return;
    this.said.push(text);
    this.#peer.send(text);
  }

  #actsFor(exchange: Exchange, request: Asked, index: number): Acts {
    const { way } = request;
    const respond = (): void => exchange.respond(200, {}, `whole ${index}`);
    if (way === 'respond') return [respond];
    if (way === 'read') return [() => void this.#read(exchange, request), respond];
    if (way === 'stream' || way === 'abort') return this.#streamActs(exchange, index, way);
    if (way === 'events' || way === 'listen') return this.#eventActs(exchange, index, way);
    return this.#ownerActs(exchange, way);
  }

  async #read({ body }: Exchange, request: Asked): Promise<void> {
    // Broken off where the client or the server has gone.
    const text = await body.text().catch(() => undefined);
    if (text !== undefined && text !== bodyOf(request)) this.errors.push(new Error(`read ${text}`));
  }

  #streamActs(exchange: Exchange, index: number, way: Asked['way']): Acts {
    let body: ReturnType<Exchange['stream']>;
    const write = (): void => void body.write(`piece ${index} `);
    return [
      () => {
        body = exchange.stream(200);
      },
      write,
      write,
      () => {
        this.isPeaceful &&= way !== 'abort';
        if (way === 'abort') body.abort();
        else body.end();
      },
    ];
  }

  #eventActs(exchange: Exchange, index: number, way: Asked['way']): Acts {
    let events: ReturnType<Exchange['eventStream']>;
    const send = (): void => void events.send({ data: `event ${index}` });
    const begin = (): void => {
      events = exchange.eventStream();
    };
    return [begin, send, send, ...(way === 'events' ? [() => events.close()] : [])];
  }

  #ownerActs(exchange: Exchange, way: Asked['way']): Acts {
    let socket: ReturnType<Exchange['hijack']>['socket'];
    const take = (): void => {
      const taken = exchange.hijack();
      ({ socket } = taken);
      this.taken += taken.head.toString('latin1');
      socket.on('error', () => {});
      socket.on('data', (bytes: Buffer) => {
        this.taken += bytes.toString('latin1');
      });
    };
    const write = (): void => {
      if (!socket.writable) return;
      this.given += 'raw HTTP/1.1 200 no answer\r\n\r\n';
      socket.write('raw HTTP/1.1 200 no answer\r\n\r\n');
    };
    if (way === 'hijack') return [take, write, write, () => socket.end()];
    const destroy = (): void => {
      this.isPeaceful = false;
      socket.destroy();
    };
    return [take, write, destroy];
  }
}
