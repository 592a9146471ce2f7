import t from 'tap';
import { HandshakeGate } from '../../lib/client/handshake-gate.ts';

const NEVER = new AbortController().signal;
const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

t.test(
  'lets handshakes with one address pass one by one, in their order [6455-4.1-5]',
  async (t) => {
    const gate = new HandshakeGate();
    const inside: number[] = [];
    const leaves: (() => void)[] = [];
    for (let index = 0; index < 5; index += 1) {
      void gate.enter(['a'], NEVER).then((leave) => {
        inside.push(index);
        leaves.push(leave);
      });
    }
    for (let count = 1; count <= 5; count += 1) {
      await turn();
      t.strictSame(inside, [0, 1, 2, 3, 4].slice(0, count));
      leaves.shift()!();
    }
    t.equal(gate.count('a'), 0);
  },
);

t.test('does not make handshakes with different addresses wait', async (t) => {
  const gate = new HandshakeGate();
  await gate.enter(['a'], NEVER);
  await gate.enter(['b'], NEVER);
  t.equal(gate.count('a') + gate.count('b'), 2);
});

t.test('takes several addresses of a name without ever waiting crosswise', async (t) => {
  const gate = new HandshakeGate();
  const first = await gate.enter(['a', 'b'], NEVER);
  const second = gate.enter(['b', 'a'], NEVER);
  const third = gate.enter(['b'], NEVER);
  first();
  (await third)();
  (await second)();
  t.equal(gate.count('a') + gate.count('b'), 0);
});

t.test('lets as many in as it is wide', async (t) => {
  const gate = new HandshakeGate(3);
  const leaves = await Promise.all([1, 2, 3].map(() => gate.enter([''], NEVER)));
  let isIn = false;
  const fourth = gate.enter([''], NEVER).then((leave) => {
    isIn = true;
    return leave;
  });
  await turn();
  t.equal(isIn, false);
  leaves[1]!();
  leaves[1]!();
  (await fourth)();
  t.equal(gate.count(''), 2);
});

t.test('forgets who gives up, inside or waiting', async (t) => {
  const gate = new HandshakeGate();
  const leave = await gate.enter(['a'], NEVER);
  const aborter = new AbortController();
  const waiting = gate.enter(['a', 'b'], aborter.signal);
  const next = gate.enter(['a'], NEVER);
  aborter.abort(new Error('enough'));
  await t.rejects(waiting, { message: 'enough' });
  t.equal(gate.count('a'), 2);
  leave();
  (await next)();
  t.equal(gate.count('a'), 0);
  await t.rejects(gate.enter(['a'], aborter.signal), { message: 'enough' });
  t.equal(gate.count('a'), 0);
});

t.test('leaving twice takes nobody else out', async (t) => {
  const gate = new HandshakeGate();
  const leave = await gate.enter(['a'], NEVER);
  const next = gate.enter(['a'], NEVER);
  leave();
  leave();
  t.equal(gate.count('a'), 1);
  (await next)();
  leave();
  t.equal(gate.count('a'), 0);
});
