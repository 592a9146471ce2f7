/** Laws of the gate, for any order in which handshakes come, end and are given up. */

import t from 'tap';
import { HandshakeGate } from '../../lib/client/handshake-gate.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** A handshake: the addresses that it takes, and whether it is given up at some time. */
const handshake = fc.record({
  keys: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
  isGivenUp: fc.boolean(),
});

t.test('law: never more inside than fit, and everybody gets in or gives up', async (t) => {
  const law = fc.asyncProperty(
    fc.scheduler(),
    fc.integer({ min: 1, max: 2 }),
    fc.array(handshake, { minLength: 1, maxLength: 8 }),
    async (scheduler, width, handshakes) => {
      const gate = new HandshakeGate(width);
      const inside: Record<string, number> = { a: 0, b: 0, c: 0 };
      const ends: string[] = [];
      const shake = async (keys: readonly string[], signal: AbortSignal): Promise<void> => {
        await scheduler.schedule(Promise.resolve(), 'comes');
        const leave = await gate.enter(keys, signal);
        for (const key of keys) {
          inside[key]! += 1;
          if (inside[key]! > width) throw new Error(`${inside[key]} with ${key} at a time`);
        }
        await scheduler.schedule(Promise.resolve(), 'ends');
        for (const key of keys) inside[key]! -= 1;
        leave();
        leave();
      };
      for (const { keys, isGivenUp } of handshakes) {
        const aborter = new AbortController();
        const reason = new Error('given up');
        if (isGivenUp) {
          void scheduler.schedule(Promise.resolve(), 'gives up').then(() => aborter.abort(reason));
        }
        shake(keys, aborter.signal).then(
          () => ends.push('in'),
          (error) => ends.push(error === reason && isGivenUp ? 'given up' : String(error)),
        );
      }
      await scheduler.waitIdle();
      if (ends.length !== handshakes.length) throw new Error(`${ends.length} have ended`);
      const strange = ends.find((end) => end !== 'in' && end !== 'given up');
      if (strange !== undefined) throw new Error(strange);
      for (const key of ['a', 'b', 'c']) {
        if (gate.count(key) > 0) throw new Error(`${key} is still taken`);
      }
    },
  );
  await fc.assert(law, runs(200));
  t.pass('no counterexample');
});
