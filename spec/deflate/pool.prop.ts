/** Laws of compressing for many at once, for any order in which the threads are done. */
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { DeflatePool, type LentEngine } from '../../lib/deflate/pool.ts';
import type { EngineOptions } from '../../lib/deflate/zlib-engine.ts';
import { DEFAULTS, decompress, SteppedPool } from '../support/deflate-jobs.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** How many owners have lost their engine because others came. */
let lost = 0;
/** How often all engines were idle that may be, and one more came. */
let overflows = 0;
/** So many wait for whoever comes next. */
const MOST_FREE = 4;

/** A stepped pool that knows how many engines are out, and whose engines are kept. */
class WatchedPool extends SteppedPool {
  readonly #out = new Set<object>();
  /** All that have not been closed. */
  readonly #alive = new Set<object>();
  readonly #maxKept: number;
  /** Who has used an engine last, the one that has waited longest first. */
  #kept: object[] = [];
  readonly #owners = new Set<object>();

  constructor(maxOwned: number) {
    super(maxOwned);
    this.#maxKept = maxOwned;
  }

  get lent(): number {
    return this.#out.size;
  }

  override take(options: EngineOptions, owner?: object): LentEngine {
    const lent = super.take(options, owner);
    if (this.#out.has(lent.engine)) throw new Error('one engine for two');
    this.#out.add(lent.engine);
    this.#watch(lent.engine);
    if (lent.isWarm !== (owner !== undefined && this.#kept.includes(owner))) {
      throw new Error('an engine of somebody else');
    }
    this.#keep(this.#kept.filter((other) => other !== owner));
    return lent;
  }

  override give(lent: LentEngine, owner?: object): void {
    if (!this.#out.delete(lent.engine)) throw new Error('given back twice');
    super.give(lent, owner);
    if (owner === undefined) return this.#countFree();
    this.#owners.add(owner);
    const kept = [...this.#kept, owner];
    lost += Math.max(0, kept.length - this.#maxKept);
    this.#keep(kept.slice(Math.max(0, kept.length - this.#maxKept)));
  }

  override drop(owner: object): void {
    super.drop(owner);
    this.#keep(this.#kept.filter((other) => other !== owner));
  }

  #watch(engine: LentEngine['engine']): void {
    if (this.#alive.has(engine)) return;
    this.#alive.add(engine);
    const close = engine.close.bind(engine);
    engine.close = () => {
      overflows += 1;
      this.#alive.delete(engine);
      close();
    };
  }

  /** All of them are of one kind. */
  #countFree(): void {
    const free = this.#alive.size - this.#out.size - this.#kept.length;
    if (free > MOST_FREE) throw new Error(`${free} engines wait for nobody`);
  }

  #keep(kept: object[]): void {
    this.#kept = kept;
    this.#countFree();
    for (const owner of this.#owners) {
      if (this.owns(owner) !== kept.includes(owner)) throw new Error('kept for another one');
    }
  }
}

/** Text that compresses, told apart by its seed; more than 16 KiB go to the threads. */
function textOf(seed: number, kib: number): Buffer {
  return Buffer.alloc(kib * 1024, `${seed} says ${seed * 7919} and again `);
}

/** One connection: its messages, compressed one behind the other. */
class Sender {
  readonly codec: MessageCodec;
  readonly packed: Buffer[] = [];
  readonly #messages: Buffer[];
  isClosed = false;

  constructor(pool: DeflatePool, messages: readonly Buffer[]) {
    this.codec = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
    this.#messages = [...messages];
  }

  get isDone(): boolean {
    return this.#messages.length === 0;
  }

  /** Compresses what is left. */
  next(): void {
    const message = this.#messages[0];
    if (message === undefined) return;
    this.codec.compress(message, true, (error, bytes) => {
      if (this.isClosed) throw new Error('called back behind the end');
      if (error) throw error;
      this.packed.push(bytes);
      this.#messages.shift();
      this.next();
    });
  }

  close(): void {
    this.isClosed = true;
    this.codec.close();
  }
}

/** What happens besides: a thread is done, a connection ends, or lets go of its state. */
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('thread'), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close'), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release'), which: fc.nat(9) }) },
);

t.test('law: nobody gets what another one said, in whatever order it is done', async (t) => {
  const sizes = fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 3 });
  const law = fc.asyncProperty(
    fc.array(sizes, { minLength: 1, maxLength: 9, size: 'max' }),
    fc.array(step, { maxLength: 60, size: 'max' }),
    fc.nat(3),
    async (connections, steps, maxOwned) => {
      const pool = new WatchedPool(maxOwned);
      const messages = connections.map((kibs, seed) =>
        kibs.map((kib, index) => textOf(seed * 10 + index, kib)),
      );
      const senders = messages.map((each) => new Sender(pool, each));
      for (const sender of senders) sender.next();
      const endStep = (which: number): void => {
        const [run] = pool.steps.splice(which % Math.max(1, pool.steps.length), 1);
        run?.();
      };
      for (const { kind, which } of steps) {
        const sender = senders[which % senders.length]!;
        if (kind === 'thread') endStep(which);
        else if (kind === 'close') sender.close();
        else if (!sender.isClosed && sender.isDone) sender.codec.releaseIdle();
        if (pool.steps.length > 2) throw new Error('more threads than two');
      }
      while (pool.steps.length > 0) endStep(0);
      if (pool.queue.length > 0) throw new Error('a job is left');
      for (const [index, sender] of senders.entries()) {
        if (!sender.isClosed && !sender.isDone) throw new Error('somebody was forgotten');
        const client = new MessageCodec('client', DEFAULTS, { pool: new DeflatePool(1) });
        for (const [at, packed] of sender.packed.entries()) {
          const plain = await decompress(client, packed);
          if (!plain.equals(messages[index]![at]!)) throw new Error('it says something else');
        }
        client.close();
        sender.close();
      }
      if (pool.lent > 0) throw new Error(`${pool.lent} engines never came back`);
    },
  );
  await fc.assert(law, runs(60));
  t.ok(lost > 50, `${lost} have lost their engine`);
  t.ok(overflows > 10, `${overflows} engines were one too many`);
});
