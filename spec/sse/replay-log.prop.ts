import { ReplayLog } from 'barewire/sse';
import fc from 'fast-check';
import t from 'tap';
import { readStream } from '../support/event-streams.ts';
import { runs } from '../support/laws.ts';

/** A client that is cut off and comes back, against a list of everything that was ever sent. */
t.test('a client that comes back has every event once and in order, or is told', (t) => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ data: fc.string({ maxLength: 60 }) }) },
    { weight: 2, arbitrary: fc.constant('cut' as const) },
    { weight: 2, arbitrary: fc.constant('connect' as const) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
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
    runs(1000),
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
