import { connectionLimits, Keepalive } from 'barewire/connection';
import t from 'tap';

t.test('asks for nothing when no deadline is set', (t) => {
  const keepalive = new Keepalive(connectionLimits());
  keepalive.tick(0);
  t.equal(keepalive.tick(1e9), 'none');
  t.end();
});

t.test('asks for one ping after silence, and for no other while it is unanswered', (t) => {
  const keepalive = new Keepalive(connectionLimits({ pingIntervalMs: 100 }));
  t.equal(keepalive.tick(0), 'none');
  t.equal(keepalive.tick(99), 'none');
  t.equal(keepalive.tick(100), 'ping');
  const payload = keepalive.pinged(100, undefined, undefined);
  t.equal(keepalive.tick(250), 'none');
  t.equal(keepalive.ponged(260, payload), 160);
  keepalive.heard();
  t.equal(keepalive.tick(260), 'none');
  t.equal(keepalive.tick(360), 'ping');
  t.end();
});

t.test('gives up when nothing at all came after a ping', (t) => {
  const keepalive = new Keepalive(connectionLimits({ pongTimeoutMs: 50 }));
  keepalive.tick(0);
  keepalive.pinged(10, undefined, undefined);
  keepalive.heard();
  t.equal(keepalive.tick(40), 'none');
  t.equal(keepalive.tick(89), 'none');
  const action = keepalive.tick(90);
  t.equal(typeof action === 'object' ? action.code : action, 'pong-timeout');
  t.end();
});

t.test('takes no silence amiss while nothing is read, and asks for pongs instead', (t) => {
  const keepalive = new Keepalive(
    connectionLimits({ pingIntervalMs: 100, pongTimeoutMs: 50, idleTimeoutMs: 200 }),
  );
  keepalive.tick(0);
  keepalive.pinged(0, undefined, undefined);
  const deaf = [10, 109, 110, 209, 210].map((nowMs) => keepalive.tick(nowMs, true));
  t.strictSame(deaf, ['none', 'none', 'pong', 'none', 'pong']);
  t.equal(keepalive.tick(1000), 'none', 'the time counts from the end of the pause');
  t.equal(keepalive.tick(1049), 'none');
  const action = keepalive.tick(1050);
  t.equal(typeof action === 'object' ? action.code : action, 'pong-timeout');
  t.equal(keepalive.tick(2000, true), 'none', 'another pause begins anew');
  t.equal(new Keepalive(connectionLimits()).tick(1e9, true), 'none', 'no pings, no pongs');
  t.end();
});

t.test('answers older pings with a newer pong, and ignores pongs to nothing', (t) => {
  const keepalive = new Keepalive(connectionLimits());
  const answered: string[] = [];
  const pings = ['a', 'b', 'c'].map((name) =>
    keepalive.pinged(0, undefined, () => answered.push(name)),
  );
  t.equal(keepalive.ponged(5, Buffer.from('nothing')), undefined);
  t.equal(keepalive.ponged(7, pings[1]!), 7);
  t.strictSame(answered, ['a', 'b']);
  t.equal(keepalive.ponged(8, pings[0]!), undefined);
  t.equal(keepalive.ponged(9, pings[2]!), 9);
  t.end();
});

t.test('remembers a bounded number of pings', (t) => {
  const keepalive = new Keepalive(connectionLimits());
  const first = keepalive.pinged(0, undefined, undefined);
  const second = keepalive.pinged(0, undefined, undefined);
  for (let index = 0; index < 63; index += 1) keepalive.pinged(0, undefined, undefined);
  t.equal(keepalive.ponged(1, second), undefined);
  t.equal(keepalive.ponged(1, first), 1);
  t.end();
});

t.test('says when no message came or went for too long', (t) => {
  const keepalive = new Keepalive(connectionLimits({ idleTimeoutMs: 100 }));
  keepalive.tick(0);
  keepalive.message();
  t.equal(keepalive.tick(80), 'none');
  keepalive.heard();
  t.equal(keepalive.tick(179), 'none');
  const action = keepalive.tick(180);
  t.equal(typeof action === 'object' ? action.code : action, 'idle-timeout');
  t.end();
});

t.test('answers every ping, however many are in flight, each with its own time', (t) => {
  const keepalive = new Keepalive(connectionLimits({ pongTimeoutMs: 1000 }));
  const times: number[] = [];
  for (let serial = 0; serial < 10_000; serial += 1) {
    keepalive.pinged(serial, undefined, (roundTripMs) => times.push(roundTripMs));
  }
  t.equal(keepalive.ponged(10_000, Buffer.from('10000')), 1);
  t.strictSame(
    times,
    Array.from({ length: 10_000 }, (_, serial) => 10_000 - serial),
  );
  t.end();
});

t.test('many pings do not put the pong timeout off', (t) => {
  const keepalive = new Keepalive(connectionLimits({ pongTimeoutMs: 1000 }));
  keepalive.tick(0);
  for (let nowMs = 0; nowMs < 1000; nowMs += 1) {
    keepalive.pinged(nowMs, undefined, undefined);
  }
  t.match(keepalive.tick(1000), { code: 'pong-timeout' });
  t.end();
});

t.test('says when so many pings are unanswered that another one had better wait', (t) => {
  const keepalive = new Keepalive(connectionLimits({ maxPingsInFlight: 100 }));
  const sent: Buffer[] = [];
  while (keepalive.canPing) sent.push(keepalive.pinged(0, undefined, undefined));
  t.equal(sent.length, 100);
  t.ok(keepalive.ponged(1, sent[0]!) !== undefined);
  t.equal(keepalive.canPing, true);
  keepalive.pinged(0, undefined, undefined);
  t.equal(keepalive.canPing, false);
  t.ok(keepalive.ponged(1, sent.at(-1)!) !== undefined);
  let more = 0;
  for (; keepalive.canPing; more += 1) keepalive.pinged(0, undefined, undefined);
  t.equal(more, 99, 'a pong for a newer ping answers the older ones');
  t.end();
});

t.test('is never early: a time between two milliseconds is rounded up', (t) => {
  const idle = new Keepalive(connectionLimits({ idleTimeoutMs: 1000 }));
  t.equal(idle.tick(0.6), 'none');
  t.equal(idle.tick(1000.5), 'none', '999.9 ms have passed');
  const action = idle.tick(1001);
  t.equal(typeof action === 'object' ? action.code : action, 'idle-timeout');
  const silent = new Keepalive(connectionLimits({ pingIntervalMs: 1000 }));
  t.equal(silent.tick(0.6), 'none');
  t.equal(silent.tick(1000.5), 'none');
  t.equal(silent.tick(1001), 'ping');
  t.end();
});
