/**
 * The law of outboxes that are lent: whoever has had one before, and whatever happens while it is
 * emptied, the frames of each connection leave whole, in order, and to nobody else.
 */
import assert from 'node:assert/strict';
import { encodeFrame } from 'barewire/codec';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { passesPlainly } from '../support/fast-paths.ts';
import { runs } from '../support/laws.ts';
import { Line, type LineKind } from '../support/output-lines.ts';

const KINDS: readonly LineKind[] = ['server', 'server', 'server', 'client', 'slow', 'pieces'];
/** More than once, and of each length around which something is done in another way. */
const SHARED = [0, 125, 4096, 20_000, 33_000].map((size, index) =>
  encodeFrame({ opcode: 1, payload: String.fromCharCode(65 + index).repeat(size) }),
);

const sizes = fc.oneof(
  { weight: 4, arbitrary: fc.nat(200) },
  { weight: 3, arbitrary: fc.constantFrom(0, 125, 126, 4096, 4097, 16_384, 16_385) },
  { weight: 1, arbitrary: fc.constantFrom(40_000, 65_535, 65_536, 131_072) },
);

const steps = fc.array(
  fc.record({
    who: fc.nat(KINDS.length - 1),
    act: fc.constantFrom(
      ...(['text', 'text', 'bytes', 'bytes', 'shared', 'shared', 'shared', 'control'] as const),
      ...(['piece', 'work', 'flush', 'flush', 'flush', 'flush', 'discard', 'turn'] as const),
    ),
    size: sizes,
    /** Compressed, with a compressor; or the last piece. */
    isOn: fc.boolean(),
    copy: fc.boolean(),
    /** So many steps are taken while the first bytes of this one are being taken. */
    nested: fc.constantFrom(0, 0, 0, 1, 2, 3),
    /** And mostly by the same connection. */
    isOwn: fc.boolean(),
    /** What the transport does with what it is given while this step is taken. */
    transport: fc.constantFrom('lets go', 'lets go', 'lets go', 'lets go', 'holds', 'throws'),
  }),
  { maxLength: 60 },
);

type Step = (typeof steps extends fc.Arbitrary<infer All> ? All : never) extends (infer One)[]
  ? One
  : never;

class Thrown extends Error {}

/** Some connections, and steps that are ahead of them. */
class Run {
  readonly lines = KINDS.map((kind) => new Line(kind));
  readonly #ahead: Step[];
  #index = 0;

  constructor(ahead: readonly Step[]) {
    this.#ahead = [...ahead];
  }

  goOn(): void {
    while (this.#ahead.length > 0) {
      this.#take();
      for (const { isAsked, isCorked, isFilled, hasThrown } of this.lines) {
        // Whoever has asked its owner once may wait for it.
        if (isFilled && !isCorked && !hasThrown) assert.ok(isAsked, 'nobody is asked to flush');
      }
    }
  }

  /** Takes the next step, and notes what the transport says to it. */
  #take(who?: number): void {
    const next = this.#ahead.shift();
    if (next === undefined) return;
    const step = { ...next, who: who ?? next.who };
    const line = this.lines[step.who]!;
    const { taken } = line;
    let { nested } = step;
    line.taken = () => {
      for (; nested > 0; nested -= 1) this.#take(step.isOwn ? step.who : undefined);
      if (step.transport === 'throws') throw new Thrown();
      return step.transport === 'lets go';
    };
    try {
      this.#act(line, step);
    } catch (error) {
      if (!(error instanceof Thrown)) throw error;
      line.hasThrown = true;
    } finally {
      line.taken = taken;
    }
    for (const each of this.lines) each.check();
  }

  #act(line: Line, { act, size, isOn, copy }: Step): void {
    this.#index += 1;
    const letter = String.fromCharCode(97 + (this.#index % 26));
    if (act === 'text') line.send(letter.repeat(size), isOn, copy);
    else if (act === 'bytes') line.send(Buffer.alloc(size, letter), isOn, copy);
    else if (act === 'shared') line.sendEncoded(SHARED[size % SHARED.length]!);
    else if (act === 'control') line.control(Buffer.alloc(size % 126, letter));
    else if (act === 'piece') line.piece(Buffer.alloc(size, letter), isOn);
    else if (act === 'turn') line[line.isCorked ? 'uncork' : 'cork']();
    else line[act]();
  }

  finish(): void {
    for (const line of this.lines) {
      // What was left by a taker that had thrown comes with the next flush.
      for (let rounds = 0; rounds < 3; rounds += 1) line.flush();
      line.check();
      assert.equal(line.isFilled, false);
      line.finish();
    }
  }
}

t.test('law: each connection sends its own frames, whoever has lent what they wait in', (t) => {
  const shared = SHARED.map((frames) => Buffer.from(frames));
  fc.assert(
    fc.property(steps, (ahead) => {
      const run = new Run(ahead);
      run.goOn();
      run.finish();
    }),
    runs(600),
  );
  t.same(SHARED, shared, 'what all of them send is as it was');
  t.end();
});

passesPlainly(t, import.meta.url);
