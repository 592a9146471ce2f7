import { flushAtTurnEnd } from 'barewire/peer';
import t from 'tap';

t.test('flushes after the turn and the promise jobs that belong to it', async (t) => {
  const log: string[] = [];
  const flushable = { flush: () => log.push('flush') };
  await new Promise<void>((done) => {
    setImmediate(() => {
      flushAtTurnEnd(flushable);
      log.push('sync');
      setImmediate(done);
    });
  });
  t.strictSame(log, ['sync', 'flush']);
});

t.test('flushes whatever asks again during a flush in a later round', async (t) => {
  const log: string[] = [];
  const second = { flush: () => log.push('second') };
  flushAtTurnEnd({
    flush: () => {
      log.push('first');
      flushAtTurnEnd(second);
    },
  });
  await new Promise((done) => setImmediate(done));
  t.strictSame(log, ['first', 'second']);
});
