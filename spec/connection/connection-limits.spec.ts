import { LIMITS, UsageError } from 'barewire/base';
import { connectionLimits } from 'barewire/connection';
import t from 'tap';

const NEVER = Number.POSITIVE_INFINITY;

t.test('fills in what is left out', (t) => {
  const named = ['closeTimeoutMs', 'endTimeoutMs', 'maxCloseMs', 'maxPingsInFlight'] as const;
  const limits = connectionLimits();
  for (const name of named) t.equal(limits[name], LIMITS[name].value, name);
  t.equal(limits.messageTimeoutMs, LIMITS.messageTimeoutMs.value);
  t.equal(limits.inflateTimeoutMs, LIMITS.inflateTimeoutMs.value);
  for (const name of ['pingIntervalMs', 'pongTimeoutMs', 'idleTimeoutMs'] as const) {
    t.equal(limits[name], 0, `${name} is off`);
  }
  t.end();
});

t.test('gives what is streamed all the time it needs, unless told otherwise', (t) => {
  const patient = connectionLimits({ delivery: 'pieces' });
  t.equal(patient.messageTimeoutMs, NEVER);
  t.equal(patient.inflateTimeoutMs, NEVER);
  const strict = connectionLimits({ delivery: 'pieces', messageTimeoutMs: 5 });
  t.equal(strict.messageTimeoutMs, 5);
  t.equal(strict.inflateTimeoutMs, NEVER);
  t.end();
});

t.test('takes no options later into account', (t) => {
  const options = { closeTimeoutMs: 5 };
  const limits = connectionLimits(options);
  options.closeTimeoutMs = 6;
  t.equal(limits.closeTimeoutMs, 5);
  t.ok(Object.isFrozen(limits), 'those of one kind share them');
  t.equal(connectionLimits(options).closeTimeoutMs, 6);
  t.end();
});

t.test('refuses what is no time and no bound', (t) => {
  const bounds = [
    'messageTimeoutMs',
    'inflateTimeoutMs',
    'closeTimeoutMs',
    'endTimeoutMs',
  ] as const;
  for (const name of [...bounds, 'maxCloseMs', 'maxPingsInFlight'] as const) {
    for (const bad of [-1, 0.5, Number.NaN, '5' as never, null as never]) {
      t.throws(() => connectionLimits({ [name]: bad }), UsageError, `${name} ${bad}`);
    }
  }
  for (const name of ['pingIntervalMs', 'pongTimeoutMs', 'idleTimeoutMs'] as const) {
    for (const bad of [-1, NEVER, Number.NaN, '5' as never, null as never]) {
      t.throws(
        () => connectionLimits({ [name]: bad }),
        { code: 'invalid-option' },
        `${name} ${bad}`,
      );
    }
  }
  t.end();
});
