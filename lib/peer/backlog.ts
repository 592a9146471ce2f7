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

/** Keeps messages back while a transport is congested, within a bound. */
export class Backlog {
  readonly policy: SlowConsumerPolicy;
  readonly maxBytes: number;
  /** Made when something has to wait: most peers never fall behind. */
  #waiting: Fifo<Waiting> | undefined;
  #bytes = 0;
  /** With `conflate`: the newest of each key, which the next one of that key replaces. */
  #byKey: Map<string, Waiting> | undefined;

  /** @throws UsageError `invalid-option` for an unknown policy or a bad bound. */
  constructor(policy: SlowConsumerPolicy = 'wait', maxBufferedBytes?: number) {
    if (!POLICIES.includes(policy)) {
      throw new UsageError('invalid-option', `slowConsumer is one of ${POLICIES.join(', ')}`);
    }
    this.policy = policy;
    this.maxBytes = resolveLimit('maxBufferedBytes', maxBufferedBytes);
  }

  /** Whether a peer is given up when a message can neither leave nor be kept. */
  get givesUp(): boolean {
    return this.policy === 'wait' || this.policy === 'close';
  }

  /** Messages kept back. */
  get length(): number {
    return this.#waiting?.length ?? 0;
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

  /** Whether the message added last is kept. */
  keeps(message: Waiting): boolean {
    return this.#waiting?.last === message;
  }

  /** Keeps a message back; returns how many were dropped for it, itself included. */
  add(message: Waiting): number {
    if (this.policy === 'drop-newest') return 1;
    const isConflated = this.policy === 'conflate' && message.key !== undefined;
    let dropped = isConflated ? this.#replace(message.key!) : 0;
    if (message.bytes + ENTRY_OVERHEAD_BYTES > this.maxBytes) return dropped + 1;
    this.#waiting ??= new Fifo();
    this.#waiting.push(message);
    this.#bytes += message.bytes;
    if (isConflated) {
      this.#byKey ??= new Map();
      this.#byKey.set(message.key!, message);
    }
    while (this.heldBytes > this.maxBytes) {
      this.#left(this.#waiting.shift()!);
      dropped += 1;
    }
    return dropped;
  }

  /** Takes a message back; false when it does not wait any more. */
  remove(message: Waiting): boolean {
    if (this.#waiting?.remove(message) !== true) return false;
    this.#left(message);
    return true;
  }

  #left(message: Waiting): void {
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
      const message = this.#waiting!.shift()!;
      this.#left(message);
      message.send();
    }
  }

  /** Forgets everything; returns how many messages that were. */
  clear(): number {
    const count = this.length;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#byKey = undefined;
    this.#bytes = 0;
    for (const { left } of waiting ?? []) left?.();
    return count;
  }
}
