import { hasFastPath, LIMITS } from 'barewire/base';
import t from 'tap';
import { resolveSettings } from '../../lib/server/server-settings.ts';
import { FakeTime } from '../support/fake-time.ts';

t.test('has the defaults of the table of limits', (t) => {
  const settings = resolveSettings({});
  t.equal(settings.headTimeoutMs, LIMITS.headTimeoutMs.value);
  t.equal(settings.maxConnections, LIMITS.maxConnections.value);
  t.equal(settings.maxBodyBytes, LIMITS.maxBodyBytes.value);
  t.equal(settings.http.maxHeaderBytes, LIMITS.maxHeaderBytes.value);
  t.match(settings, {
    allowHalfOpen: false,
    allowAnyScheme: false,
    sharedReadBuffer: hasFastPath('shared-read'),
    directWrites: hasFastPath('direct-write'),
    tls: undefined,
  });
  t.ok(Object.isFrozen(settings));
  t.end();
});

t.test('leaves the limit of bodies to whoever reads them', (t) => {
  const settings = resolveSettings({ maxBodyBytes: 5, maxHeaderCount: 7 });
  t.equal(settings.maxBodyBytes, 5);
  t.equal(settings.http.maxBodyBytes, Number.POSITIVE_INFINITY);
  t.equal(settings.http.maxHeaderCount, 7);
  t.end();
});

t.test('takes its time from the clock it is given', (t) => {
  const time = new FakeTime();
  const settings = resolveSettings({ time });
  t.equal(settings.wheel.time, time);
  t.equal(settings.date(), 'Sun, 06 Nov 1994 08:49:38 GMT');
  t.end();
});

t.test('refuses what is no setting', (t) => {
  for (const bad of [
    { writeTimeoutMs: '5' },
    { maxBodyBytes: -1 },
    { allowHalfOpen: null },
    { allowAnyScheme: 1 },
    { maxHeaderBytes: 0.5 },
  ]) {
    t.throws(() => resolveSettings(bad as object), { code: 'invalid-option' });
  }
  t.end();
});

t.test('refuses a clock that cannot tell the time, and a list of options', (t) => {
  const now = (): number => 0;
  for (const time of [{}, { now }, { now, epochNow: now }, [], null]) {
    const make = (): unknown => resolveSettings({ time: time as never });
    t.throws(make, { name: 'UsageError', code: 'invalid-option' });
  }
  t.throws(() => resolveSettings([] as never), { name: 'UsageError', code: 'invalid-option' });
  t.end();
});
