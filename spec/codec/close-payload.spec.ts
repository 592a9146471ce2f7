import { ProtocolError, UsageError } from 'barewire/base';
import { encodeClosePayload, isValidCloseCode, parseClosePayload } from 'barewire/codec';
import t from 'tap';

/** Every code that may be in a close frame, by its range [RFC 6455 §7.4]. */
const SENDABLE: readonly (readonly [from: number, to: number])[] = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
];

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function failureOf(payload: Buffer): string | undefined {
  try {
    parseClosePayload(payload);
    return undefined;
  } catch (error) {
    return error instanceof ProtocolError ? error.code : String(error);
  }
}

const CODES =
  '6455-7.4.1-3 6455-7.4.1-4 6455-7.4.1-5 6455-7.4.1-11 6455-7.4.2-1 6455-7.4.2-2 6455-7.4.2-3 ' +
  '6455-7.4.2-4';
t.test(`accepts the codes that may be sent, and no others [${CODES}]`, (t) => {
  for (let code = 0; code <= 65_535; code += 1) {
    const expected = SENDABLE.some(([from, to]) => code >= from && code <= to);
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    const failure = failureOf(payload);
    if (isValidCloseCode(code) !== expected || (failure === undefined) !== expected) {
      t.fail(`${code}: ${failure}`);
    }
  }
  t.equal(failureOf(bytes('03ec')), 'close-code-invalid');
  for (const code of [1000.5, Number.NaN, -1000, Number.POSITIVE_INFINITY, '1000']) {
    t.equal(isValidCloseCode(code as number), false, String(code));
  }
  t.end();
});

t.test('reads code and reason [6455-5.5.1-1 6455-5.5.1-2 6455-5.5.1-3]', (t) => {
  t.same(parseClosePayload(Buffer.alloc(0)), { code: 1005, reason: '' });
  t.same(parseClosePayload(bytes('03e8')), { code: 1000, reason: '' });
  t.same(parseClosePayload(bytes('03e9 c3bc 62 6572')), { code: 1001, reason: 'über' });
  const within = bytes('ffff 03e8 6f6b ffff');
  t.same(parseClosePayload(within.subarray(2, 6)), { code: 1000, reason: 'ok' });
  t.same(parseClosePayload(new Uint8Array(within.subarray(2, 6))), { code: 1000, reason: 'ok' });
  t.end();
});

t.test('refuses half a code and reasons that are no text [6455-8.1-1]', (t) => {
  t.equal(failureOf(bytes('03')), 'close-payload-one-byte');
  t.equal(failureOf(bytes('03e8 ff')), 'close-reason-not-utf8');
  t.equal(failureOf(bytes('03e8 e282')), 'close-reason-not-utf8');
  t.equal(failureOf(bytes('03e8 eda080')), 'close-reason-not-utf8');
  t.equal(new ProtocolError('close-reason-not-utf8').closeCode, 1007);
  t.end();
});

t.test('writes what can be read, and nothing else', (t) => {
  t.same(encodeClosePayload(), Buffer.alloc(0));
  t.same(encodeClosePayload(1000), bytes('03e8'));
  for (const [from, to] of SENDABLE) {
    for (const code of [from, to]) {
      for (const reason of ['', 'gone', 'ö'.repeat(61), 'x'.repeat(123)]) {
        const payload = encodeClosePayload(code, reason);
        t.ok(payload.length <= 125);
        t.same(parseClosePayload(payload), { code, reason });
      }
    }
  }
  t.end();
});

t.test('refuses to write codes and reasons that may not be sent', (t) => {
  const code = (value: unknown, reason?: unknown) => (): Buffer =>
    encodeClosePayload(value as number, reason as string);
  for (const value of [999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, Number.NaN, '1000', null]) {
    t.throws(code(value), { code: 'invalid-close-code' }, String(value));
  }
  t.throws(code(1000, 'x'.repeat(124)), { code: 'invalid-argument' });
  t.throws(code(1000, `${'x'.repeat(122)}é`), { code: 'invalid-argument' });
  t.throws(code(undefined, 'why'), { code: 'invalid-argument' });
  t.throws(code(1000, 7), UsageError);
  t.end();
});
