/**
 * One opening handshake at a time to each address [RFC 6455 §4.1 (2)].
 *
 * ```
 *   10.0.0.1 port 80   ██ handshake ██ ── waits ── waits         the next begins when the first has
 *   10.0.0.2 port 80   ██ handshake ██                            succeeded or failed
 * ```
 * The rule keeps a page full of scripts from opening half-finished connections by the thousand. A
 * name counts as the addresses it stands for; where a proxy resolves names, each name counts for
 * itself and the number of them is limited.
 */

/** Tells that a handshake is over, for good or ill. Calling it again does nothing. */
export type Leave = () => void;

/** Lets handshakes pass one by one for each key. */
export class HandshakeGate {
  readonly #width: number;
  /** Who is inside or waits, by key; those inside come first. */
  readonly #queues = new Map<string, (() => void)[]>();

  /** @param width how many may be inside at a time for each key. */
  constructor(width = 1) {
    this.#width = width;
  }

  /** Handshakes that are going on or wait, for one key. */
  count(key: string): number {
    return this.#queues.get(key)?.length ?? 0;
  }

  /**
   * Waits until no other handshake of any of the keys is going on.
   *
   * @param keys taken in their sorted order, so that two handshakes never wait for each other.
   * @returns rejects with the signal's reason when that comes first.
   */
  async enter(keys: readonly string[], signal: AbortSignal): Promise<Leave> {
    const entered: Leave[] = [];
    const leave = (): void => {
      for (const leaveOne of entered.splice(0)) leaveOne();
    };
    try {
      for (const key of [...new Set(keys)].sort()) entered.push(await this.#enterOne(key, signal));
    } catch (error) {
      leave();
      throw error;
    }
    return leave;
  }

  #enterOne(key: string, signal: AbortSignal): Promise<Leave> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(key) ?? [];
      this.#queues.set(key, queue);
      const enter = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(() => this.#leave(key, enter));
      };
      const giveUp = (): void => {
        this.#leave(key, enter);
        reject(signal.reason);
      };
      queue.push(enter);
      if (signal.aborted) return giveUp();
      if (queue.length <= this.#width) return enter();
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #leave(key: string, who: () => void): void {
    // Everybody leaves once: it is the queue that it entered.
    const queue = this.#queues.get(key)!;
    const place = queue.indexOf(who);
    queue.splice(place, 1);
    if (queue.length === 0) this.#queues.delete(key);
    // Who was inside makes room for the first of those who wait.
    else if (place < this.#width) queue[this.#width - 1]?.();
  }
}
