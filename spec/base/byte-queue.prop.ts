import { ByteQueue } from 'barewire/base';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

type Step =
  | {
      readonly kind: 'push';
      readonly bytes: Uint8Array;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: 'take'; readonly count: number }
  | { readonly kind: 'takeAll' }
  | { readonly kind: 'clear' };

/** Each octet tells its place. */
const bytes = fc
  .tuple(fc.oneof(fc.nat(30), fc.nat(600)), fc.nat(255))
  .map(([length, seed]) => Uint8Array.from({ length }, (_, index) => index * 7 + seed));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('push'),
      bytes,
      // Often the whole from its beginning: that is copied without a view.
      start: fc.oneof(fc.constant(0), fc.nat(20)),
      end: fc.nat(700),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('take'), count: fc.nat(500) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeAll') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear') }) },
);

/** Does one step on the queue and on a plain array; returns what each handed out. */
function run(queue: ByteQueue, model: number[], step: Step): readonly [Buffer, number[]] {
  switch (step.kind) {
    case 'push':
      queue.push(step.bytes, step.start, step.end);
      model.push(...step.bytes.slice(step.start, step.end));
      return [Buffer.alloc(0), []];
    case 'take':
      return [queue.take(step.count), model.splice(0, step.count)];
    case 'takeAll':
      return [queue.takeAll(), model.splice(0)];
    case 'clear':
      queue.clear();
      model.length = 0;
      return [Buffer.alloc(0), []];
  }
}

/** Pushes and takes until all of the store was used again: a buffer within it would change. */
function goRound(queue: ByteQueue): void {
  const few = new Uint8Array(16).fill(0xa5);
  for (let bytes = 0; bytes <= queue.capacity; bytes += few.length) {
    queue.push(few);
    queue.take(few.length);
  }
}

t.test('behaves like an array, takes four bytes at most for one, and gives for good', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const queue = new ByteQueue();
      const model: number[] = [];
      const handedOut: (readonly [taken: Buffer, copy: Buffer])[] = [];
      const isSound = steps.every((step) => {
        const [taken, expected] = run(queue, model, step);
        const copy = Buffer.from(expected);
        handedOut.push([taken, copy]);
        return (
          taken.equals(copy) &&
          queue.length === model.length &&
          queue.capacity <= Math.max(256, model.length * 4) &&
          queue.capacity >= model.length
        );
      });
      goRound(queue);
      return isSound && handedOut.every(([taken, copy]) => taken.equals(copy));
    }),
    runs(1500),
  );
  t.pass('no counterexample');
  t.end();
});
