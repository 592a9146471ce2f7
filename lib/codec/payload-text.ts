/**
 * From payload bytes to strings [RFC 6455 §5.6, §8.1].
 *
 * ASCII is copied as it is. Other text is decoded by the SIMD module, which checks it on the way,
 * in less time than Node's check and decoder take together: bench/results.md, section UTF8, rows
 * "string …". Without the module Node's own are used.
 */
import { isUtf8 } from 'node:buffer';
import { hasFastPath } from '../base/index.ts';
import { chosenSimd } from './mask.ts';
import { type PayloadSimd, SLAB_BYTES, TEXT_AT } from './payload-simd.ts';
import { shortText } from './short-text.ts';

const IS_FAST = hasFastPath('short-text');

/**
 * The methods behind `toString`, which checks its arguments and looks the encoding up each time.
 */
interface SlicingBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

/** Returns the string of bytes that are known to be ASCII. */
export function decodeAscii(bytes: Buffer, start: number, end: number): string {
  const short = IS_FAST ? shortText(bytes, start, end - start) : undefined;
  return short ?? (bytes as SlicingBuffer).latin1Slice(start, end);
}

/**
 * Returns the string that `bytes[start … end)` mean as UTF-8 [RFC 3629 §4]; a byte order mark is a
 * character like others.
 *
 * @returns `undefined` when the bytes are not well-formed.
 */
export function decodeUtf8(bytes: Buffer, start: number, end: number): string | undefined {
  const simd = chosenSimd();
  if (simd === undefined) {
    const isWellFormed = isUtf8(bytes.subarray(start, end));
    return isWellFormed ? (bytes as SlicingBuffer).utf8Slice(start, end) : undefined;
  }
  return end - start <= SLAB_BYTES
    ? decodeSlab(simd, bytes, start, end)
    : decodeLong(simd, bytes, start, end);
}

function decodeSlab(
  simd: PayloadSimd,
  bytes: Buffer,
  start: number,
  end: number,
): string | undefined {
  const memory = simd.memory as SlicingBuffer;
  let from = start;
  // What a reader delivers lies in the module's memory already.
  if (bytes !== memory) {
    memory.set(bytes.subarray(start, end), SLAB_BYTES);
    from = SLAB_BYTES;
    // It has not been asked yet whether this is ASCII, which most text is: a mask of zeros tells.
    if (simd.mask(from, from + end - start, 0) === 0) {
      return (bytes as SlicingBuffer).latin1Slice(start, end);
    }
  }
  const result = simd.decode(from, from + end - start, TEXT_AT);
  if (result === -1) return undefined;
  if (result < 0) return memory.ucs2Slice(TEXT_AT, TEXT_AT + (result & 0x7fff_ffff) * 2);
  // Characters up to U+00FF: one byte each is what the engine stores them in, too.
  simd.narrow(TEXT_AT, result);
  return memory.latin1Slice(TEXT_AT, TEXT_AT + result);
}

function decodeLong(
  simd: PayloadSimd,
  bytes: Buffer,
  start: number,
  end: number,
): string | undefined {
  const pieces: string[] = [];
  for (let at = start; at < end; ) {
    const cut = cutBetweenCharacters(bytes, at, Math.min(end, at + SLAB_BYTES), end);
    const piece = decodeSlab(simd, bytes, at, cut);
    if (piece === undefined) return undefined;
    pieces.push(piece);
    at = cut;
  }
  // Joining copies each piece to its place; adding them up would leave that to the first reader.
  return pieces.join('');
}

/**
 * The last place up to `at` that no tail byte follows; `at` itself when the bytes are malformed.
 */
function cutBetweenCharacters(bytes: Buffer, from: number, at: number, end: number): number {
  if (at === end) return end;
  for (let cut = at; cut > from && cut > at - 4; cut -= 1) {
    if ((bytes[cut]! & 0xc0) !== 0x80) return cut;
  }
  return at;
}
