/** The law of a message's time: each millisecond counts for what was done in it, and once. */
import assert from 'node:assert/strict';
import t from 'tap';
import { MessageDeadline } from '../../lib/connection/message-deadline.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(300) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('tick', 'tick', 'tick', 'reading', 'inflating', 'end') as fc.Arbitrary<
        'tick' | 'reading' | 'inflating' | 'end'
      >,
      ms: fc.constant(0),
    }),
  },
);

t.test('law: overdue exactly when a stop watch for each says so', (t) => {
  let overdue = 0;
  const limit = fc.integer({ min: 1, max: 900 });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60, size: 'max' }),
      limit,
      limit,
      (steps, arrive, inflate) => {
        const limits = { messageTimeoutMs: arrive, inflateTimeoutMs: inflate };
        let deadline = new MessageDeadline(limits, true, 0);
        let [nowMs, readMs, inflateMs] = [0, 0, 0];
        let [isReading, isInflating, isSeen] = [true, false, false];
        for (const { kind, ms } of steps) {
          if (kind === 'pass') {
            nowMs += ms;
            // The time of arriving begins with the first tick that sees the message.
            if (isReading && isSeen) readMs += ms;
            if (isInflating) inflateMs += ms;
          } else if (kind === 'reading') {
            isReading = !isReading;
            deadline.reading(isReading, nowMs);
          } else if (kind === 'inflating') {
            isInflating = !isInflating;
            deadline.inflating(isInflating, nowMs);
          } else if (kind === 'end') {
            // A message that is being inflated has not ended.
            if (isInflating) continue;
            deadline = new MessageDeadline(limits, isReading, nowMs);
            [readMs, inflateMs, isSeen] = [0, 0, false];
          } else {
            const wanted =
              inflateMs >= inflate
                ? 'inflate-timeout'
                : readMs >= arrive
                  ? 'message-timeout'
                  : undefined;
            assert.equal(deadline.tick(nowMs)?.code, wanted);
            if (wanted !== 'inflate-timeout') isSeen = true;
            if (wanted !== undefined) overdue += 1;
          }
        }
      },
    ),
    runs(1000),
  );
  t.ok(overdue > 100, `${overdue} times overdue`);
  t.end();
});
