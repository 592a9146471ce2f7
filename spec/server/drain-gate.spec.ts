import t from 'tap';
import { DrainGate } from '../../lib/server/drain-gate.ts';

t.test('lets pass at once while nothing is congested', async (t) => {
  const gate = new DrainGate();
  t.equal(await gate.wait(false), true);
  t.equal(gate.wait(false), gate.wait(false), 'without a new promise each time');
});

t.test('lets everybody pass who waits when there is room', async (t) => {
  const gate = new DrainGate();
  const waiting = [gate.wait(true), gate.wait(true)];
  gate.release();
  t.same(await Promise.all(waiting), [true, true]);
  const next = gate.wait(true);
  gate.release();
  gate.release();
  t.equal(await next, true);
});

t.test('tells everybody when it is over', async (t) => {
  const gate = new DrainGate();
  const waiting = gate.wait(true);
  gate.close();
  t.equal(await waiting, false);
  t.equal(await gate.wait(true), false);
  t.equal(await gate.wait(false), false);
});
