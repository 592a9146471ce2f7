import { getEventListeners } from 'node:events';
import { unlessAborted } from 'barewire/peer';
import t from 'tap';
import { withDeadline } from '../../lib/client/deadline.ts';
import { makePlan } from '../../lib/client/plan.ts';
import { FakeWorld } from '../support/fake-world.ts';

const never = (signal: AbortSignal): Promise<never> => unlessAborted(new Promise(() => {}), signal);

t.test('gives up at the deadline, with an error that says so', async (t) => {
  const world = new FakeWorld();
  const plan = makePlan('ws://a', { handshakeTimeoutMs: 50 });
  const attempt = withDeadline(plan, world, never);
  world.advance(50);
  await t.rejects(attempt, { code: 'handshake-timeout' });
  t.strictSame(world.waiting, []);
});

t.test('gives up when the caller says so, before or during', async (t) => {
  const world = new FakeWorld();
  const reason = new Error('enough');
  const early = makePlan('ws://a', { signal: AbortSignal.abort(reason) });
  await t.rejects(withDeadline(early, world, never), reason);
  const aborter = new AbortController();
  const attempt = withDeadline(makePlan('ws://a', { signal: aborter.signal }), world, never);
  aborter.abort(reason);
  await t.rejects(attempt, reason);
});

t.test('time that is not its own does not count', async (t) => {
  const world = new FakeWorld();
  const plan = makePlan('ws://a', { handshakeTimeoutMs: 50 });
  let goOn = (): void => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const attempt = withDeadline(plan, world, async (signal, uncounted) => {
    await uncounted(() => gate);
    return never(signal);
  });
  world.advance(1000);
  goOn();
  await new Promise((next) => setImmediate(next));
  t.strictSame(world.waiting, [50]);
  const rest = withDeadline(plan, world, async (signal, uncounted) => {
    world.advance(20);
    await uncounted(async () => world.advance(20));
    t.strictSame(world.waiting, [10, 30]);
    return never(signal);
  });
  const codes = [attempt, rest].map((each) => each.catch((error) => error.code));
  await new Promise((next) => setImmediate(next));
  world.advance(30);
  t.strictSame(await Promise.all(codes), ['handshake-timeout', 'handshake-timeout']);
  t.strictSame(world.waiting, []);
});

t.test('leaves no listener on a signal that outlives the attempt', async (t) => {
  const { signal } = new AbortController();
  const plan = makePlan('ws://a', { signal });
  const world = new FakeWorld();
  await withDeadline(plan, world, async () => {
    t.equal(getEventListeners(signal, 'abort').length, 1);
  });
  t.equal(getEventListeners(signal, 'abort').length, 0);
  const failing = withDeadline(plan, world, () => Promise.reject(new Error('refused')));
  await t.rejects(failing, { message: 'refused' });
  t.equal(getEventListeners(signal, 'abort').length, 0);
});

t.test('leaves no alarm behind when all went well', async (t) => {
  const world = new FakeWorld();
  t.equal(await withDeadline(makePlan('ws://a', {}), world, async () => 'done'), 'done');
  t.strictSame(world.waiting, []);
});
