/**
 * A client that listens to server-sent events [HTML §9.2].
 *
 * ```
 *  head ─► catch-up from the log ─► events as they come ─┬─► end: the client comes back by itself
 *          (Last-Event-ID)          ▲ heartbeat if idle  └─► gone: noticed at the next write
 * ```
 * Each event is one chunk, and all events of a turn leave in one write. With a replay log a client
 * that comes back misses nothing and gets nothing twice, whenever the application begins to send:
 * what the log holds between the catch-up and the first live event is filled in.
 *
 * A dead client is found only by writing to it, so the heartbeat is also the reaper. What waits for
 * a client that reads slowly is bounded, and the policy for it is the one of WebSocket peers.
 */
import { UsageError } from '../base/index.ts';
import type { Backlog, SendOutcome } from '../peer/index.ts';
import { type EventFields, encodeComment, type LoggedEvent, type ReplayLog } from '../sse/index.ts';
import { Deadline, type TimerWheel } from './clock.ts';
import type { EventStreamSettings } from './event-stream-settings.ts';
import type { ResponseChannel } from './response-channel.ts';
import { encodeSharedEvent } from './shared-text.ts';

/** What a stream asks of its exchange. */
export interface EventStreamOwner {
  readonly signal: AbortSignal;
  /** Cuts the connection, so that the client sees that the stream is not complete. */
  breakOff(error: unknown): void;
  /** Cuts a client that reads too slowly. */
  cutSlowConsumer(): void;
}

/** Options of {@link EventStreamPeer.offer}. */
export interface OfferOptions {
  /** With `conflate`: replaces an older event of the same key that still waits. */
  readonly key?: string | undefined;
}

/** One listening client. */
export class EventStreamPeer {
  /** The position that the client came back with; "" when it is here for the first time. */
  readonly lastEventId: string;
  readonly #channel: ResponseChannel;
  readonly #owner: EventStreamOwner;
  /** Its own from the first event on that is held back, or dropped. */
  #backlog: Backlog;
  readonly #replay: ReplayLog | undefined;
  readonly #keepAliveMs: number;
  readonly #deadline: Deadline<EventStreamPeer>;
  /** The newest event of the log that was sent, or dropped. */
  #position: string | undefined;
  #eventsDropped = 0;

  /** Made by `exchange.eventStream`, when the head has just been written. */
  constructor(
    channel: ResponseChannel,
    owner: EventStreamOwner,
    lastEventId: string,
    settings: EventStreamSettings,
    wheel: TimerWheel,
  ) {
    this.#channel = channel;
    this.#owner = owner;
    this.lastEventId = lastEventId;
    this.#replay = settings.replay;
    this.#keepAliveMs = settings.keepAliveMs;
    this.#backlog = settings.backlog;
    this.#deadline = new Deadline<EventStreamPeer>(wheel, this, beat);
    this.#channel.write(settings.opening);
    if (this.#replay !== undefined) {
      this.#channel.write(this.#replay.catchUp(lastEventId));
      this.#position = this.#replay.lastId;
    }
    this.#touch();
  }

  /** False when the client is gone, or the stream has ended. */
  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  /** Aborted when the client is gone. */
  get signal(): AbortSignal {
    return this.#owner.signal;
  }

  /** Bytes that were accepted and have not left this process. */
  get bufferedAmount(): number {
    return this.#channel.bufferedBytes + this.#backlog.bytes;
  }

  /**
   * Events that the slow-consumer policy has dropped; one that went with what the log had before it
   * counts as one.
   */
  get eventsDropped(): number {
    return this.#eventsDropped;
  }

  /**
   * Sends an event: its fields, or what the replay log's `append` returned.
   *
   * @returns true when the client takes more; false when it reads slowly, or is gone.
   * @throws UsageError `invalid-argument` for what is no object, and as `encodeEvent`.
   */
  send(event: EventFields | LoggedEvent, options?: OfferOptions): boolean {
    return this.offer(event, options) === 'sent';
  }

  /** As {@link send}, and tells what became of the event. */
  offer(event: EventFields | LoggedEvent, options?: OfferOptions): SendOutcome {
    if (typeof event !== 'object' || event === null) {
      throw new UsageError('invalid-argument', 'an event is an object, such as { data }');
    }
    const text = 'text' in event ? this.#textSince(event) : encodeSharedEvent(event);
    if (!this.#channel.isOpen) return 'closed';
    if (text === '') return 'sent';
    if (this.#mustWait(text)) return this.#hold(text, options?.key);
    this.#write(text);
    return this.#channel.isCongested ? 'queued' : 'sent';
  }

  /** Sends a comment, which the client skips. */
  comment(text?: string): boolean {
    const comment = encodeComment(text);
    if (!this.#channel.isOpen || this.#mustWait(comment)) return false;
    this.#write(comment);
    return !this.#channel.isCongested;
  }

  /**
   * Resolves with true when the client takes more, at once if it does; with false when it is gone.
   */
  drained(): Promise<boolean> {
    return this.#channel.drained();
  }

  /** Ends the stream. The client comes back by itself, unless it is answered with 204 then. */
  close(): void {
    this.#deadline.clear();
    this.#backlog.release(() => true);
    this.#channel.end();
  }

  /** Cuts the connection: the client notices, and comes back with its position. */
  abort(error?: unknown): void {
    if (this.#channel.isOpen) this.#owner.breakOff(error);
  }

  /** @internal Output has drained. */
  channelDrained(): void {
    this.#backlog.release(() => !this.#channel.isCongested);
  }

  /** @internal The client is gone. */
  channelClosed(): void {
    this.#deadline.clear();
    this.#eventsDropped += this.#backlog.clear();
  }

  /** @internal Nothing was sent for a while. */
  beat(): void {
    // Behind a jam another comment proves nothing: the write deadline watches that client.
    if (this.#channel.isOpen && !this.#channel.isCongested) this.#channel.write(encodeComment());
    this.#touch();
  }

  /** The event, with what the log holds before it and this client has not seen. */
  #textSince(event: LoggedEvent): string {
    const position = this.#position;
    if (this.#replay === undefined || position === undefined) return event.text;
    const step = offsetOf(event.id) - offsetOf(position);
    if (step <= 0) return '';
    this.#position = event.id;
    if (step === 1) return event.text;
    const missed = this.#replay.since(position);
    if (missed.kind !== 'caught-up') return event.text;
    const known = missed.events.filter(({ id }) => offsetOf(id) < offsetOf(event.id));
    return known.map(({ text }) => text).join('') + event.text;
  }

  #write(text: string): void {
    this.#channel.writeShared(text);
    this.#touch();
  }

  #touch(): void {
    if (this.#keepAliveMs > 0 && this.#channel.isOpen) this.#deadline.setIn(this.#keepAliveMs);
  }

  #mustWait(text: string): boolean {
    if (!this.#channel.isCongested) return this.#backlog.length > 0;
    const { policy, maxBytes } = this.#backlog;
    return policy !== 'wait' || Buffer.byteLength(text) > maxBytes - this.bufferedAmount;
  }

  #hold(text: string, key: string | undefined): SendOutcome {
    if (this.#backlog.givesUp) {
      this.#owner.cutSlowConsumer();
      return 'closed';
    }
    const send = (): void => this.#write(text);
    const event = { bytes: Buffer.byteLength(text), key, send };
    this.#backlog = this.#backlog.own();
    this.#eventsDropped += this.#backlog.add(event);
    return this.#backlog.keeps(event) ? 'queued' : 'dropped';
  }
}

function offsetOf(id: string): number {
  return Number(id.slice(id.lastIndexOf('-') + 1));
}

function beat(peer: EventStreamPeer): void {
  peer.beat();
}
