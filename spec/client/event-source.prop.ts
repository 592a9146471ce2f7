/**
 * Laws of an event source that comes back, for any interleaving of connecting, sending, losing,
 * waiting and closing. The server is in the hands of the law, and so is time; what the server has
 * sent it keeps in a replay log, so that nothing may be missing.
 */

import t from 'tap';
import { type Action, EventSourceRun, IDLE_TIMEOUT_MS, step } from '../support/event-source-run.ts';
import { fc } from '../support/fast-check.ts';
import { turn } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';

/** A loop that does not read, and what comes with the head of its next stream fills its queue. */
const SLOW: readonly Action[] = [
  ...(['wait', 'bring', 'accept', 'read', 'emit', 'flowAll', 'lose', 'emitMuch'] as const),
  ...(['wait', 'wait', 'bring', 'accept', 'flowAll', 'emitMuch', 'flowAll'] as const),
  ...(['emitMuch', 'flowAll', 'waitLong'] as const),
];

t.test('law: every event comes once and in order, however often the stream breaks', async (t) => {
  let [heard, back] = [0, 0];
  const law = fc.asyncProperty(
    fc.constantFrom(IDLE_TIMEOUT_MS, Number.POSITIVE_INFINITY),
    fc.array(step, { minLength: 10, maxLength: 100, size: 'max' }),
    fc.record({ isSlow: fc.boolean(), isRefused: fc.boolean() }),
    async (idleTimeoutMs, steps, { isSlow, isRefused }) => {
      const run = new EventSourceRun(idleTimeoutMs);
      const first = isSlow ? SLOW.map((action) => ({ action, size: 0, turns: 6 })) : [];
      for (const each of [...first, ...steps]) {
        run.do(each);
        run.check();
        for (let count = 0; count < each.turns; count += 1) await turn();
        if (each.turns > 2) run.turned();
      }
      await run.settle();
      run.check();
      heard += run.heard.length;
      back += run.trace.split('e').length - 1;
      if (isRefused) await run.refuse();
      if (run.source.readyState !== 2) run.isClosedByUs = true;
      run.source.close();
      for (const connection of run.connections) {
        if (connection.state === 'wanted') connection.fail();
        else if (connection.state === 'over') connection.near.destroy();
      }
      for (let turns = 0; turns < 5; turns += 1) await turn();
      run.check();
      run.checkEnd();
    },
  );
  await fc.assert(law, runs(150));
  t.ok(heard > 300 && back > 50, `${heard} events heard, ${back} times come back`);
});
