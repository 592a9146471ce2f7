/**
 * Messages that wait for a connection: in their order, and within a bound.
 */
import { ENTRY_OVERHEAD_BYTES, UsageError } from '../base/index.ts';

/** A message that can be sent later. */
export type Sendable = string | Uint8Array | Blob;

/** Keeps messages until there is a connection. */
export class SendQueue {
  readonly #maxBytes: number;
  #messages: Sendable[] = [];
  #bytes = 0;

  /**
   * @param maxBytes kept at most, {@link ENTRY_OVERHEAD_BYTES} for each message included; 0 keeps
   *   nothing.
   */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Keeps a message, its bytes as they are now: `send` gives them back to the caller at once.
   *
   * @throws UsageError `invalid-state` when that would be more than the bound; it is not kept then,
   *   and nothing that was kept is dropped.
   */
  push(message: Sendable): void {
    const bytes = byteLength(message);
    const heldBytes = this.#bytes + this.#messages.length * ENTRY_OVERHEAD_BYTES;
    if (bytes + ENTRY_OVERHEAD_BYTES > this.#maxBytes - heldBytes) {
      throw new UsageError('invalid-state', `${heldBytes} bytes wait for a connection already`);
    }
    this.#messages.push(message instanceof Uint8Array ? Buffer.from(message) : message);
    this.#bytes += bytes;
  }

  /** Takes everything out, oldest first. */
  takeAll(): readonly Sendable[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}

/** What a message has in bytes, text as UTF-8. */
export function byteLength(message: Sendable): number {
  if (typeof message === 'string') return Buffer.byteLength(message);
  return message instanceof Blob ? message.size : message.length;
}
