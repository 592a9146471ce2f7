/**
 * The server's memory of an event stream, so that a client that comes back with `Last-Event-ID`
 * gets what it missed [HTML §9.2.4].
 *
 * ```
 *   id of an event:   <epoch> "-" <offset>        m3x9-1, m3x9-2, m3x9-3 …
 *
 *   forgotten │ kept                  │ not yet
 *      … 1 2 3│4 5 6 7 8 9            │10 …
 *             └ oldest      newest ┘     Last-Event-ID 3 – 9: caught up · 2: gap · 10: gap
 * ```
 * The offset counts events. The epoch names this log: after a restart the counting begins again,
 * and only another epoch tells an old 7 from a new 7. A position that the log cannot continue
 * from is answered with a gap and its reason, never with silence. The log knows neither time nor
 * randomness nor clients: the epoch comes in, and sending is the caller's.
 */
import {
  CHECKED_LATER,
  checkOptions,
  type LimitOptions,
  type OptionTable,
  resolveLimit,
  UsageError,
} from '../base/index.ts';
import { type EventFields, encodeEvent } from './event-stream-writer.ts';

/** What an event in the log costs beside its text: a string object and a slot. */
const ENTRY_BYTES = 64;

/**
 * The letters of an epoch. All of them pass through browsers without a preflight, which a position
 * over 128 bytes or with other characters would cause, and through clients that only know Latin-1.
 */
const EPOCH = /^[A-Za-z0-9_.]{1,64}$/;
const OFFSET = /^(?:0|[1-9][0-9]{0,15})$/;

/** Settings of a {@link ReplayLog}. */
export interface ReplayLogOptions extends LimitOptions<'maxReplayEvents' | 'maxReplayBytes'> {
  /**
   * Names this log, and must differ after each restart: a start time or something random.
   * 1 – 64 of `A-Z a-z 0-9 _ .`
   */
  readonly epoch: string;
}

const OPTIONS: OptionTable<ReplayLogOptions> = {
  epoch: CHECKED_LATER,
  maxReplayEvents: CHECKED_LATER,
  maxReplayBytes: CHECKED_LATER,
};

/** An event that the log has numbered and kept. */
export interface LoggedEvent {
  /** The position of a client that has seen this event. */
  readonly id: string;
  /** The event as it is sent, as from `encodeEvent`. */
  readonly text: string;
}

/** Why the log cannot continue from a position. */
export type GapReason =
  /** Not an id that a log gives. */
  | 'unknown'
  /** The id of another log, most often this one before a restart. */
  | 'other-epoch'
  /** An event of this log, but what followed it is partly forgotten. */
  | 'too-old'
  /** Beyond the newest event: never given out. */
  | 'too-new';

/** What a client that names its position must be told. */
export type Replay =
  /** It named none: it is here for the first time. */
  | { readonly kind: 'fresh' }
  /** Everything after its position, oldest first; often nothing. */
  | { readonly kind: 'caught-up'; readonly events: readonly LoggedEvent[] }
  /** Something is lost. `missed` counts the forgotten events where that is known. */
  | { readonly kind: 'gap'; readonly reason: GapReason; readonly missed: number | undefined };

/** Numbers events and keeps the newest of them, bounded by count and by bytes. */
export class ReplayLog {
  readonly #epoch: string;
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  /** Kept events from `#head` on; what stands before it is dropped in bulk now and then. */
  #entries: (LoggedEvent | undefined)[] = [];
  #head = 0;
  #bytes = 0;
  /** Offset of the newest event; 0 before the first. */
  #newest = 0;

  /**
   * Opens an empty log.
   *
   * @throws UsageError `invalid-option` for a bad epoch or limit.
   */
  constructor(options: ReplayLogOptions) {
    checkOptions(options, OPTIONS);
    if (typeof options.epoch !== 'string' || !EPOCH.test(options.epoch)) {
      throw new UsageError('invalid-option', 'epoch must be 1 – 64 of A-Z a-z 0-9 _ .');
    }
    this.#epoch = options.epoch;
    this.#maxEvents = resolveLimit('maxReplayEvents', options.maxReplayEvents);
    this.#maxBytes = resolveLimit('maxReplayBytes', options.maxReplayBytes);
  }

  /** How many events are kept. */
  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** What the kept events cost, in bytes, their overhead included. Never above `maxReplayBytes`. */
  get byteLength(): number {
    return this.#bytes;
  }

  /** The position of a client that has seen everything; offset 0 before the first event. */
  get lastId(): string {
    return `${this.#epoch}-${this.#newest}`;
  }

  /**
   * Gives an event the next id, keeps it, and forgets the oldest ones that no longer fit. An event
   * that is larger than the whole log is numbered and not kept. Amortised O(length of the event).
   *
   * @throws UsageError `invalid-argument` without data, or as `encodeEvent`; the log is unchanged
   *   then.
   */
  append(fields: EventFields & { readonly id?: undefined; readonly data: string }): LoggedEvent {
    const id = `${this.#epoch}-${this.#newest + 1}`;
    const { data, event, retry } = fields;
    if (data === undefined) throw new UsageError('invalid-argument', 'a logged event needs data');
    const entry: LoggedEvent = { id, text: encodeEvent({ data, event, retry, id }) };
    this.#newest += 1;
    this.#entries.push(entry);
    this.#bytes += costOf(entry);
    while (this.length > this.#maxEvents || this.#bytes > this.#maxBytes) this.#forgetOldest();
    return entry;
  }

  /**
   * Says what a client at this position has missed. To go live without a gap, subscribe the client
   * and send this in the same turn: nothing can be appended in between.
   *
   * @param lastEventId the value of `Last-Event-ID`; `undefined` or "" when there is none.
   */
  since(lastEventId: string | undefined): Replay {
    if (lastEventId === undefined || lastEventId === '') return { kind: 'fresh' };
    const dash = lastEventId.lastIndexOf('-');
    const [epoch, digits] = [lastEventId.slice(0, dash), lastEventId.slice(dash + 1)];
    if (dash === -1 || !EPOCH.test(epoch) || !OFFSET.test(digits)) return gap('unknown');
    if (epoch !== this.#epoch) return gap('other-epoch');
    const offset = Number(digits);
    if (offset > this.#newest) return gap('too-new');
    const missed = this.#newest - this.length - offset;
    if (missed > 0) return gap('too-old', missed);
    return { kind: 'caught-up', events: this.recent(this.#newest - offset) };
  }

  /** Returns the newest `count` kept events, oldest first; fewer when fewer are kept. */
  recent(count: number): readonly LoggedEvent[] {
    const start = Math.max(this.#head, this.#entries.length - count);
    return this.#entries.slice(start) as LoggedEvent[];
  }

  /**
   * Returns what to write first to a client at this position, ready to send: the missed events; or,
   * for a gap, one event of type `reset` that says so and moves the client to the present; or,
   * for a first visit, a block that only gives it a position, so that even a client that is cut
   * before its first event misses nothing.
   *
   * @param lastEventId as for {@link since}.
   */
  catchUp(lastEventId: string | undefined): string {
    const replay = this.since(lastEventId);
    switch (replay.kind) {
      case 'fresh':
        return encodeEvent({ id: this.lastId });
      case 'caught-up':
        return replay.events.map((entry) => entry.text).join('');
      case 'gap':
        return encodeEvent({
          event: 'reset',
          id: this.lastId,
          data: JSON.stringify({ reason: replay.reason, missed: replay.missed }),
        });
    }
  }

  #forgetOldest(): void {
    this.#bytes -= costOf(this.#entries[this.#head]!);
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    // Moving the rest only when half of the list is gone keeps this O(1) on average.
    if (this.#head * 2 <= this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}

/** UTF-8 bytes: what is kept for the wire, and half of what a string can take in memory. */
function costOf(entry: LoggedEvent): number {
  return Buffer.byteLength(entry.text) + ENTRY_BYTES;
}

function gap(reason: GapReason, missed?: number): Replay {
  return { kind: 'gap', reason, missed };
}
