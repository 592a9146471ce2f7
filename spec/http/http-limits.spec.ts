import { LIMITS, UsageError } from 'barewire/base';
import { resolveHttpLimits } from 'barewire/http';
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
