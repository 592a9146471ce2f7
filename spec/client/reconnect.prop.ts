/** Laws of coming back: whether, how often and when, whatever ends a connection. */
import assert from 'node:assert/strict';
import { ProtocolError } from 'barewire/base';
import { HandshakeRefused, type ReconnectCause } from 'barewire/client';
import { Fields } from 'barewire/http';
import t from 'tap';
import { Reconnection } from '../../lib/client/reconnect.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** The table at the top of reconnect.ts, word for word. */
const COMES_BACK = {
  statuses: [408, 425, 429, 500, 502, 503, 504],
  closeCodes: [1001, 1006, 1011, 1012, 1013, 1014],
  silence: ['handshake-timeout', 'pong-timeout', 'premature-eof'],
  network: ['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'ETIMEDOUT'],
};

const retryAfterSeconds = fc.option(fc.nat(1200), { nil: undefined });
const ways = fc.oneof(
  fc.record({
    kind: fc.constant('refused' as const),
    status: fc.constantFrom(...COMES_BACK.statuses, 200, 301, 400, 401, 403, 404, 426, 501),
    seconds: retryAfterSeconds,
  }),
  fc.record({
    kind: fc.constant('closed' as const),
    code: fc.constantFrom(...COMES_BACK.closeCodes, 1000, 1002, 1005, 1007, 1010, 3000, 4999),
  }),
  fc.record({
    kind: fc.constant('broken' as const),
    code: fc.constantFrom('handshake-timeout', 'pong-timeout', 'premature-eof', 'reserved-opcode'),
    isOpen: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('network' as const),
    code: fc.constantFrom(...COMES_BACK.network, 'CERT_HAS_EXPIRED', 'EACCES'),
  }),
);
type Way = typeof ways extends fc.Arbitrary<infer Kind> ? Kind : never;

function causeOf(way: Way): { cause: ReconnectCause; isUsual: boolean; seconds: number } {
  const cause = (error: Error | undefined, code: number, wasOpen: boolean): ReconnectCause => ({
    ...{ error, code, wasOpen, reason: '', unsentBytes: 0 },
  });
  switch (way.kind) {
    case 'refused': {
      const { status, seconds } = way;
      const lines = seconds === undefined ? {} : { 'retry-after': String(seconds) };
      const head = { status, reason: '', fields: Fields.from(lines) };
      const error = new HandshakeRefused('server', head, Buffer.alloc(0));
      const isUsual = COMES_BACK.statuses.includes(status);
      return { cause: cause(error, 1006, false), isUsual, seconds: seconds ?? 0 };
    }
    case 'closed': {
      const isUsual = COMES_BACK.closeCodes.includes(way.code);
      return { cause: cause(undefined, way.code, true), isUsual, seconds: 0 };
    }
    case 'broken': {
      const error = new ProtocolError(way.code as 'pong-timeout', '');
      const isUsual = COMES_BACK.silence.includes(way.code);
      return { cause: cause(error, 1006, way.isOpen), isUsual, seconds: 0 };
    }
    case 'network': {
      const error = Object.assign(new Error(way.code), { code: way.code });
      const isUsual = COMES_BACK.network.includes(way.code);
      return { cause: cause(error, 1006, false), isUsual, seconds: 0 };
    }
  }
}

t.test('law: comes back as the table says, within its bounds, and never too early', (t) => {
  const seen = { back: 0, meant: 0, tooLong: 0, enough: 0, overruled: 0 };
  const options = fc.record({
    minDelayMs: fc.integer({ min: 1, max: 2000 }),
    wider: fc.nat(20_000),
    maxAttempts: fc.constantFrom(0, 1, 3, Number.POSITIVE_INFINITY),
    stableMs: fc.constantFrom(0, 1000),
    maxRetryAfterMs: fc.constantFrom(0, 60_000, 600_000),
  });
  const step = fc.record({
    way: ways,
    openMs: fc.option(fc.nat(2000), { nil: undefined }),
    lot: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    verdict: fc.constantFrom('usual', 'usual', 'yes', 'no'),
  });
  const law = fc.property(options, fc.array(step, { maxLength: 12 }), (given, steps) => {
    const { wider, ...bounds } = given;
    const world = new FakeWorld();
    let verdict = 'usual';
    const maxDelayMs = bounds.minDelayMs + wider;
    const reconnection = new Reconnection(
      {
        ...{ ...bounds, maxDelayMs },
        shouldReconnect: (_cause, usual) => (verdict === 'usual' ? usual : verdict === 'yes'),
      },
      world,
    );
    let attempts = 0;
    for (const { way, openMs, lot, verdict: said } of steps) {
      verdict = said;
      world.lot = lot;
      const { cause, isUsual, seconds } = causeOf(way);
      let hasLasted = false;
      if (openMs !== undefined) {
        reconnection.opened();
        world.advance(openMs);
        hasLasted = openMs >= bounds.stableMs;
      }
      const next = reconnection.next(cause);
      const isWanted = said === 'usual' ? isUsual : said === 'yes';
      if (said !== 'usual' && isWanted !== isUsual) seen.overruled += 1;
      const waitMs = seconds * 1000;
      if (!isWanted || waitMs > bounds.maxRetryAfterMs) {
        assert.equal(next, undefined);
        seen[isWanted ? 'tooLong' : 'meant'] += 1;
        return;
      }
      if (hasLasted) attempts = 0;
      if (attempts >= bounds.maxAttempts) {
        assert.equal(next, undefined);
        seen.enough += 1;
        return;
      }
      attempts += 1;
      seen.back += 1;
      assert.equal(next?.attempt, attempts);
      assert.ok(next.delayMs >= waitMs + bounds.minDelayMs, 'not before it was asked for');
      assert.ok(next.delayMs <= waitMs + maxDelayMs, 'nor much later');
    }
  });
  fc.assert(law, runs(2000));
  for (const [what, count] of Object.entries(seen)) t.ok(count > 30, `${what}: ${count}`);
  t.end();
});
