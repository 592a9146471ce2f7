/**
 * Who wants to know when everything written so far has left.
 *
 * ```
 *   add(done) … ─► run()     nothing waits: all are told
 *               └► mark()    something waits: an empty write behind it tells these, later
 * ```
 */

/** Does an empty write; `back` is called when everything before it has left, or with an error. */
export type EmptyWrite = (back: (error?: Error | null) => void) => unknown;

/** Those who wait on one connection. Most connections have none. */
export class FlushNotices {
  #unmarked: (() => void)[] = [];
  /** Those who wait for an empty write to come back, the oldest first. */
  #marked: (() => void)[][] = [];

  /** Whether somebody waits for whom no empty write is on its way. */
  get hasUnmarked(): boolean {
    return this.#unmarked.length > 0;
  }

  /** Whether an empty write is on its way. */
  get hasMarked(): boolean {
    return this.#marked.length > 0;
  }

  /** Adds one who waits. */
  add(done: () => void): void {
    this.#unmarked.push(done);
  }

  /** Has those who are new told by an empty write; `failed` when it comes back with an error. */
  mark(write: EmptyWrite, failed: () => void): void {
    const waiting = this.#unmarked;
    this.#unmarked = [];
    this.#marked.push(waiting);
    write((error) => {
      const index = this.#marked.indexOf(waiting);
      if (index < 0) return;
      if (error) return failed();
      this.#marked.splice(index, 1);
      for (const done of waiting) done();
    });
  }

  /** Tells everybody: all has left, or never will. */
  run(): void {
    const waiting = [...this.#marked.flat(), ...this.#unmarked];
    this.#marked = [];
    this.#unmarked = [];
    for (const done of waiting) done();
  }
}
