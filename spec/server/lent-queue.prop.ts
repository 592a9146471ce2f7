/**
 * The law of queues that are lent: whoever has had one before, and whatever happens meanwhile, what
 * is written to a socket leaves whole, in order, and by no other one.
 */
import assert from 'node:assert/strict';
import t from 'tap';
import { borrowQueue, takeBackQueue } from '../../lib/server/output-queue.ts';
import { fc } from '../support/fast-check.ts';
import { passesPlainly } from '../support/fast-paths.ts';
import { turn } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';
import { type Way, WriterLine } from '../support/writer-lines.ts';

const WAYS: readonly Way[] = ['handle', 'handle', 'handle', 'stream', 'stream'];

const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.nat(200) },
  // Around what is copied, what is a slab, congestion, a portion, and what a handle gets at once.
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 4096, 4097, 16_384, 32_768, 32_769, 65_536) },
  { weight: 1, arbitrary: fc.constantFrom(131_072, 131_073, 600_000) },
);

const steps = fc.array(
  fc.record({
    who: fc.nat(WAYS.length - 1),
    act: fc.constantFrom(
      ...(['write', 'write', 'writeText', 'writeText', 'writeText', 'writeNow'] as const),
      ...(['flush', 'flush', 'turn', 'turn', 'take', 'take', 'hold', 'ask', 'next'] as const),
      ...(['writeNow', 'write', 'writeText', 'flush', 'take'] as const),
      ...(['finish', 'stop', 'handOver'] as const),
    ),
    size: sizes,
    /** So many steps are taken within this one: in its turn, or when somebody is told something. */
    nested: fc.constantFrom(0, 0, 1, 2, 3),
  }),
  { maxLength: 50 },
);

type Step = (typeof steps extends fc.Arbitrary<infer All> ? All : never) extends (infer One)[]
  ? One
  : never;

/** Some writers, and steps that are ahead of them. */
class Run {
  readonly lines = WAYS.map((way) => new WriterLine(way));
  readonly #ahead: Step[];
  #index = 0;

  constructor(ahead: readonly Step[]) {
    this.#ahead = [...ahead];
  }

  async goOn(): Promise<void> {
    while (this.#ahead.length > 0) {
      const { act } = this.#ahead[0]!;
      this.#take();
      if (act === 'next') await turn();
      for (const line of this.lines) line.check();
    }
  }

  #take(): void {
    const step = this.#ahead.shift();
    if (step === undefined) return;
    const line = this.lines[step.who]!;
    let { nested } = step;
    const within = (): void => {
      for (; nested > 0; nested -= 1) this.#take();
    };
    line.relieved = within;
    line.wire.taking = within;
    this.#index += 1;
    const text = String.fromCharCode(97 + (this.#index % 26)).repeat(step.size);
    const { act } = step;
    if (act === 'write' || act === 'writeText' || act === 'writeNow') line.put(act, text);
    else if (act === 'turn') line.turn(within);
    else if (act === 'hold') line.wire.holds = !line.wire.holds;
    else if (act === 'ask') line.ask(within);
    else if (act !== 'next') line[act]();
  }

  /** Everything leaves, however many turns that takes. */
  async finish(): Promise<void> {
    for (const { wire } of this.lines) wire.holds = false;
    let isMoving = true;
    while (isMoving) {
      isMoving = false;
      for (const { wire } of this.lines) while (wire.release()) isMoving = true;
      await turn();
    }
    for (const line of this.lines) line.checkEnd();
  }
}

/** Whoever borrows one next gets one that is empty, and that nobody else has. */
function checkSpares(): void {
  const all = Array.from({ length: 12 }, () => borrowQueue());
  assert.equal(new Set(all).size, all.length, 'one was given back twice');
  for (const queue of all) {
    assert.equal(queue.length, 0);
    assert.equal(queue.overheadBytes, 0);
    assert.ok(queue.isEmpty);
  }
  for (const queue of all) takeBackQueue(queue);
}

t.test('law: each socket gets what was written to it, whoever has lent its queue', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, async (ahead) => {
      const run = new Run(ahead);
      await run.goOn();
      await run.finish();
      checkSpares();
    }),
    runs(150),
  );
  t.pass('no counterexample');
});

passesPlainly(t, import.meta.url);
