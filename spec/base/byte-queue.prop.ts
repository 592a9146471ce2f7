import { ByteQueue } from 'barewire/base';
import fc from 'fast-check';
import t from 'tap';
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

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('push'),
      bytes: fc.uint8Array({ maxLength: 600 }),
      start: fc.nat(20),
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

t.test('behaves like an array of bytes, and holds at most four bytes for one', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      const queue = new ByteQueue();
      const model: number[] = [];
      return steps.every((step) => {
        const [taken, expected] = run(queue, model, step);
        return (
          taken.equals(Buffer.from(expected)) &&
          queue.length === model.length &&
          queue.capacity <= Math.max(256, model.length * 4) &&
          queue.capacity >= model.length
        );
      });
    }),
    runs(1500),
  );
  t.pass('no counterexample');
  t.end();
});
