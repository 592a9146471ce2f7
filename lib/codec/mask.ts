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
 *   making the view is dear, so this is for targets that come again and again, such as an output
 *   slab;
 * - `simd`, the WebAssembly module of payload-simd.ts, for everything else.
 */
import { hasFastPath, UsageError } from '../base/index.ts';
import { isBytes } from './payload-bytes.ts';
import { type PayloadSimd, payloadSimd, SLAB_BYTES } from './payload-simd.ts';

/** Which ways of masking are used: `auto` all three, the others that way alone. */
export type MaskingStrategy = 'auto' | 'bytes' | 'words' | 'simd';

/** From how many bytes on a way is used. */
interface Thresholds {
  /** `words`, when the target is known. */
  readonly words: number;
  /** `simd`, when the target is known. */
  readonly simd: number;
  /** `simd`, when it is not. */
  readonly simdElse: number;
}

const NEVER = Number.POSITIVE_INFINITY;

const BYTES_ALONE: Thresholds = { words: NEVER, simd: NEVER, simdElse: NEVER };

/** The thresholds of `auto` are where the columns of bench/masking cross. */
const THRESHOLDS: Readonly<Record<MaskingStrategy, Thresholds>> = {
  auto: hasFastPath('mask') ? { words: 24, simd: 300, simdElse: 90 } : BYTES_ALONE,
  bytes: BYTES_ALONE,
  words: { words: 0, simd: NEVER, simdElse: NEVER },
  simd: { words: NEVER, simd: 0, simdElse: 0 },
};

let thresholds = THRESHOLDS.auto;

/**
 * Chooses how masks are put on and taken off from now on, everywhere in the process. It is there
 * for measuring, and for showing that all ways give the same bytes.
 *
 * @throws UsageError `invalid-argument` for a strategy that is none; `not-supported` for `simd`
 *   where the process has no WebAssembly SIMD (`auto` does without it there).
 */
export function setMaskingStrategy(strategy: MaskingStrategy): void {
  if (!Object.hasOwn(THRESHOLDS, strategy)) {
    throw new UsageError('invalid-argument', `no masking strategy is called ${String(strategy)}`);
  }
  if (strategy === 'simd' && payloadSimd() === undefined) {
    throw new UsageError('not-supported', 'this process has no WebAssembly SIMD');
  }
  thresholds = THRESHOLDS[strategy];
}

/** Returns the SIMD module, if the strategy wants it and the process has it. */
export function chosenSimd(): PayloadSimd | undefined {
  return thresholds.simd === NEVER ? undefined : payloadSimd();
}

/**
 * Writes `source[sourceStart … sourceEnd)` XOR the key to `target` from `targetStart`. The same
 * call masks and unmasks. Source and target may overlap as long as the target does not begin after
 * the source in the same memory; nothing but the target range is written.
 *
 * @param maskingKey four key bytes as a big-endian integer.
 * @param keyOffset how many payload bytes came before these: only the lowest two bits count.
 * @returns a number whose bit 7 is set when one of the bytes written is 0x80 or more; its other
 *   bits mean nothing.
 * @throws UsageError `invalid-argument` when a range does not lie in its array, or its elements are
 *   no bytes.
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
  const length = sourceEnd - sourceStart;
  if (!(isRange(source, sourceStart, length) && isRange(target, targetStart, length))) {
    throw new UsageError('invalid-argument', 'source and target must be bytes and hold the range');
  }
  const key = turnKey(maskingKey, keyOffset);
  if (length >= thresholds.words && length < thresholds.simd) {
    const view = viewOfKnown(target);
    if (view !== undefined) {
      if (source !== target || sourceStart !== targetStart) {
        target.set(rangeOf(source, sourceStart, sourceEnd), targetStart);
      }
      return maskWords(view, target, targetStart, targetStart + length, key);
    }
  }
  const simd = length >= thresholds.simdElse ? payloadSimd() : undefined;
  return simd === undefined
    ? maskBytes(source, sourceStart, sourceEnd, target, targetStart, key)
    : maskThroughSlab(simd, source, sourceStart, sourceEnd, target, targetStart, key);
}

/** Without this, memory of others would be read where the range is longer than what it names. */
function isRange(bytes: Uint8Array, start: number, length: number): boolean {
  return isBytes(bytes) && start >= 0 && length >= 0 && start + length <= bytes.length;
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

/** Masks in place. */
function maskWords(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  key: number,
): number {
  // Little-endian, the order of most machines, so that only the key has to be turned.
  const wordKey = reverseKey(key);
  let union = 0;
  let at = start;
  for (; at <= end - 8; at += 8) {
    const word0 = view.getInt32(at, true) ^ wordKey;
    const word1 = view.getInt32(at + 4, true) ^ wordKey;
    view.setInt32(at, word0, true);
    view.setInt32(at + 4, word1, true);
    union |= word0 | word1;
  }
  union |= (union >>> 8) | (union >>> 16) | (union >>> 24);
  return union | maskBytes(bytes, at, end, bytes, at, key);
}

let lastTarget: Uint8Array | undefined;
let lastLength = 0;
let lastView: DataView | undefined;

/** Memory larger than this does not become known, because what is known is kept alive. */
const MAX_KNOWN_BYTES = 131_072;

/** A target becomes known when it comes for the second time in a row; then it gets its view. */
function viewOfKnown(target: Uint8Array): DataView | undefined {
  if (target === lastTarget && target.length === lastLength) {
    lastView ??= viewOf(target);
    return lastView;
  }
  if (thresholds === THRESHOLDS.words) return viewOf(target);
  const isSmall = target.length <= MAX_KNOWN_BYTES && target.buffer.byteLength <= MAX_KNOWN_BYTES;
  lastTarget = isSmall ? target : undefined;
  lastLength = target.length;
  lastView = undefined;
  return undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A view is dear for what it is, so it is made for true parts only. */
function rangeOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}

/**
 * Copies slice after slice into the module's memory, masks it there, and copies it to the target.
 */
function maskThroughSlab(
  simd: PayloadSimd,
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
  for (let at = sourceStart; at < sourceEnd; at += PASSING_BYTES) {
    const end = Math.min(sourceEnd, at + PASSING_BYTES);
    const slabEnd = SLAB_BYTES + end - at;
    memory.set(rangeOf(source, at, end), SLAB_BYTES);
    union |= mask(SLAB_BYTES, slabEnd, moduleKey);
    target.set(memory.subarray(SLAB_BYTES, slabEnd), targetStart + at - sourceStart);
  }
  return union === 0 ? 0 : 0x80;
}

/** It and the bytes at both its ends fit into the first cache, of 32 KiB or a little more. */
const PASSING_BYTES = 12 * 1024;
