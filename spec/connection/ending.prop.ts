/** The law of an ending: who is waited for, and for how long, to the ms, told by a stop watch. */
import assert from 'node:assert/strict';
import { encodeClosePayload, encodeFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** All times are multiples of it, so that a deadline is often met exactly. */
const UNIT_MS = 500;
const timeMs = (max: number): fc.Arbitrary<number> =>
  fc.integer({ min: 1, max }).map((units) => units * UNIT_MS);

/** Before a tick: time passes; the peer takes a byte, or sends one of a message without end. */
const step = fc.record({
  ms: fc.oneof({ weight: 5, arbitrary: timeMs(3) }, timeMs(8)),
  takes: fc.constantFrom(true, true, false),
  says: fc.constantFrom(true, false, false),
  /** What it does but once in a while: it breaks a rule, or closes. */
  whatElse: fc.constantFrom(...Array<undefined>(12), 'breaks' as const, 'closes' as const),
});

const fromClient = (opcode: number, payload: Buffer, fin: boolean): Buffer =>
  encodeFrame({ opcode, payload, fin, maskingKey: 7 });
const CLOSE = fromClient(OPCODE.close, encodeClosePayload(1000, ''), true);
/** A reserved opcode. */
const BREACH = Buffer.of(0x83, 0x80, 0, 0, 0, 0);

const limits = fc.record({
  closeTimeoutMs: timeMs(6),
  endTimeoutMs: timeMs(6),
  maxCloseMs: fc.oneof(fc.constant(0), timeMs(20)),
});

t.test('law: who moves is waited for, until maxCloseMs, and a breaker of rules is not', (t) => {
  const cut = { answer: 0, end: 0, failed: 0, last: 0 };
  fc.assert(
    fc.property(limits, fc.boolean(), fc.array(step, { maxLength: 60 }), (times, isOurs, steps) => {
      const pair = new Pair({ server: times });
      const { connection } = pair.server;
      let taken = 0;
      // Whatever is written waits until the peer takes it.
      pair.server.unsentBytes = () => pair.server.pipe.reduce((sum, b) => sum + b.length, -taken);
      connection.receive(fromClient(OPCODE.binary, Buffer.of(1), false));
      connection.send(Buffer.alloc(1000));
      connection.tick(0);
      if (isOurs) connection.close(1000);
      else connection.receive(CLOSE);
      const { nowMs: beganAtMs } = pair.clock;
      let sinceMs = beganAtMs;
      // Close frames have gone both ways; a rule was broken.
      let [isExchanged, hasFailed] = [!isOurs, false];
      let comes = false;
      for (const { ms, takes, says, whatElse } of steps) {
        if (says) connection.receive(fromClient(OPCODE.continuation, Buffer.of(1), false));
        if (takes) taken += 1;
        comes ||= says && !isExchanged && !hasFailed;
        if (whatElse !== undefined && !isExchanged && !hasFailed) {
          connection.receive(whatElse === 'breaks' ? BREACH : CLOSE);
          isExchanged = whatElse === 'closes';
          hasFailed = whatElse === 'breaks';
          sinceMs = pair.clock.nowMs;
          // It begins with a look at the output, so that what was taken before is nothing new.
          continue;
        }
        pair.clock.nowMs += ms;
        const { nowMs } = pair.clock;
        connection.tick(nowMs);
        const mayPutOff = !hasFailed && nowMs - beganAtMs < times.maxCloseMs;
        if ((takes || comes) && mayPutOff) sinceMs = nowMs;
        comes = false;
        const isSaid = isExchanged || hasFailed;
        const isOver = nowMs - sinceMs >= (isSaid ? times.endTimeoutMs : times.closeTimeoutMs);
        assert.equal(pair.server.isAborted, isOver, `after ${nowMs - sinceMs} ms`);
        if (!isOver) continue;
        cut[hasFailed ? 'failed' : isExchanged ? 'end' : 'answer'] += 1;
        if (nowMs - beganAtMs > times.maxCloseMs && times.maxCloseMs > 0) cut.last += 1;
        // Whoever does not say that it is gone is gone with the next tick.
        const told = (): unknown => pair.server.report?.wasClean;
        assert.equal(told(), undefined);
        connection.tick(nowMs);
        assert.equal(told(), isExchanged);
        return;
      }
    }),
    runs(1200),
  );
  t.ok(Math.min(...Object.values(cut)) > 10, JSON.stringify(cut));
  t.end();
});
