/**
 * Memory of messages that was freed stays in the process, where its C library is glibc.
 *
 * V8 takes such memory from the C library, and gives that of many messages back at once. glibc then
 * returns what is free at the end of its heap to the kernel, if that is more than twice the longest
 * block that it had mapped apart and got back. Each page of the next messages is a page fault then,
 * and those cost more than all the copying of the bytes (bench/process, P3b and P3c).
 *
 * A program that once had a buffer of 24 MiB is spared that: up to 48 MiB stay. So there is one,
 * which nobody keeps, and of which not a page is touched. Less would not do: V8 lets 32 MiB of
 * young buffers come together before it collects them, so that nearly as much is free at once.
 */
import { hasFastPath } from './fast-paths.ts';

const BLOCK_BYTES = 24 * 1024 * 1024;

let isKept = !hasFastPath('freed-memory');

/**
 * To be called when memory for a long message, or for many short ones, is set aside; does something
 * the first time only.
 */
export function keepFreedMemory(): void {
  if (isKept) return;
  isKept = true;
  Buffer.allocUnsafeSlow(BLOCK_BYTES);
}
