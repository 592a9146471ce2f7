import assert from 'node:assert/strict';
import { encodeEvent, ReplayLog } from 'barewire/sse';
import t from 'tap';
import { readStream } from '../support/event-streams.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** A client that is cut off and comes back, against a list of everything that was ever sent. */
t.test('a client that comes back has every event once and in order, or is told', (t) => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ data: fc.string({ maxLength: 60, size: 'max' }) }) },
    { weight: 2, arbitrary: fc.constant('cut' as const) },
    { weight: 2, arbitrary: fc.constant('connect' as const) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.integer({ min: 1, max: 12 }),
      (steps, keep) => {
        const log = new ReplayLog({ epoch: 'e', maxReplayEvents: keep, maxReplayBytes: 1000 });
        const sent: string[] = [];
        let [position, isConnected, next] = ['', false, 0];
        const take = (text: string): boolean => {
          const { events, lastEventId } = readStream([Buffer.from(text)], {
            lastEventId: position,
          });
          position = lastEventId;
          return events.every((event) => {
            if (event.type !== 'reset') return event.data === sent[next++];
            next = sent.length;
            return true;
          });
        };
        return [...steps, 'connect' as const].every((what) => {
          if (what === 'cut') {
            isConnected = false;
          } else if (what === 'connect') {
            if (isConnected) return true;
            isConnected = true;
            if (position === '') next = sent.length;
            return take(log.catchUp(position)) && next === sent.length;
          } else {
            const { text } = log.append(what);
            sent.push(what.data.split(/\r\n|\r|\n/).join('\n'));
            if (isConnected) return take(text);
          }
          return log.length <= keep && log.byteLength <= 1000;
        });
      },
    ),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('answers any position without throwing', (t) => {
  const log = new ReplayLog({ epoch: 'e' });
  for (let n = 0; n < 5; n += 1) log.append({ data: '' });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((tail) => `e-${tail}`),
      ),
      (id) => {
        const { kind } = log.since(id);
        return kind === (id === '' ? 'fresh' : /^e-[0-5]$/.test(id) ? 'caught-up' : 'gap');
      },
    ),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});

/** The log as its documentation says it: everything that was ever appended, in a list. */
class NaiveLog {
  readonly all: { readonly id: string; readonly text: string }[] = [];
  readonly #maxEvents: number;
  readonly #maxBytes: number;

  constructor(maxEvents: number, maxBytes: number) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** The newest that fit together, counted from the end; one too large leaves nothing. */
  get kept(): readonly { readonly id: string; readonly text: string }[] {
    let [start, bytes] = [this.all.length, 0];
    while (start > 0 && this.all.length - start < this.#maxEvents) {
      bytes += Buffer.byteLength(this.all[start - 1]!.text) + 64;
      if (bytes > this.#maxBytes) break;
      start -= 1;
    }
    return this.all.slice(start);
  }

  since(position: string | undefined): unknown {
    if (!position) return { kind: 'fresh' };
    const found = /^([\w.]{1,64})-(0|[1-9]\d{0,15})$/.exec(position);
    const gap = (reason: string, missed?: number): unknown => ({ kind: 'gap', reason, missed });
    if (found === null) return gap('unknown');
    if (found[1] !== 'e') return gap('other-epoch');
    const offset = Number(found[2]);
    if (offset > this.all.length) return gap('too-new');
    const { kept } = this;
    const missed = this.all.length - kept.length - offset;
    if (missed > 0) return gap('too-old', missed);
    return { kind: 'caught-up', events: this.all.slice(offset) };
  }
}

const logStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      data: fc.oneof(
        fc.string({ maxLength: 40, size: 'max' }),
        fc.nat(300).map((n) => 'ä'.repeat(n)),
      ),
      event: fc.constantFrom(undefined, 'price', 'a\nb'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.integer({ min: -12, max: 2 }),
      fc.constantFrom(undefined, '', 'e', 'e-', 'e-01', 'f-0', 'e-1 ', '-1', 'e-e-1', 'é-1'),
      fc.string({ maxLength: 5 }),
    ),
  },
);

t.test('says at every step what a list of everything would say', (t) => {
  fc.assert(
    fc.property(
      fc.array(logStep, { maxLength: 60, size: 'max' }),
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 1200 }),
      (steps, maxReplayEvents, maxReplayBytes) => {
        const log = new ReplayLog({ epoch: 'e', maxReplayEvents, maxReplayBytes });
        const naive = new NaiveLog(maxReplayEvents, maxReplayBytes);
        for (const step of steps) {
          if (typeof step === 'object') {
            if (step.event === 'a\nb') {
              assert.throws(() => log.append(step), { code: 'invalid-argument' });
            } else {
              const id = `e-${naive.all.length + 1}`;
              naive.all.push({ id, text: encodeEvent({ ...step, id }) });
              assert.deepEqual(log.append(step), naive.all.at(-1));
            }
          } else {
            // A number is a position that far from the newest.
            const near = Math.max(0, naive.all.length + Number(step));
            const position = typeof step === 'number' ? `e-${near}` : step;
            assert.deepEqual(log.since(position), naive.since(position));
          }
          const { kept } = naive;
          const bytes = kept.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 64, 0);
          assert.deepEqual([log.length, log.byteLength], [kept.length, bytes]);
          assert.equal(log.lastId, `e-${naive.all.length}`);
          assert.deepEqual(log.recent(3), kept.slice(-3));
        }
      },
    ),
    runs(400),
  );
  t.pass('no counterexample');
  t.end();
});
