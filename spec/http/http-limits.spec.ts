import { LIMITS, UsageError } from 'barewire/base';
import { HTTP_LIMIT_NAMES, resolveHttpLimits } from 'barewire/http';
import t from 'tap';

t.test('takes the defaults of the table, and what overrides them', (t) => {
  const limits = resolveHttpLimits({ maxTargetBytes: 5 });
  t.equal(limits.maxTargetBytes, 5);
  t.equal(limits.maxHeaderBytes, LIMITS.maxHeaderBytes.value);
  t.equal(limits.maxBodyBytes, LIMITS.maxBodyBytes.value);
  t.end();
});

t.test('refuses limits that are none', (t) => {
  for (const bad of [-1, 1.5, Number.NaN, '5' as unknown as number]) {
    t.throws(() => resolveHttpLimits({ maxHeaderCount: bad }), UsageError);
  }
  t.end();
});

t.test('resolves once: what it made is given back as it is, and cannot be changed', (t) => {
  const limits = resolveHttpLimits({ maxBodyBytes: 5 });
  t.equal(resolveHttpLimits(limits), limits);
  t.not(resolveHttpLimits({ ...limits }), limits, 'a copy is not trusted');
  t.equal(Object.isFrozen(limits), true);
  t.end();
});

t.test('takes each limit at its edges, and refuses names that are none', (t) => {
  for (const name of HTTP_LIMIT_NAMES) {
    for (const value of [0, 1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      t.equal(resolveHttpLimits({ [name]: value })[name], value);
    }
    t.equal(resolveHttpLimits({ [name]: undefined })[name], LIMITS[name].value);
  }
  const misspelt = { maxHeadersBytes: 5 } as object;
  t.throws(() => resolveHttpLimits(misspelt), { code: 'invalid-option' });
  t.end();
});
