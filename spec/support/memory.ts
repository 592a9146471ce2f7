/** Memory: how much is in use, and kinds that the compiler's library does not know yet. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
// Else the memory of buffers would be given back at some time after the collection.
setFlagsFromString('--no-concurrent-array-buffer-sweeping');
const collectGarbage: () => void = runInNewContext('gc');

/**
 * Bytes in use, in the heap and in buffers, when everything that nobody refers to is gone. Code
 * that the engine compiles meanwhile is among them, some 100 kB: a bound must be well above it,
 * and what would break the bound well above that.
 */
export function usedMemory(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** An ArrayBuffer that can change its size. */
export interface ResizableMemory extends ArrayBuffer {
  resize(byteLength: number): void;
}

/** Makes memory that can grow up to `maxByteLength`. */
export function resizableMemory(byteLength: number, maxByteLength: number): ResizableMemory {
  const Resizable = ArrayBuffer as unknown as new (
    byteLength: number,
    options: { maxByteLength: number },
  ) => ResizableMemory;
  return new Resizable(byteLength, { maxByteLength });
}

/** Takes the memory away from everything that looks at it. */
export function detach(memory: ArrayBuffer): void {
  structuredClone(memory, { transfer: [memory] });
}
