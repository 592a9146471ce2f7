import { connectionLimits, MessageDeadline } from 'barewire/connection';
import t from 'tap';

const SHORT = connectionLimits({ messageTimeoutMs: 100, inflateTimeoutMs: 50 });
const begun = (limits = SHORT): MessageDeadline => new MessageDeadline(limits, true, 0);

t.test('counts from the tick that first saw the message, up to the limit and not beyond', (t) => {
  const deadline = begun();
  t.equal(deadline.tick(1000), undefined);
  t.equal(deadline.tick(1099), undefined);
  t.match(deadline.tick(1100), { code: 'message-timeout', closeCode: 1008 });
  t.end();
});

t.test('does not count the time in which nothing was read', (t) => {
  const deadline = begun();
  deadline.reading(false, 0);
  t.equal(deadline.tick(10), undefined);
  t.equal(deadline.tick(100_000), undefined);
  deadline.reading(true, 200_000);
  t.equal(deadline.tick(200_099), undefined);
  deadline.reading(false, 200_099);
  deadline.reading(false, 300_000);
  t.equal(deadline.tick(300_000), undefined);
  deadline.reading(true, 300_001);
  deadline.reading(true, 300_002);
  t.match(deadline.tick(300_002), { code: 'message-timeout' });
  t.end();
});

t.test('begins in a pause, and does not count that either', (t) => {
  const deadline = new MessageDeadline(SHORT, false, 0);
  t.equal(deadline.tick(10), undefined);
  t.equal(deadline.tick(10_000), undefined);
  deadline.reading(true, 10_000);
  t.equal(deadline.tick(10_099), undefined);
  t.equal(deadline.tick(10_100)?.code, 'message-timeout');
  t.end();
});

t.test('a message wins no time by our pausing again and again', (t) => {
  const deadline = begun();
  let cutAtMs: number | undefined;
  for (let nowMs = 0; cutAtMs === undefined && nowMs < 10_000; nowMs += 10) {
    deadline.reading(nowMs % 20 === 0, nowMs);
    if (deadline.tick(nowMs) !== undefined) cutAtMs = nowMs;
  }
  t.ok(cutAtMs! >= 180 && cutAtMs! <= 220, `twice its time, being heard half of it: ${cutAtMs}`);
  t.end();
});

t.test('bounds the time that inflating a message takes, in one job or in many', (t) => {
  const deadline = begun();
  deadline.inflating(true, 0);
  t.equal(deadline.tick(49), undefined);
  t.match(deadline.tick(50), { code: 'inflate-timeout', closeCode: 1008 });
  const many = begun();
  for (let job = 0; job < 5; job += 1) {
    many.inflating(true, job * 20);
    many.inflating(false, job * 20 + 10);
    t.equal(many.tick(job * 20 + 10)?.code, job < 4 ? undefined : 'inflate-timeout');
  }
  const idle = begun();
  idle.inflating(false, 1000);
  t.equal(idle.tick(1000), undefined, 'an end without a beginning');
  t.end();
});
