/** Laws of close payloads: what is written is read back, and no rule of either side is missed. */
import assert from 'node:assert/strict';
import { ProtocolError, UsageError } from 'barewire/base';
import { encodeClosePayload, parseClosePayload } from 'barewire/codec';
import t from 'tap';
import { closePayloads, givenCodes, mayBeSent, reasons } from '../support/close-arbitraries.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { decodeOrRefuse } from '../support/utf8-arbitraries.ts';

/** What must be read, or the rule that is broken, one after the other [RFC 6455 §5.5.1, §7.4]. */
function readLiterally(payload: Buffer): unknown {
  const bytes = [...payload];
  if (bytes.length === 0) return { code: 1005, reason: '' };
  if (bytes.length === 1) return 'close-payload-one-byte';
  const code = bytes[0]! * 256 + bytes[1]!;
  if (!mayBeSent(code)) return 'close-code-invalid';
  const reason = decodeOrRefuse(Uint8Array.from(bytes.slice(2)));
  return reason === undefined ? 'close-reason-not-utf8' : { code, reason };
}

/** What is read, or the code of the failure. */
function read(payload: Uint8Array): unknown {
  try {
    return { ...parseClosePayload(payload) };
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

t.test('law: any payload is read as the RFC says, or refused by the rule that it breaks', (t) => {
  const seen: Record<string, number> = {};
  fc.assert(
    fc.property(closePayloads, fc.nat(3), (payload, before) => {
      const wanted = readLiterally(payload);
      const around = Buffer.concat([Buffer.alloc(before, 0xff), payload, Buffer.alloc(3, 0xff)]);
      const given = around.subarray(before, before + payload.length);
      assert.deepEqual(read(given), wanted);
      assert.deepEqual(read(new Uint8Array(given)), wanted);
      assert.deepEqual(given, payload, 'the payload is not changed');
      const kind = typeof wanted === 'string' ? wanted : 'read';
      seen[kind] = (seen[kind] ?? 0) + 1;
    }),
    runs(2000),
  );
  const kinds = ['read', 'close-payload-one-byte', 'close-code-invalid', 'close-reason-not-utf8'];
  for (const kind of kinds) t.ok((seen[kind] ?? 0) > 20, `${kind}: ${seen[kind]}`);
  t.end();
});

/** Why a caller is refused; `undefined` when the payload is to be written. */
function refusalOf(code: unknown, reason: string): string | undefined {
  if (code === undefined) return reason === '' ? undefined : 'invalid-argument';
  if (!mayBeSent(code)) return 'invalid-close-code';
  // A control frame has 125 bytes [RFC 6455 §5.5], two of which are the code.
  return [...Buffer.from(reason)].length > 125 - 2 ? 'invalid-argument' : undefined;
}

t.test('law: what may be sent is read back as it was, and nothing else is written', (t) => {
  const seen = { written: 0, refused: 0, full: 0, 'one too long': 0 };
  fc.assert(
    fc.property(givenCodes, reasons, (code, reason) => {
      const bytes = Buffer.from(reason);
      const wanted = refusalOf(code, reason);
      if (mayBeSent(code) && bytes.length === 123) seen.full += 1;
      if (mayBeSent(code) && bytes.length === 124) seen['one too long'] += 1;
      let payload: Buffer;
      try {
        payload = encodeClosePayload(code as number, reason);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
        assert.equal(error.code, wanted);
        seen.refused += 1;
        return;
      }
      assert.equal(wanted, undefined, 'written, although it may not be sent');
      seen.written += 1;
      const head = code === undefined ? [] : [Number(code) >> 8, Number(code) & 0xff];
      assert.deepEqual([...payload], [...head, ...bytes]);
      assert.deepEqual(read(payload), { code: code ?? 1005, reason: bytes.toString() });
    }),
    runs(2000),
  );
  for (const [what, count] of Object.entries(seen)) t.ok(count > 20, `${what}: ${count}`);
  t.end();
});
