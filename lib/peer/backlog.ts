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
import { resolveLimit, UsageError } from '../base/index.ts';

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

/** Stands for an empty list, and is never written to: most peers never fall behind. */
const NOTHING: Waiting[] = [];

/** Keeps messages back while a transport is congested, within a bound. */
export class Backlog {
  readonly policy: SlowConsumerPolicy;
  readonly maxBytes: number;
  #waiting: Waiting[] = NOTHING;
  #bytes = 0;

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
    return this.#waiting.length;
  }

  /** Bytes of the messages kept back. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the message added last is kept. */
  keeps(message: Waiting): boolean {
    return this.#waiting.at(-1) === message;
  }

  /** Keeps a message back; returns how many were dropped for it, itself included. */
  add(message: Waiting): number {
    if (this.policy === 'drop-newest') return 1;
    let dropped = this.policy === 'conflate' ? this.#replace(message) : 0;
    if (message.bytes > this.maxBytes) return dropped + 1;
    if (this.#waiting === NOTHING) this.#waiting = [];
    this.#waiting.push(message);
    this.#bytes += message.bytes;
    while (this.#bytes > this.maxBytes) {
      this.#take(0);
      dropped += 1;
    }
    return dropped;
  }

  /** Takes a message back; false when it does not wait any more. */
  remove(message: Waiting): boolean {
    const index = this.#waiting.indexOf(message);
    if (index === -1) return false;
    this.#take(index);
    return true;
  }

  #take(index: number): Waiting {
    const [message] = this.#waiting.splice(index, 1);
    this.#bytes -= message!.bytes;
    message!.left?.();
    return message!;
  }

  #replace(message: Waiting): number {
    if (message.key === undefined) return 0;
    const index = this.#waiting.findIndex((waiting) => waiting.key === message.key);
    if (index === -1) return 0;
    this.#take(index);
    return 1;
  }

  /** Sends what was kept, oldest first, as long as `hasRoom` says so. */
  release(hasRoom: () => boolean): void {
    while (this.#waiting.length > 0 && hasRoom()) {
      this.#take(0).send();
    }
  }

  /** Forgets everything; returns how many messages that were. */
  clear(): number {
    const count = this.#waiting.length;
    for (const { left } of this.#waiting) left?.();
    this.#waiting = NOTHING;
    this.#bytes = 0;
    return count;
  }
}
