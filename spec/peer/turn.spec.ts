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

t.test('one that throws is loud, and silences nobody behind it', async (t) => {
  const log: string[] = [];
  const uncaught: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error));
  t.teardown(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  });
  const error = new Error('mine');
  await new Promise<void>((done) => {
    setImmediate(() => {
      flushAtTurnEnd({ flush: () => log.push('before') });
      flushAtTurnEnd({
        flush() {
          throw error;
        },
      });
      for (const name of ['behind', 'last']) flushAtTurnEnd({ flush: () => log.push(name) });
      setImmediate(done);
    });
  });
  t.strictSame(uncaught, [error]);
  t.strictSame(log, ['before', 'behind', 'last']);
});
