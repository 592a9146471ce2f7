/** The law of a queue for `for await`: everything comes once, in order, and it stays bounded. */

import t from 'tap';
import { BoundedQueue } from '../../lib/peer/bounded-queue.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

type Kind = 'push' | 'heavy' | 'read' | 'turn' | 'finish' | 'close' | 'return';

/** How often each comes. Some items are heavy, a few of which fill the queue; ends are rare. */
const KINDS: readonly (readonly [Kind, number])[] = [
  ...([
    ['push', 80],
    ['heavy', 20],
    ['read', 80],
    ['turn', 20],
  ] as const),
  ...([
    ['finish', 2],
    ['close', 1],
    ['return', 1],
  ] as const),
];
const kind = fc.oneof(...KINDS.map(([name, weight]) => ({ weight, arbitrary: fc.constant(name) })));
const step = fc.record({ kind, count: fc.integer({ min: 1, max: 30 }) });
/** Most steps come before an end: what may still happen around it. */
const lastKind = fc.constantFrom<Kind>('push', 'push', 'read', 'finish', 'close', 'return');
const lastSteps = fc.array(fc.record({ kind: lastKind, count: fc.integer({ min: 1, max: 5 }) }), {
  maxLength: 6,
});

interface Item {
  readonly number: number;
  readonly bytes: number;
}

const MAX_ITEMS = 64;
const MAX_BYTES = 256 * 1024;
const HEAVY_BYTES = 100_000;

/** A queue, whoever fills it as long as it may, and what has been read of it. */
class Run {
  isPaused = false;
  left = 0;
  leaves = 0;
  discarded = 0;
  pushed = 0;
  /** What the reader got: numbers, or the end. */
  readonly got: (number | 'end')[] = [];
  asked = 0;
  state: 'open' | 'finishing' | 'over' = 'open';
  #fault: string | undefined;
  /** What waits, in bytes each; whether somebody waits for it. */
  readonly #held: number[] = [];
  #isAwaited = false;
  readonly queue = new BoundedQueue<Item>(
    {
      pause: () => this.#setPaused(true),
      resume: () => this.#setPaused(false),
      leave: (waiting) => {
        this.left += waiting;
        this.leaves += 1;
      },
      discarded: () => {
        this.discarded += 1;
      },
    },
    ({ bytes }) => bytes,
  );

  #setPaused(isPaused: boolean): void {
    if (this.isPaused === isPaused) this.#fault = 'paused or resumed twice';
    this.isPaused = isPaused;
  }

  push(bytes: number): void {
    // Who is paused sends nothing; while it closes nobody is paused.
    if (this.isPaused) return;
    const { discarded } = this;
    this.queue.push({ number: this.pushed, bytes });
    this.pushed += 1;
    if (this.discarded > discarded) return;
    if (this.#isAwaited) this.#isAwaited = false;
    else this.#held.push(bytes);
    const sum = this.#held.reduce((bytesSoFar, each) => bytesSoFar + each, 0);
    const isFull = this.#held.length >= MAX_ITEMS || sum >= MAX_BYTES;
    if (this.state === 'open') this.#checkPause(isFull);
  }

  /** While it is open, it is paused from when it is full until it is empty. */
  #checkPause(isWanted: boolean): void {
    if (this.isPaused !== isWanted) this.#fault ??= isWanted ? 'not paused' : 'not resumed';
  }

  read(): void {
    this.asked += 1;
    const wasPaused = this.isPaused;
    const isTaken = this.#held.shift() !== undefined;
    this.#isAwaited ||= !isTaken && this.state !== 'over';
    this.queue.next().then(
      ({ value, done }) => this.got.push(done === true ? 'end' : value!.number),
      () => {
        // Somebody reads already: that is no reading.
        this.asked -= 1;
      },
    );
    if (this.state === 'open') this.#checkPause(wasPaused && this.#held.length > 0);
  }

  do(kind: Kind): void {
    if (kind === 'push') this.push(10);
    else if (kind === 'heavy') this.push(HEAVY_BYTES);
    else if (kind === 'read') this.read();
    else if (kind === 'finish') this.#finish();
    else if (kind === 'close') this.#end(() => this.queue.close());
    else if (kind === 'return') this.#leave();
  }

  #finish(): void {
    if (this.state === 'open') this.state = 'finishing';
    this.queue.finish();
  }

  /** Who leaves an open queue, or one where something waits, is told of once. */
  #leave(): void {
    const leaves = this.leaves + (this.state !== 'over' || this.#held.length > 0 ? 1 : 0);
    this.#end(() => void this.queue.return());
    this.#held.length = 0;
    if (this.leaves !== leaves) this.#fault ??= 'nobody is told of who leaves, or in vain';
  }

  #end(end: () => void): void {
    this.state = 'over';
    this.#isAwaited = false;
    end();
  }

  check(): void {
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const numbers = this.got.filter((item) => item !== 'end');
    const isInOrder = numbers.every((number, at) => number === at);
    if (!isInOrder) throw new Error(`twice, lost or out of order: ${numbers}`);
    if (this.got.slice(this.got.indexOf('end')).some((item) => item !== 'end')) {
      if (this.got.includes('end')) throw new Error('something comes behind the end');
    }
    const waiting = this.pushed - numbers.length - this.left - this.discarded;
    if (waiting < 0) throw new Error('more came out than was put in');
    // As much again once it is closing, and the one that makes it full.
    const times = this.state === 'open' ? 1 : 2;
    if (waiting > times * MAX_ITEMS + 1) throw new Error(`${waiting} wait`);
    if (this.state === 'finishing' && this.isPaused) throw new Error('paused while it closes');
  }
}

t.test('law: everything comes once and in order, or is counted as thrown away', async (t) => {
  const law = fc.asyncProperty(
    fc.array(step, { maxLength: 60, size: 'max' }),
    lastSteps,
    async (first, last) => {
      const run = new Run();
      for (const { kind, count } of [...first, ...last]) {
        if (kind === 'turn') await new Promise((next) => setImmediate(next));
        else {
          const isMany = kind === 'push' || kind === 'read';
          for (let times = 0; times < (isMany ? count : 1); times += 1) {
            run.do(kind);
            if (kind === 'read') await Promise.resolve();
          }
        }
      }
      await new Promise((next) => setImmediate(next));
      run.check();
      run.queue.close();
      // What waits is read to the end, and then the end comes, again and again.
      for (let reads = 0; reads < 400 && run.got.at(-1) !== 'end'; reads += 1) {
        run.read();
        await new Promise((next) => setImmediate(next));
      }
      run.check();
      const numbers = run.got.filter((item) => item !== 'end').length;
      if (numbers + run.left + run.discarded !== run.pushed) throw new Error('something is lost');
    },
  );
  await fc.assert(law, runs(150));
  t.pass('no counterexample');
});
