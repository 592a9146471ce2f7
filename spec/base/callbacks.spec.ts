import { asError, callSafely, isThenable, readVerdict } from 'barewire/base';
import t from 'tap';

t.test('knows what may still fail', (t) => {
  // biome-ignore lint/suspicious/noThenProperty: promises of other libraries count as well.
  for (const promise of [Promise.resolve(), { then: () => undefined }]) t.ok(isThenable(promise));
  for (const value of [undefined, null, 1, 'then', {}, () => 1]) t.notOk(isThenable(value));
  t.end();
});

t.test('gives what is thrown or rejected to whoever reports, and nothing else', async (t) => {
  const seen: unknown[] = [];
  const callbacks: readonly (() => unknown)[] = [
    () => undefined,
    () => 7,
    async () => 1,
    () => {
      throw new Error('early');
    },
    () => Promise.reject(new Error('late')),
  ];
  for (const callback of callbacks) callSafely(callback, (error) => seen.push(error));
  t.match(seen, [{ message: 'early' }]);
  await new Promise((next) => setImmediate(next));
  t.match(seen, [{ message: 'early' }, { message: 'late' }]);
});

t.test('takes only true for a yes, and refuses what is no answer', async (t) => {
  t.equal(readVerdict(true, 'it'), true);
  t.equal(readVerdict(false, 'it'), false);
  const late = [Promise.resolve(true), Promise.reject(new Error('for nobody'))];
  for (const answer of [undefined, null, 1, 0, 'yes', {}, ...late]) {
    t.throws(() => readVerdict(answer, 'it'), { code: 'invalid-argument', message: /^it must/ });
  }
  await new Promise((next) => setImmediate(next));
});

t.test('makes an Error of whatever was thrown', (t) => {
  const error = new TypeError('as it is');
  t.equal(asError(error), error);
  for (const [thrown, message] of [
    ['text', 'text'],
    [undefined, 'undefined'],
    [7, '7'],
  ] as const) {
    t.match(asError(thrown), { name: 'Error', message });
  }
  t.end();
});
