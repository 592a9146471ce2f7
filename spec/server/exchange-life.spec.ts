import t from 'tap';
import {
  ExchangeAborted,
  ExchangeLife,
  type ExchangeReport,
} from '../../lib/server/exchange-life.ts';

t.test('runs clean-ups once, the newest first', (t) => {
  const life = new ExchangeLife(() => t.fail('nothing was thrown'));
  const seen: string[] = [];
  t.equal(life.isWatched, false);
  life.onClose(({ reason }) => seen.push(`first ${reason}`));
  life.onClose(({ reason }) => seen.push(`second ${reason}`));
  t.equal(life.isWatched, true);
  life.finish('completed');
  life.finish('reset');
  t.same(seen, ['second completed', 'first completed']);
  t.same(life.report, { reason: 'completed', error: undefined });
  t.end();
});

t.test('runs a clean-up at once that comes too late', (t) => {
  const life = new ExchangeLife(() => undefined);
  const error = new Error('why');
  life.finish('broken-off', error);
  const seen: ExchangeReport[] = [];
  life.onClose((report) => seen.push(report));
  t.same(seen, [{ reason: 'broken-off', error }]);
  t.end();
});

t.test('does not let a clean-up that fails stop the others', (t) => {
  const errors: unknown[] = [];
  const life = new ExchangeLife((error) => errors.push(error));
  let ran = 0;
  life.onClose(() => {
    ran += 1;
  });
  life.onClose(() => {
    throw new Error('in a clean-up');
  });
  life.finish('reset');
  t.equal(ran, 1);
  t.match(errors, [{ message: 'in a clean-up' }]);
  t.end();
});

t.test('aborts its signal once, with the reason', (t) => {
  const life = new ExchangeLife(() => undefined);
  let aborts = 0;
  life.signal.addEventListener('abort', () => {
    aborts += 1;
  });
  t.equal(life.signal.aborted, false);
  life.abort('peer-ended');
  life.finish('reset');
  t.equal(aborts, 1);
  const { reason } = life.signal;
  t.ok(reason instanceof ExchangeAborted);
  t.match(reason, { name: 'AbortError', reason: 'peer-ended' });
  t.end();
});

t.test(
  'gives an aborted signal to whoever asks late, and none to abort when all went well',
  (t) => {
    const gone = new ExchangeLife(() => undefined);
    gone.finish('write-timeout');
    t.equal(gone.signal.aborted, true);
    const done = new ExchangeLife(() => undefined);
    const { signal } = done;
    done.finish('completed');
    t.equal(signal.aborted, false);
    t.equal(done.abortedFor, undefined);
    t.end();
  },
);

t.test('reports what an asynchronous clean-up rejects with, early or late', async (t) => {
  const errors: unknown[] = [];
  const life = new ExchangeLife((error) => errors.push(error));
  life.onClose(async () => {
    throw new Error('one');
  });
  life.finish('completed');
  life.onClose(() => Promise.reject(new Error('two')));
  await new Promise((next) => setImmediate(next));
  t.match(errors, [{ message: 'one' }, { message: 'two' }]);
});
