import { UsageError } from 'barewire/base';
import { type ConnectionOptions, checkConnectionOptions } from 'barewire/connection';
import t from 'tap';
import { End } from '../support/connection-pair.ts';

const sink = new End({ nowMs: 0 }, { role: 'server' });
const now = (): number => 0;
const refused = (options: ConnectionOptions, where: Partial<End> = sink): boolean => {
  try {
    checkConnectionOptions(where as End, options);
    return false;
  } catch (error) {
    return error instanceof UsageError && error.code === 'invalid-option';
  }
};

t.test('takes a server without masking keys, and no client', (t) => {
  t.equal(refused({ role: 'server', now }), false);
  t.equal(refused({ role: 'client', now }), true);
  t.equal(refused({ role: 'client', now, takeMaskingKey: () => 1 }), false);
  t.equal(refused({ role: 'proxy' as 'client', now }), true);
  t.end();
});

t.test('wants a sink that can take pieces, when pieces are wanted', (t) => {
  t.equal(refused({ role: 'server', now, delivery: 'pieces' }), false);
  t.equal(refused({ role: 'server', now, delivery: 'pieces' }, { message: () => {} }), true);
  const whole = { messageStart() {}, messagePiece() {}, messageEnd() {} };
  for (const missing of Object.keys(whole)) {
    const sink = { ...whole, [missing]: undefined };
    t.equal(refused({ role: 'server', now, delivery: 'pieces' }, sink), true, missing);
  }
  t.end();
});

t.test('knows two kinds of delivery, and thresholds that are numbers', (t) => {
  t.equal(refused({ role: 'server', now, delivery: 'whole' as 'message' }), true);
  t.equal(refused({ role: 'server', now, delivery: 'message' }), false);
  for (const compressThresholdBytes of [-1, Number.NaN, '1024' as never]) {
    t.equal(refused({ role: 'server', now, compressThresholdBytes }), true);
  }
  for (const compressThresholdBytes of [0, 1, Number.POSITIVE_INFINITY]) {
    t.equal(refused({ role: 'server', now, compressThresholdBytes }), false);
  }
  t.end();
});
