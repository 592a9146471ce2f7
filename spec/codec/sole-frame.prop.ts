/** The law of frames that have memory of their own: the octets are those of any other frame. */
import assert from 'node:assert/strict';
import { encodeFrame, encodeSoleFrame, OPCODE } from 'barewire/codec';
import fc from 'fast-check';
import t from 'tap';
import { runs } from '../support/laws.ts';
import { textBytes } from '../support/utf8-arbitraries.ts';

const payload = fc.oneof(
  fc.tuple(textBytes, fc.integer({ min: 1, max: 3000 })).map(([text, times]) => {
    return text.toString().repeat(Math.min(times, 200_000 / (text.length + 1)));
  }),
  // Lone surrogates become U+FFFD.
  fc.string({ unit: 'binary' }).map((text) => `\ud800${text}\udc00`),
  fc.uint8Array({ maxLength: 300 }),
  fc.integer({ min: 65_530, max: 65_540 }).map((length) => Buffer.alloc(length, 'b')),
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
      const rest = isOffered ? memory.subarray(frame.length) : memory;
      assert.ok(rest === undefined || rest.every((octet) => octet === 0xaa), 'no octet more');
    }),
    runs(400),
  );
  t.pass('no counterexample');
  t.end();
});
