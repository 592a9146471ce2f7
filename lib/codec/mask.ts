/**
 * Masking: every payload byte XOR one of four key bytes, by turns [RFC 6455 §5.3].
 *
 * ```
 * payload  H    e    l    l    o           key byte for payload byte i: number i mod 4
 * key      37   fa   21   3d   37
 * masked   7f   9f   4d   51   58          the same step takes the mask off again
 * ```
 * Three ways to do it, each the fastest for some length (bench/masking); {@link maskInto} chooses:
 *
 * - `bytes`, an unrolled loop, for what is short;
 * - `words`, 32 bits at a time through a DataView, which does not mind where the bytes begin;
 * - `simd`, the WebAssembly module of mask-simd.ts, for everything longer.
 */
import { UsageError } from '../base/index.ts';
import { type MaskSimd, maskSimd, SLAB_BYTES } from './mask-simd.ts';

/** Which ways of masking are used: `auto` all three, the others that way alone. */
export type MaskingStrategy = 'auto' | 'bytes' | 'words' | 'simd';

/** From how many bytes on the next way is used, by strategy; `auto` as measured in bench/masking. */
const THRESHOLDS: Readonly<Record<MaskingStrategy, { words: number; simd: number }>> = {
  auto: { words: 24, simd: 320 },
  bytes: { words: Number.POSITIVE_INFINITY, simd: Number.POSITIVE_INFINITY },
  words: { words: 0, simd: Number.POSITIVE_INFINITY },
  simd: { words: Number.POSITIVE_INFINITY, simd: 0 },
};

/** Larger memory is not remembered between calls: a view on it would keep all of it alive. */
const MAX_REMEMBERED_BYTES = 131_072;

let wordsFrom = THRESHOLDS.auto.words;
let simdFrom = THRESHOLDS.auto.simd;

/**
 * Chooses how masks are put on and taken off from now on, everywhere in the process. It is there for
 * measuring, and for showing that all ways give the same bytes.
 *
 * @throws UsageError `invalid-argument` for a strategy that is none; `not-supported` for `simd` where
 *   the process has no WebAssembly SIMD (`auto` does without it there).
 */
export function setMaskingStrategy(strategy: MaskingStrategy): void {
  if (!Object.hasOwn(THRESHOLDS, strategy)) {
    throw new UsageError('invalid-argument', `no masking strategy is called ${String(strategy)}`);
  }
  if (strategy === 'simd' && maskSimd() === undefined) {
    throw new UsageError('not-supported', 'this process has no WebAssembly SIMD');
  }
  wordsFrom = THRESHOLDS[strategy].words;
  simdFrom = THRESHOLDS[strategy].simd;
}

/** Returns the SIMD module, if the strategy wants it and the process has it. */
export function chosenSimd(): MaskSimd | undefined {
  return simdFrom === Number.POSITIVE_INFINITY ? undefined : maskSimd();
}

/**
 * Writes `source[sourceStart … sourceEnd)` XOR the key to `target` from `targetStart`. The same call
 * masks and unmasks. Source and target may overlap as long as the target does not begin after the
 * source in the same memory; nothing but the target range is written.
 *
 * @param maskingKey four key bytes as a big-endian integer.
 * @param keyOffset how many payload bytes came before these: only the lowest two bits count.
 * @returns a number whose bit 7 is set when one of the bytes written is 0x80 or more; its other bits
 *   mean nothing.
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
  const key = turnKey(maskingKey, keyOffset);
  const length = sourceEnd - sourceStart;
  if (length >= simdFrom) {
    const simd = maskSimd();
    if (simd !== undefined) {
      return maskThroughSlab(simd, source, sourceStart, sourceEnd, target, targetStart, key);
    }
  }
  if (length >= wordsFrom) {
    return maskWords(source, sourceStart, sourceEnd, target, targetStart, key);
  }
  return maskBytes(source, sourceStart, sourceEnd, target, targetStart, key);
}

/** Turns the key so that its highest byte is the one for payload byte `keyOffset`. */
export function turnKey(maskingKey: number, keyOffset: number): number {
  const bits = (keyOffset & 3) * 8;
  // Shift counts are taken modulo 32, so nothing is special about 0 bits.
  return (maskingKey << bits) | (maskingKey >>> (32 - bits));
}

/** Turns the four bytes of a key around: WebAssembly memory is little-endian. */
export function reverseKey(key: number): number {
  return (key << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00) | (key >>> 24);
}

function maskBytes(
  source: Uint8Array,
  sourceStart: number,
  sourceEnd: number,
  target: Uint8Array,
  targetStart: number,
  key: number,
): number {
  const key0 = key >>> 24;
  const key1 = (key >>> 16) & 0xff;
  const key2 = (key >>> 8) & 0xff;
  const key3 = key & 0xff;
  const last = sourceEnd - 4;
  let union = 0;
  let from = sourceStart;
  let to = targetStart;
  for (; from <= last; from += 4, to += 4) {
    const byte0 = source[from]! ^ key0;
    const byte1 = source[from + 1]! ^ key1;
    const byte2 = source[from + 2]! ^ key2;
    const byte3 = source[from + 3]! ^ key3;
    target[to] = byte0;
    target[to + 1] = byte1;
    target[to + 2] = byte2;
    target[to + 3] = byte3;
    union |= byte0 | byte1 | byte2 | byte3;
  }
  for (let bits = 24; from < sourceEnd; from += 1, to += 1, bits -= 8) {
    const byte = source[from]! ^ ((key >>> bits) & 0xff);
    target[to] = byte;
    union |= byte;
  }
  return union;
}

function maskWords(
  source: Uint8Array,
  sourceStart: number,
  sourceEnd: number,
  target: Uint8Array,
  targetStart: number,
  key: number,
): number {
  const to = remember(target);
  const from = source === target ? to : viewOf(source);
  const shift = targetStart - sourceStart;
  const last = sourceEnd - 8;
  let union = 0;
  let at = sourceStart;
  for (; at <= last; at += 8) {
    const word0 = from.getInt32(at) ^ key;
    const word1 = from.getInt32(at + 4) ^ key;
    to.setInt32(at + shift, word0);
    to.setInt32(at + shift + 4, word1);
    union |= word0 | word1;
  }
  union |= (union >>> 8) | (union >>> 16) | (union >>> 24);
  return union | maskBytes(source, at, sourceEnd, target, at + shift, key);
}

let rememberedBytes: Uint8Array | undefined;
let rememberedLength = 0;
let rememberedView: DataView | undefined;

/** Targets come again and again (an output slab), so their view is made once. */
function remember(target: Uint8Array): DataView {
  if (target === rememberedBytes && target.length === rememberedLength) return rememberedView!;
  const view = viewOf(target);
  if (target.buffer.byteLength <= MAX_REMEMBERED_BYTES) {
    rememberedBytes = target;
    rememberedLength = target.length;
    rememberedView = view;
  }
  return view;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Copies slice after slice into the module's memory, masks it there, and copies it to the target. */
function maskThroughSlab(
  simd: MaskSimd,
  source: Uint8Array,
  sourceStart: number,
  sourceEnd: number,
  target: Uint8Array,
  targetStart: number,
  key: number,
): number {
  const { memory, mask } = simd;
  const moduleKey = reverseKey(key);
  let union = 0;
  for (let at = sourceStart; at < sourceEnd; at += SLAB_BYTES) {
    const end = Math.min(sourceEnd, at + SLAB_BYTES);
    const slabEnd = SLAB_BYTES + end - at;
    memory.set(source.subarray(at, end), SLAB_BYTES);
    union |= mask(SLAB_BYTES, slabEnd, moduleKey);
    target.set(memory.subarray(SLAB_BYTES, slabEnd), targetStart + at - sourceStart);
  }
  return union === 0 ? 0 : 0x80;
}
