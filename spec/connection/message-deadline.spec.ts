import { UsageError } from 'barewire/base';
import { MessageDeadline } from 'barewire/connection';
import t from 'tap';

const SHORT = { messageTimeoutMs: 100, inflateTimeoutMs: 50 };

t.test('counts from the tick that first saw the message, up to the limit and not beyond', (t) => {
  const deadline = new MessageDeadline(SHORT);
  t.equal(deadline.tick(0, false), undefined);
  t.equal(deadline.tick(1000, true), undefined);
  t.equal(deadline.tick(1099, true), undefined);
  t.match(deadline.tick(1100, true), { code: 'message-timeout', closeCode: 1008 });
  t.end();
});

t.test('gives each message its own time, though every tick finds one unfinished', (t) => {
  const deadline = new MessageDeadline(SHORT);
  for (let nowMs = 0; nowMs < 10_000; nowMs += 60) {
    t.equal(deadline.tick(nowMs, true), undefined);
    deadline.messageEnded();
  }
  t.end();
});

t.test('does not count the time in which nothing was read', (t) => {
  const deadline = new MessageDeadline(SHORT);
  deadline.reading(false, 0);
  t.equal(deadline.tick(10, true), undefined);
  t.equal(deadline.tick(100_000, true), undefined);
  deadline.reading(true, 200_000);
  t.equal(deadline.tick(200_099, true), undefined);
  deadline.reading(false, 200_099);
  deadline.reading(false, 300_000);
  t.equal(deadline.tick(300_000, true), undefined);
  deadline.reading(true, 300_001);
  deadline.reading(true, 300_002);
  t.match(deadline.tick(300_002, true), { code: 'message-timeout' });
  t.end();
});

t.test('a message wins no time by our pausing again and again', (t) => {
  const deadline = new MessageDeadline(SHORT);
  let cutAtMs: number | undefined;
  for (let nowMs = 0; cutAtMs === undefined && nowMs < 10_000; nowMs += 10) {
    deadline.reading(nowMs % 20 === 0, nowMs);
    if (deadline.tick(nowMs, true) !== undefined) cutAtMs = nowMs;
  }
  t.ok(cutAtMs! >= 180 && cutAtMs! <= 220, `twice its time, being heard half of it: ${cutAtMs}`);
  t.end();
});

t.test('bounds the time that inflating a message takes, in one job or in many', (t) => {
  const deadline = new MessageDeadline(SHORT);
  deadline.inflating(true, 0);
  t.equal(deadline.tick(49, true), undefined);
  t.match(deadline.tick(50, true), { code: 'inflate-timeout', closeCode: 1008 });
  const many = new MessageDeadline(SHORT);
  for (let job = 0; job < 5; job += 1) {
    many.inflating(true, job * 20);
    many.inflating(false, job * 20 + 10);
    t.equal(many.tick(job * 20 + 10, true)?.code, job < 4 ? undefined : 'inflate-timeout');
  }
  many.messageEnded();
  t.equal(many.tick(100, true), undefined, 'the next message has its own time');
  many.inflating(false, 1000);
  t.equal(many.tick(1000, false), undefined);
  t.end();
});

t.test('lets what is streamed take its time, unless told otherwise', (t) => {
  const patient = new MessageDeadline({ delivery: 'pieces' });
  patient.inflating(true, 0);
  t.equal(patient.tick(1, true), undefined);
  t.equal(patient.tick(1e9, true), undefined);
  const strict = new MessageDeadline({ delivery: 'pieces', messageTimeoutMs: 5 });
  t.equal(strict.tick(0, true), undefined);
  t.equal(strict.tick(5, true)?.code, 'message-timeout');
  t.throws(() => new MessageDeadline({ inflateTimeoutMs: -1 }), UsageError);
  t.throws(() => new MessageDeadline({ messageTimeoutMs: 0.5 }), UsageError);
  t.end();
});
