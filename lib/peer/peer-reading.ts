/**
 * The reading half of a peer: who reads, and how what came gets there.
 *
 * ```
 *                ┌─ a handler ──► message(peer, data), or stream(peer, message) with pieces
 *   Connection ──┼─ for await (const message of peer) ──────────► whole messages
 *                └─ for await (const message of peer.streams()) ─► messages as they come
 * ```
 * One of the three, once. What a handler throws closes the connection with 1011 and is never lost;
 * from then on it is called for nothing more than the end.
 */
import debug from 'debug';
import { callSafely, isThenable, UsageError } from '../base/index.ts';
import type { CloseReport, Connection } from '../connection/index.ts';
import type { QueueControl } from './bounded-queue.ts';
import { type IncomingMessage, IncomingQueue, MessageQueue } from './incoming.ts';
import { PEER_CHANNELS } from './peer-channels.ts';
import { checkReader, type WebSocketHandler, type WebSocketOptions } from './peer-options.ts';
import type { WebSocketPeer } from './websocket-peer.ts';

const log = debug('barewire:peer');

/** Whether somebody reads, and whether what they threw has ended that. */
type ReadingState = 'unread' | 'read' | 'failed';

/** Reads for one peer. */
export class PeerReading {
  readonly peer: WebSocketPeer;
  /** Messages thrown away because the connection is closing, or nobody reads any more. */
  messagesDiscarded = 0;
  readonly #options: WebSocketOptions;
  #connection: Connection | undefined;
  /** Who wants a pause: the application, others who know nothing of it, a loop that is full. */
  #holders: Set<object> | undefined;
  #handler: WebSocketHandler | undefined;
  /** With `delivery: 'pieces'`, messages as they come; else whole ones, for whoever iterates. */
  #queue: MessageQueue | IncomingQueue | undefined;
  #state: ReadingState = 'unread';

  constructor(peer: WebSocketPeer, options: WebSocketOptions) {
    this.peer = peer;
    this.#options = options;
  }

  /** What is read; it delivers nothing before somebody is there. */
  set connection(connection: Connection) {
    this.#connection = connection;
    connection.pause();
  }

  get connection(): Connection {
    return this.#connection!;
  }

  /** True when somebody reads, by whichever way. */
  get isAttached(): boolean {
    return this.#state !== 'unread';
  }

  // ── who reads ──────────────────────────────────────────────────────────────────────────────

  /** See {@link WebSocketPeer.attach}; `report`: how it has ended already. */
  attach(handler: WebSocketHandler, report: CloseReport | undefined): void {
    checkReader(handler, this.#options.delivery);
    this.claim();
    this.#handler = handler;
    this.call('open');
    if (report !== undefined) this.call('close', report);
    else this.steer();
  }

  /** Iterates over whole messages. */
  messages(report: CloseReport | undefined): AsyncIterator<string | Buffer, undefined> {
    if (this.#options.delivery === 'pieces') {
      throw new UsageError('invalid-state', "with delivery: 'pieces' read streams()");
    }
    this.claim();
    const queue = new MessageQueue(this.queueControl());
    this.#queue = queue;
    if (report !== undefined) queue.close();
    else this.steer();
    return queue;
  }

  /** Iterates over messages as they come. */
  streams(report: CloseReport | undefined): AsyncIterableIterator<IncomingMessage> {
    if (this.#options.delivery !== 'pieces') {
      throw new UsageError('invalid-state', "streams() needs the option delivery: 'pieces'");
    }
    this.claim();
    const queue = this.openIncoming();
    if (report !== undefined) queue.close();
    else this.steer();
    return queue;
  }

  /** Somebody wants a pause. */
  pause(holder: object): void {
    this.#holders ??= new Set();
    this.#holders.add(holder);
    this.steer();
  }

  /** Somebody wants none any more; others may still hold everything up. */
  resume(holder: object): void {
    this.#holders?.delete(holder);
    this.steer();
  }

  private steer(): void {
    const isHeld = this.#holders !== undefined && this.#holders.size > 0;
    if (this.isAttached && !isHeld) this.#connection!.resume();
    else this.#connection!.pause();
  }

  private claim(): void {
    if (this.isAttached) {
      throw new UsageError('already-reading', 'somebody reads this peer already');
    }
    this.#state = 'read';
  }

  private openIncoming(): IncomingQueue {
    this.#queue ??= new IncomingQueue(this.queueControl(), this.#handler === undefined);
    return this.#queue as IncomingQueue;
  }

  private queueControl(): QueueControl {
    return {
      pause: () => this.pause(this),
      resume: () => this.resume(this),
      leave: (waiting) => {
        this.messagesDiscarded += waiting;
        void this.peer.close(1000);
      },
      discarded: () => {
        this.messagesDiscarded += 1;
      },
    };
  }

  // ── what comes ─────────────────────────────────────────────────────────────────────────────

  /** Every message passes here: called directly, without the arrays that `call` makes. */
  message(data: string | Buffer): void {
    const handler = this.#handler;
    if (handler === undefined) {
      (this.#queue as MessageQueue | undefined)?.push(data);
    } else if (this.#state === 'failed') {
      this.messagesDiscarded += 1;
    } else if (handler.message !== undefined) {
      try {
        const result: unknown = handler.message(this.peer, data);
        if (result !== undefined) this.watch(result);
      } catch (error) {
        this.handlerFailed(error);
      }
    }
  }

  /** A message begins. */
  messageStart(isText: boolean): void {
    if (this.#state === 'failed') {
      this.messagesDiscarded += 1;
      return;
    }
    const handler = this.#handler;
    if (handler === undefined) this.openIncoming().start(isText);
    else if (handler.stream !== undefined) this.stream(handler, this.openIncoming().start(isText));
    // Else the handler wants no messages: the pieces are for nobody.
  }

  /** What a handler has not begun to read when it is done holds up nothing behind it. */
  private stream(handler: WebSocketHandler, message: IncomingMessage): void {
    const settled = (): void => message.skipUnread();
    try {
      const result: unknown = handler.stream!(this.peer, message);
      if (isThenable(result)) this.watch(result, settled);
      else settled();
    } catch (error) {
      this.handlerFailed(error);
    }
  }

  /** Its next piece. */
  messagePiece(piece: string | Buffer): void {
    (this.#queue as IncomingQueue | undefined)?.piece(piece);
  }

  /** It is complete. */
  messageEnd(): void {
    (this.#queue as IncomingQueue | undefined)?.end();
  }

  /** A ping came, and was answered. */
  ping(payload: Buffer): void {
    this.call('ping', payload);
  }

  /** A pong came. */
  pong(payload: Buffer, roundTripMs: number | undefined): void {
    this.call('pong', payload, roundTripMs);
  }

  /** The connection is closing: whoever iterates holds it up no more. */
  finish(): void {
    this.#queue?.finish();
  }

  /** The connection is over: no reader waits any more. */
  end(): void {
    this.#queue?.close();
  }

  /** Calls a handler; what it throws closes the connection with 1011 and is never lost. */
  call(name: keyof WebSocketHandler, ...rest: unknown[]): void {
    const handler = this.#handler;
    const method = handler?.[name] as ((...all: unknown[]) => unknown) | undefined;
    if (method === undefined || (this.#state === 'failed' && name !== 'close')) return;
    try {
      this.watch(method.call(handler, this.peer, ...rest));
    } catch (error) {
      this.handlerFailed(error);
    }
  }

  /** Promises of other libraries count as well. */
  private watch(result: unknown, settled?: () => void): void {
    if (!isThenable(result)) return;
    Promise.resolve(result).then(settled, (error: unknown) => this.handlerFailed(error));
  }

  private handlerFailed(error: unknown): void {
    const { peer } = this;
    this.#state = 'failed';
    log('handler failed: %O', error);
    if (PEER_CHANNELS.error.hasSubscribers) PEER_CHANNELS.error.publish({ peer, error });
    void peer.close(1011, 'handler failed');
    if (this.#options.handlerFailed === undefined) {
      console.error('barewire: a WebSocket handler failed:', error);
      return;
    }
    callSafely(
      () => this.#options.handlerFailed!(error, peer),
      // Nobody is left to be told, and one connection must not end the process.
      (secondError) => console.error('barewire: handlerFailed failed itself:', secondError),
    );
  }
}
