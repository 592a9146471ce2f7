/** A loop that reads at its own pace, in the hands of a law. */
import assert from 'node:assert/strict';

/** What a queue for a loop holds before it pauses its connection. */
const MAX_WAITING = 64;

/** Reads from an iterator, as much as it is told to. */
export class SlowLoop {
  readonly #iterator: AsyncIterator<unknown>;
  readonly #show: (item: never) => string;
  /** What has come since the loop began, and what the loop got of it. */
  readonly wanted: string[] = [];
  readonly got: string[] = [];
  /** How it has ended, if it has. */
  end: 'open' | 'done' | 'failed' = 'open';
  hasLeft = false;
  #budget = 0;
  #isReading = false;

  /** @param show names an item, as `wanted` does. */
  constructor(iterator: AsyncIterator<unknown>, show: (item: never) => string = String) {
    this.#iterator = iterator;
    this.#show = show;
  }

  /** How many items it is behind. */
  get behind(): number {
    return this.hasLeft ? 0 : this.wanted.length - this.got.length;
  }

  /** Whether it has paused its connection, as far as that is certain when nothing is being read. */
  get isPaused(): boolean | undefined {
    if (this.behind >= MAX_WAITING) return true;
    return this.behind === 0 ? false : undefined;
  }

  /** Reads so many more, when they come. */
  read(count: number): void {
    this.#budget += count;
    if (!this.#isReading) void this.#read();
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#budget > 0 && this.end === 'open' && !this.hasLeft) {
        this.#budget -= 1;
        const { value, done } = await this.#iterator.next();
        if (done === true) this.end = 'done';
        else if (!this.hasLeft) this.got.push(this.#show(value as never));
      }
    } catch {
      this.end = 'failed';
    }
    this.#isReading = false;
  }

  /** Leaves the loop. */
  leave(): void {
    this.hasLeft = true;
    void this.#iterator.return?.();
  }

  /**
   * What holds at any time.
   *
   * @param isOver nothing comes any more: it has come to its end.
   * @param extra so many items may come although nobody wants more.
   */
  check(isOver = false, extra = 0): void {
    const isAll = isOver && !this.hasLeft;
    assert.deepEqual(this.got, isAll ? this.wanted : this.wanted.slice(0, this.got.length));
    // One may be on its way from the queue to the loop.
    const isBounded = this.behind <= MAX_WAITING + 1 + extra;
    assert.ok(isBounded, `the loop is ${this.behind} behind, and not waited for`);
    if (isAll) assert.notEqual(this.end, 'open', 'the loop hangs');
  }
}
