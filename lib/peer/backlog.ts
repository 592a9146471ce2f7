/**
 * The slow-consumer policy: what happens to messages for a peer that does not read fast enough.
 *
 * | policy        | while the transport is congested                                         |
 * |---------------|--------------------------------------------------------------------------|
 * | `wait`        | everything is kept; `send` says false and the sender waits for `drained` |
 * | `drop-newest` | new messages are dropped                                                 |
 * | `drop-oldest` | kept up to the bound, then the oldest are dropped                        |
 * | `conflate`    | as `drop-oldest`, and a message replaces an older one with the same key  |
 * | `close`       | the connection ends with the first message that would have to wait       |
 *
 * A transport is congested as soon as it does not take all of a write at once: a socket takes what
 * the kernel has room for, some 100 KiB to a few MiB. So `close` also ends the connection of a peer
 * that would read fast enough, when one turn sends it several messages that are more than that
 * together; who sends such bursts awaits `drained` between them, or has another policy. Waiting for
 * our own compressor is no reason to close.
 *
 * Under `wait` what is kept is in the transport, which gives nothing back. Only a message with a
 * `signal`, and what is sent behind it, is kept here, where it can still be taken back.
 *
 * Whatever is kept beyond `maxBufferedBytes` under `wait` fails the connection: a bound that nobody
 * enforces is how one sleeping phone fills a server. Nothing is dropped silently; everything
 * dropped is counted and told to the caller.
 */
import { ENTRY_OVERHEAD_BYTES, Fifo, resolveLimit, UsageError } from '../base/index.ts';

/** What to do when a peer reads too slowly. */
export type SlowConsumerPolicy = 'wait' | 'drop-newest' | 'drop-oldest' | 'conflate' | 'close';

const POLICIES: readonly string[] = ['wait', 'drop-newest', 'drop-oldest', 'conflate', 'close'];

/** A message that waits for room. */
export interface Waiting {
  readonly bytes: number;
  readonly key: string | undefined;
  readonly send: () => void;
  /** Called when it waits no longer: sent, dropped or forgotten. */
  readonly left?: (() => void) | undefined;
}

/** Where a message waits, or waited. */
interface Place {
  message: Waiting | undefined;
}

/** Fewer places than these are not swept. */
const MIN_SWEEP = 32;

/** Keeps messages back while a transport is congested, within a bound. */
export class Backlog {
  readonly policy: SlowConsumerPolicy;
  readonly maxBytes: number;
  /** Messages that were dropped; whoever drops them counts them, in one of their own. */
  dropped = 0;
  /** Bytes that were held back when the connection ended, of one of its own as well. */
  lostBytes = 0;
  /** Made with the first message. */
  #places: Fifo<Place> | undefined;
  /** Where each message waits: who is taken out of the middle leaves an empty place. */
  #placeOf: Map<Waiting, Place> | undefined;
  #bytes = 0;
  readonly #isShared: boolean;
  /** With `conflate`: the newest of each key, which the next one of that key replaces. */
  #byKey: Map<string, Waiting> | undefined;

  /**
   * @param isShared it stays empty, see {@link emptyBacklog}.
   * @throws UsageError `invalid-option` for an unknown policy or a bad bound.
   */
  constructor(policy: SlowConsumerPolicy = 'wait', maxBufferedBytes?: number, isShared = false) {
    if (!POLICIES.includes(policy)) {
      throw new UsageError('invalid-option', `slowConsumer is one of ${POLICIES.join(', ')}`);
    }
    this.policy = policy;
    this.maxBytes = resolveLimit('maxBufferedBytes', maxBufferedBytes);
    this.#isShared = isShared;
  }

  /** One with the same policy that may keep something: itself, or a new one if many share this. */
  own(): Backlog {
    return this.#isShared ? new Backlog(this.policy, this.maxBytes) : this;
  }

  /** Whether a peer is given up when a message can neither leave nor be kept. */
  get givesUp(): boolean {
    return this.policy === 'wait' || this.policy === 'close';
  }

  /** Messages kept back. */
  get length(): number {
    return this.#placeOf?.size ?? 0;
  }

  /** Bytes of the messages kept back. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The memory that they are: each counts 256 bytes more than it has. This is what is bounded. */
  get heldBytes(): number {
    return this.#bytes + this.length * ENTRY_OVERHEAD_BYTES;
  }

  /** Whether so many bytes more are too many, beside those that are held elsewhere. */
  isOver(bytes: number, elsewhere: number): boolean {
    return bytes > this.maxBytes - this.heldBytes - elsewhere;
  }

  /** Whether a message is kept. */
  keeps(message: Waiting): boolean {
    return this.#placeOf?.has(message) === true;
  }

  /** Keeps a message back; returns how many were dropped for it, itself included. */
  add(message: Waiting): number {
    if (this.policy === 'drop-newest') return 1;
    const isConflated = this.policy === 'conflate' && message.key !== undefined;
    let dropped = isConflated ? this.#replace(message.key!) : 0;
    if (message.bytes + ENTRY_OVERHEAD_BYTES > this.maxBytes) return dropped + 1;
    this.#push(message);
    if (isConflated) {
      this.#byKey ??= new Map();
      this.#byKey.set(message.key!, message);
    }
    while (this.heldBytes > this.maxBytes) {
      this.#left(this.#shift());
      dropped += 1;
    }
    return dropped;
  }

  /** Takes a message back; false when it does not wait any more. */
  remove(message: Waiting): boolean {
    const place = this.#placeOf?.get(message);
    if (place === undefined) return false;
    place.message = undefined;
    this.#left(message);
    this.#closeUp();
    return true;
  }

  #push(message: Waiting): void {
    if (this.#isShared) throw new Error('a shared backlog keeps nothing');
    this.#places ??= new Fifo();
    this.#placeOf ??= new Map();
    const place: Place = { message };
    this.#places.push(place);
    this.#placeOf.set(message, place);
    this.#bytes += message.bytes;
  }

  /** The oldest, which is there. */
  #shift(): Waiting {
    for (;;) {
      const { message } = this.#places!.shift()!;
      if (message !== undefined) return message;
    }
  }

  /** Empty places are swept when they are most of all: O(1) for each that was left. */
  #closeUp(): void {
    const places = this.#places!;
    if (places.length < MIN_SWEEP || places.length <= 2 * this.length) return;
    this.#places = new Fifo();
    for (const place of places) if (place.message !== undefined) this.#places.push(place);
  }

  #left(message: Waiting): void {
    this.#placeOf!.delete(message);
    this.#bytes -= message.bytes;
    if (message.key !== undefined) this.#byKey?.delete(message.key);
    message.left?.();
  }

  #replace(key: string): number {
    const old = this.#byKey?.get(key);
    return old !== undefined && this.remove(old) ? 1 : 0;
  }

  /** Sends what was kept, oldest first, as long as `hasRoom` says so. */
  release(hasRoom: () => boolean): void {
    while (this.length > 0 && hasRoom()) {
      const message = this.#shift();
      this.#left(message);
      message.send();
    }
  }

  /** Forgets everything; returns how many messages that were. */
  clear(): number {
    const count = this.length;
    const places = this.#places;
    this.#places = undefined;
    this.#placeOf = undefined;
    this.#byKey = undefined;
    this.#bytes = 0;
    for (const { message } of places ?? []) message?.left?.();
    return count;
  }
}

let latestEmpty: Backlog | undefined;

/**
 * Finds a backlog that stays empty, for all who have nothing to keep back: the last one again,
 * where policy and bound are the same. Who has a message to keep needs a backlog of its own
 * ({@link Backlog.own}).
 *
 * @throws UsageError `invalid-option` for an unknown policy or a bad bound.
 */
export function emptyBacklog(policy?: SlowConsumerPolicy, maxBufferedBytes?: number): Backlog {
  const empty = new Backlog(policy, maxBufferedBytes, true);
  const isSame = latestEmpty?.policy === empty.policy && latestEmpty.maxBytes === empty.maxBytes;
  if (latestEmpty === undefined || !isSame) latestEmpty = empty;
  return latestEmpty;
}
