/** The law of pings: everybody who asks is told once, by the first pong that answers, and right. */
import assert from 'node:assert/strict';
import t from 'tap';
import { connectionLimits } from '../../lib/connection/connection-limits.ts';
import { Keepalive } from '../../lib/connection/keepalive.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** More pings than payloads are remembered, so that newer ones stand for older ones. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ping'), value: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('burst'), value: fc.nat(90) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pong'), value: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('strange pong'), value: fc.nat(8) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass'), value: fc.nat(500) }) },
);

interface Asked {
  readonly sentAtMs: number;
  readonly payload: string;
  /** What it was told, each time it was. */
  readonly told: number[];
}

t.test('law: who asks is told once: the time from its own ping to the pong', (t) => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.integer({ min: 1, max: 150 }),
      (steps, most) => {
        const keepalive = new Keepalive(connectionLimits({ maxPingsInFlight: most }));
        const all: Asked[] = [];
        let waiting: Asked[] = [];
        let nowMs = 0;
        const ping = (payload: Buffer | undefined): void => {
          const told: number[] = [];
          const bytes = keepalive.pinged(nowMs, payload, (ms) => told.push(ms));
          const asked = { sentAtMs: nowMs, payload: bytes.toString('latin1'), told };
          all.push(asked);
          waiting.push(asked);
        };
        for (const { kind, value } of steps) {
          if (kind === 'pass') nowMs += value;
          else if (kind === 'ping') ping(value === 0 ? undefined : Buffer.from(`own ${value}`));
          else if (kind === 'burst') for (let n = 0; n < value; n += 1) ping(undefined);
          else if (kind === 'strange pong') {
            assert.equal(keepalive.ponged(nowMs, Buffer.from('nobody asked')), undefined);
          } else {
            // One of the newest, of which the payload is remembered for sure.
            const answered = waiting.at(-1 - (value % Math.max(1, Math.min(waiting.length, 60))));
            if (answered === undefined) continue;
            const last = waiting.findLastIndex(({ payload }) => payload === answered.payload);
            const expectedMs = nowMs - waiting[last]!.sentAtMs;
            assert.equal(keepalive.ponged(nowMs, Buffer.from(answered.payload)), expectedMs);
            for (const { told, sentAtMs } of waiting.slice(0, last + 1)) {
              assert.deepEqual(told, [nowMs - sentAtMs]);
            }
            waiting = waiting.slice(last + 1);
          }
          assert.equal(keepalive.canPing, waiting.length < most);
          assert.ok(waiting.every(({ told }) => told.length === 0));
        }
        assert.ok(all.every(({ told }) => told.length <= 1));
      },
    ),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

type Event = 'heard' | 'message' | 'ping' | 'pong' | 'pass' | 'deaf';
const event = fc.record({
  kind: fc.constantFrom<Event>('heard', 'message', 'ping', 'pong', 'pass', 'pass', 'pass', 'deaf'),
  ms: fc.nat(400),
});
const timeout = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1500 }));

t.test('law: a tick asks for what is due, told from a list of all that happened', (t) => {
  const asked: Record<string, number> = {};
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60, size: 'max' }),
      fc.tuple(timeout, timeout, timeout),
      (events, [pingIntervalMs, pongTimeoutMs, idleTimeoutMs]) => {
        const keepalive = new Keepalive(
          connectionLimits({ pingIntervalMs, pongTimeoutMs, idleTimeoutMs }),
        );
        let nowMs = 0;
        // When the last of each was, as the ticks saw it: the opening counts as both.
        let [heardAtMs, messageAtMs] = [0, 0];
        let pings: { payload: Buffer; sentAtMs: number }[] = [];
        let [hasHeard, hasMessage] = [true, true];
        let deafSinceMs: number | undefined;
        for (const { kind, ms } of events) {
          nowMs += kind === 'pass' || kind === 'deaf' ? ms : 0;
          if (kind === 'heard') keepalive.heard();
          if (kind === 'message') keepalive.message();
          hasHeard ||= kind === 'heard';
          hasMessage ||= kind === 'message';
          if (kind === 'ping') {
            pings.push({ payload: keepalive.pinged(nowMs, undefined, undefined), sentAtMs: nowMs });
          }
          if (kind === 'pong' && pings.length > 0) {
            keepalive.ponged(nowMs, pings.at(-1)!.payload);
            pings = [];
          }
          if (kind === 'deaf') {
            // Who is not listened to has not been silent.
            [hasHeard, hasMessage] = [true, true];
            deafSinceMs ??= nowMs;
            const isPong = pingIntervalMs > 0 && nowMs - deafSinceMs >= pingIntervalMs;
            if (isPong) deafSinceMs = nowMs;
            const wanted = isPong ? 'pong' : 'none';
            assert.equal(keepalive.tick(nowMs, true), wanted);
            if (isPong) asked[wanted] = (asked[wanted] ?? 0) + 1;
          }
          if (kind !== 'pass') continue;
          deafSinceMs = undefined;
          if (hasHeard) heardAtMs = nowMs;
          if (hasMessage) messageAtMs = nowMs;
          [hasHeard, hasMessage] = [false, false];
          const isOver = (limitMs: number, sinceMs: number): boolean =>
            limitMs > 0 && nowMs - sinceMs >= limitMs;
          const oldest = pings[0]?.sentAtMs;
          let wanted = 'none';
          if (pings.length === 0 && isOver(pingIntervalMs, heardAtMs)) wanted = 'ping';
          if (isOver(idleTimeoutMs, messageAtMs)) wanted = 'idle-timeout';
          if (oldest !== undefined && isOver(pongTimeoutMs, Math.max(heardAtMs, oldest))) {
            wanted = 'pong-timeout';
          }
          const action = keepalive.tick(nowMs);
          assert.equal(typeof action === 'string' ? action : action.code, wanted);
          asked[wanted] = (asked[wanted] ?? 0) + 1;
        }
      },
    ),
    runs(500),
  );
  const kinds = ['none', 'ping', 'idle-timeout', 'pong-timeout', 'pong'];
  t.ok(
    kinds.every((kind) => (asked[kind] ?? 0) > 20),
    JSON.stringify(asked),
  );
  t.end();
});
