/** The law of frames that have memory of their own: the octets are those of any other frame. */
import assert from 'node:assert/strict';
import { encodeFrame, encodeSoleFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { textBytes } from '../support/utf8-arbitraries.ts';

const shorter = fc.oneof(
  fc.tuple(textBytes, fc.integer({ min: 1, max: 3000 })).map(([text, times]) => {
    return text.toString().repeat(Math.min(times, 200_000 / (text.length + 1)));
  }),
  // Lone surrogates become U+FFFD.
  fc.string({ unit: 'binary' }).map((text) => `\ud800${text}\udc00`),
  fc.uint8Array({ maxLength: 300, size: 'max' }),
  fc.integer({ min: 65_530, max: 65_540 }).map((length) => Buffer.alloc(length, 'b')),
);
const payload = fc.oneof(
  { weight: 30, arbitrary: shorter },
  // Three bytes for a character: more than the common buffer has to begin with.
  fc.integer({ min: 60_000, max: 120_000 }).map((length) => '\u20ac'.repeat(length)),
  // Around what is written there at all.
  fc.constantFrom(1_048_576, 1_048_577).map((length) => 'b'.repeat(length)),
);
const key = fc.option(fc.integer({ min: 0, max: 0xffff_ffff }), { nil: undefined });
/** Memory that is offered, in shares of what is needed; 0 for none. */
const offer = fc.constantFrom(0, 0.5, 1, 1.5, 4, 5);

t.test('law: the frame is that of encodeFrame, in whatever memory', (t) => {
  fc.assert(
    fc.property(payload, key, offer, (data, maskingKey, share) => {
      const opcode = typeof data === 'string' ? OPCODE.text : OPCODE.binary;
      const wanted = encodeFrame({ opcode, payload: Buffer.from(data), maskingKey });
      const offered = Math.ceil(wanted.length * share);
      const memory = share === 0 ? undefined : Buffer.alloc(offered, 0xaa);
      const frame = encodeSoleFrame(opcode, true, 0, data, maskingKey, memory);
      assert.ok(frame.equals(wanted));
      const isOffered = memory !== undefined && frame.buffer === memory.buffer;
      // Else a short frame that waits would hold much.
      assert.ok(!isOffered || memory.length <= 4 * frame.length, 'memory that is too long');
      const rest = isOffered ? memory.subarray(frame.length) : memory;
      assert.ok(rest === undefined || rest.every((octet) => octet === 0xaa), 'no octet more');
    }),
    runs(400),
  );
  t.pass('no counterexample');
  t.end();
});
