/**
 * Masking: every payload byte XOR one of four key bytes, by turns [RFC 6455 §5.3].
 *
 * ```
 * payload  H    e    l    l    o           key byte for payload byte i: number i mod 4
 * key      37   fa   21   3d   37
 * masked   7f   9f   4d   51   58          the same step takes the mask off again
 * ```
 */

/**
 * Writes `source[sourceStart … sourceEnd)` XOR the key to `target` from `targetStart`. The same call
 * masks and unmasks. Source and target may overlap as long as the target does not begin after the
 * source in the same memory; nothing but the target range is written.
 *
 * @param maskingKey four key bytes as a big-endian integer.
 * @param keyOffset how many payload bytes came before these, modulo 4 or not.
 * @returns the bitwise OR of all bytes written: below 0x80 says that they are ASCII.
 */
export function maskInto(
  source: Uint8Array,
  sourceStart: number,
  sourceEnd: number,
  target: Uint8Array,
  targetStart: number,
  maskingKey: number,
  keyOffset: number,
): number {
  let union = 0;
  for (let index = sourceStart; index < sourceEnd; index += 1) {
    const turn = (keyOffset + index - sourceStart) & 3;
    const byte = source[index]! ^ ((maskingKey >>> (24 - turn * 8)) & 0xff);
    target[targetStart + index - sourceStart] = byte;
    union |= byte;
  }
  return union;
}
