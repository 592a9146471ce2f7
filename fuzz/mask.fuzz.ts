/**
 * Masking [RFC 6455 §5.3] against the definition: byte i XOR key byte i mod 4.
 *
 * Invariants, for any key, offset, length, alignment and strategy, into other memory and in place:
 * - the target range holds what the definition says, and nothing else is written;
 * - the source is not changed, unless it is the target;
 * - bit 7 of the result is set exactly when one of the bytes written is not ASCII;
 * - the same step takes the mask off again, also when it is done in two pieces.
 */
import { type MaskingStrategy, maskInto, setMaskingStrategy } from 'barewire/codec';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';

const GUARD = 16;
const STRATEGIES: readonly MaskingStrategy[] = ['auto', 'bytes', 'words', 'simd'];

function maskLiterally(bytes: Uint8Array, key: number, offset: number): Buffer {
  const keyBytes = Buffer.alloc(4);
  keyBytes.writeUInt32BE(key);
  return Buffer.from(bytes.map((byte, index) => byte ^ keyBytes[(index + offset) % 4]!));
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const key = ((choices.below(65_536) << 16) | choices.below(65_536)) >>> 0;
  const offset = choices.below(256);
  const times = choices.pick([1, 1, 1, 2, 7, 40]);
  const shift = choices.below(GUARD);
  const isInPlace = choices.flag();
  setMaskingStrategy(choices.pick(STRATEGIES));
  const text = Buffer.from(choices.rest).toString('latin1').repeat(times);
  const payload = Buffer.from(text, 'latin1');
  const expected = maskLiterally(payload, key, offset);

  const memory = Buffer.alloc(payload.length + 2 * GUARD, 0xa5);
  const source = isInPlace ? memory : Buffer.concat([Buffer.alloc(shift), payload]);
  const start = shift;
  if (isInPlace) payload.copy(memory, shift);
  const union = maskInto(source, start, start + payload.length, memory, shift, key, offset);

  const written = memory.subarray(shift, shift + payload.length);
  expectLaw(written.equals(expected), 'writes what the definition says');
  const isGuarded = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0xa5);
  expectLaw(isGuarded(memory.subarray(0, shift)), 'writes nothing before the target');
  expectLaw(isGuarded(memory.subarray(shift + payload.length)), 'writes nothing behind the target');
  expectLaw(isInPlace || source.subarray(shift).equals(payload), 'leaves the source alone');
  const isAscii = expected.every((byte) => byte < 0x80);
  expectLaw(((union & 0x80) === 0) === isAscii, 'tells ASCII', () => `${union} for ${isAscii}`);
  unmaskInPieces(expected, payload, key, offset, choices.below(payload.length + 1));
}

function unmaskInPieces(
  masked: Buffer,
  plain: Buffer,
  key: number,
  offset: number,
  cut: number,
): void {
  const pieces = Buffer.from(masked);
  maskInto(pieces, 0, cut, pieces, 0, key, offset);
  maskInto(pieces, cut, pieces.length, pieces, cut, key, offset + cut);
  expectLaw(pieces.equals(plain), 'takes the mask off, also in pieces');
}

/** Masking against its definition. */
export const target: FuzzTarget = {
  name: 'mask',
  subjects: ['codec/mask', 'codec/payload-simd'],
  seeds: ['Hello', 'x'.repeat(200), 'κόσμε '.repeat(9)].map((text) =>
    Buffer.from(`${text}\x01\x02\x03\x04`),
  ),
  maxLength: 400,
  run,
};
