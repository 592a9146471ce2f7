/**
 * Copies of payload bytes that outlive the call that delivered them.
 *
 * A Buffer of its own for each small message costs ten times what its bytes cost, so small copies
 * are cut from a common arena, as Node's own small Buffers are cut from a pool. The price is the
 * same as there: one small copy that is kept keeps the whole arena.
 */
import { hasFastPath, keepFreedMemory, UsageError } from '../base/index.ts';

/** Bytes of an arena: what one kept copy can hold on to at most. */
const ARENA_BYTES = 65_536;

/** Longer copies get memory of their own. */
const MAX_SHARED_BYTES = hasFastPath('payload-copy') ? 16_384 : 0;

/** From here on, one call that copies all is faster than a loop over words. */
const SET_FROM = 160;

/** Node's class of Buffers, whose constructor takes a range of memory as it is. */
const BufferClass = (Buffer as unknown as { readonly [Symbol.species]: unknown })[
  Symbol.species
] as new (
  memory: ArrayBufferLike,
  offset: number,
  length: number,
) => Buffer;

const NOTHING = Buffer.alloc(0);

let arena: Buffer | undefined;
let arenaMemory: ArrayBufferLike;
let arenaView: DataView;
let used = ARENA_BYTES;

let lastSource: Uint8Array | undefined;
let lastSourceLength = 0;
let lastView: DataView;

/**
 * Copies `bytes[start … end)`.
 *
 * @returns the copy, which is yours. Copies of up to 16 KiB share memory by 64 KiB (but no bytes);
 *   empty copies are all the same Buffer.
 * @throws UsageError `invalid-argument` when the range does not lie in `bytes`.
 */
export function copyPayload(bytes: Buffer, start: number, end: number): Buffer {
  const length = end - start;
  requireRange(bytes, start, end);
  if (length > MAX_SHARED_BYTES) {
    keepFreedMemory();
    const copy = Buffer.allocUnsafeSlow(length);
    copy.set(bytes.subarray(start, end));
    return copy;
  }
  if (length === 0) return NOTHING;
  if (used + length > ARENA_BYTES) renewArena();
  const copy = new BufferClass(arenaMemory, used, length);
  if (length < SET_FROM) copyWords(bytes, start, end, used);
  else arena!.set(bytes.subarray(start, end), used);
  // Eight-byte steps keep what is cut from the arena usable for typed arrays of any kind.
  used = (used + length + 7) & ~7;
  return copy;
}

/**
 * Returns `bytes[start … end)` on the same memory, like `subarray`, which takes twice as long.
 *
 * @throws UsageError `invalid-argument` when the range does not lie in `bytes`.
 */
export function viewPayload(bytes: Buffer, start: number, end: number): Buffer {
  requireRange(bytes, start, end);
  return new BufferClass(bytes.buffer, bytes.byteOffset + start, end - start);
}

function requireRange(bytes: Buffer, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= bytes.length) return;
  throw new UsageError('invalid-argument', `${start} … ${end} is no range of these bytes`);
}

function renewArena(): void {
  // Whoever needs a second one will need many.
  if (arena !== undefined) keepFreedMemory();
  arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
  arenaMemory = arena.buffer;
  arenaView = new DataView(arenaMemory);
  used = 0;
}

function copyWords(bytes: Buffer, start: number, end: number, target: number): void {
  if (bytes !== lastSource || bytes.length !== lastSourceLength) {
    lastSource = bytes;
    lastSourceLength = bytes.length;
    lastView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  const source = lastView;
  let at = start;
  let to = target;
  for (; at <= end - 8; at += 8, to += 8) {
    // Little-endian both times: the order of most machines, in which nothing has to be turned.
    arenaView.setInt32(to, source.getInt32(at, true), true);
    arenaView.setInt32(to + 4, source.getInt32(at + 4, true), true);
  }
  for (; at < end; at += 1, to += 1) arena![to] = bytes[at]!;
}
