/** Laws of the key and its answer: sixteen bytes there and back, and the hash as it is defined. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { computeAccept, encodeHandshakeKey } from 'barewire/handshake';
import t from 'tap';
import { isHandshakeKey } from '../../lib/handshake/accept-key.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

t.test('a key is sixteen bytes, and its answer is the hash of what was sent', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (nonce) => {
      const key = encodeHandshakeKey(nonce);
      assert.ok(isHandshakeKey(key));
      assert.deepEqual(Uint8Array.from(Buffer.from(key, 'base64')), nonce);
      const text = `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
      assert.equal(computeAccept(key), createHash('sha1').update(text).digest('base64'));
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('takes a value exactly when sixteen bytes are what it says', (t) => {
  const base64 = fc
    .uint8Array({ minLength: 14, maxLength: 18 })
    .map((bytes) => Buffer.from(bytes).toString('base64'));
  const spoiled = fc
    .tuple(base64, fc.nat(24), fc.constantFrom('=', '-', ' ', '\n', 'é', '', 'A'))
    .map(([key, at, put]) => key.slice(0, at) + put + key.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(base64, spoiled), (value) => {
      // Decoders skip what they do not know, so the alphabet is asked for as well.
      const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0;
      assert.equal(isHandshakeKey(value), isBase64 && Buffer.from(value, 'base64').length === 16);
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});
