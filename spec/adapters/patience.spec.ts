import { HandshakeRejected } from 'barewire/base';
import t from 'tap';
import { Patience } from '../../lib/adapters/patience.ts';

const ENDED = { status: 400, message: 'the client has ended its side' };

/** A client and an alarm, and everything that was asked of them. */
function rig(isGone = false) {
  const asked: string[] = [];
  const calls = { leave: () => {}, ring: () => {} };
  const client = {
    isGone,
    onLeaving(callback: () => void) {
      asked.push('leaving');
      calls.leave = callback;
    },
  };
  const alarm = (ms: number, ring: () => void) => {
    asked.push(`alarm in ${ms}`);
    calls.ring = ring;
    return () => asked.push('cancelled');
  };
  return { asked, calls, patience: new Patience(client, 500, alarm) };
}

t.test('asks for nothing before somebody looks at it', async (t) => {
  const { asked, patience } = rig();
  patience.end();
  t.strictSame(asked, []);
});

t.test('is one signal, which time aborts', async (t) => {
  const { asked, calls, patience } = rig();
  const { signal } = patience;
  t.equal(patience.signal, signal);
  t.strictSame(asked, ['leaving', 'alarm in 500']);
  t.equal(signal.aborted, false);
  calls.ring();
  t.equal(signal.aborted, true);
  t.equal(patience.wasLeft(signal.reason), false);
});

t.test('is aborted when the client leaves, and says why', async (t) => {
  const { calls, patience } = rig();
  const { signal } = patience;
  t.equal(patience.wasLeft(new Error('another')), false);
  calls.leave();
  t.match(signal.reason, { status: 400, message: 'the client has ended its side' });
  t.ok(signal.reason instanceof HandshakeRejected);
  t.equal(patience.wasLeft(signal.reason), true);
  t.equal(patience.wasLeft(new Error('another')), false);
});

t.test('stops the clock at its end, and still tells who leaves', async (t) => {
  const { asked, calls, patience } = rig();
  const { signal } = patience;
  patience.end();
  t.strictSame(asked, ['leaving', 'alarm in 500', 'cancelled']);
  calls.leave();
  t.equal(signal.aborted, true);
});

t.test('who looks behind its end hears of the client, and of no time', async (t) => {
  const { asked, calls, patience } = rig();
  patience.end();
  t.equal(patience.signal.aborted, false);
  t.strictSame(asked, ['leaving']);
  calls.leave();
  t.equal(patience.signal.aborted, true);
});

t.test('is over at once when the client has gone', async (t) => {
  const { asked, patience } = rig(true);
  patience.end();
  t.equal(patience.wasLeft(patience.signal.reason), true);
  t.strictSame(asked, []);
});

t.test('waits for an answer, and stops the clock behind it', async (t) => {
  const { asked, patience } = rig();
  const failure = new Error('in accept');
  t.equal(await patience.within(Promise.resolve(7)), 7);
  t.strictSame(asked, ['leaving', 'alarm in 500']);
  patience.end();
  t.equal(asked[2], 'cancelled');
  await t.rejects(rig().patience.within(Promise.reject(failure)), failure);
});

t.test('waits no longer than there is time, or a client', async (t) => {
  const never = new Promise<never>(() => {});
  const late = rig();
  const overdue = late.patience.within(never);
  late.calls.ring();
  late.calls.leave();
  await t.rejects(overdue, { status: 503, message: 'no decision in time' });
  t.equal(late.patience.signal.aborted, true, 'also for who looks later');
  const left = rig();
  const { signal } = left.patience;
  const forsaken = left.patience.within(never);
  t.strictSame(left.asked, ['leaving', 'alarm in 500'], 'asked once for both');
  left.calls.leave();
  await t.rejects(forsaken, ENDED);
  t.equal(left.patience.wasLeft(signal.reason), true);
  const gone = rig(true);
  await t.rejects(gone.patience.within(never), ENDED);
  t.equal(gone.patience.signal.aborted, true);
  const known = rig(true);
  t.equal(known.patience.signal.aborted, true);
  await t.rejects(known.patience.within(Promise.reject(new Error('too late'))), ENDED);
});
