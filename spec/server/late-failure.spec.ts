import t from 'tap';
import { catchLater, isThenable } from '../../lib/server/late-failure.ts';

t.test('knows what may still fail', (t) => {
  // biome-ignore lint/suspicious/noThenProperty: promises of other libraries count as well.
  for (const promise of [Promise.resolve(), { then: () => undefined }]) t.ok(isThenable(promise));
  for (const value of [undefined, null, 1, 'then', {}, () => 1]) t.notOk(isThenable(value));
  t.end();
});

t.test('gives the reason of a rejection to whoever reports, and nothing else', async (t) => {
  const seen: unknown[] = [];
  const report = (error: unknown): void => void seen.push(error);
  for (const result of [undefined, 7, Promise.resolve(1), Promise.reject(new Error('late'))]) {
    catchLater(result, report);
  }
  await new Promise((next) => setImmediate(next));
  t.match(seen, [{ message: 'late' }]);
});
