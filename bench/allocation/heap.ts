/**
 * Bytes that were allocated, found by letting nothing be collected in between: the young generation
 * is made so large that it does not fill, and a sample in which a collection ran does not count.
 */
import { PerformanceObserver } from 'node:perf_hooks';

/** How a process must be started for {@link readHeap} to mean something. */
export const HEAP_FLAGS: readonly string[] = [
  '--expose-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
];

/** What lies in memory now. */
export interface Heap {
  /** Objects, in bytes. */
  readonly heap: number;
  /** Memory of Buffers outside the heap, in bytes. */
  readonly buffers: number;
  /** Collections since the process began. */
  readonly collections: number;
}

let collections = 0;
const observer = new PerformanceObserver((list) => {
  collections += list.getEntries().length;
});

/** Counts collections from now on. */
export function watchCollections(): void {
  observer.observe({ entryTypes: ['gc'] });
}

/** Collects everything that can be collected. */
export function collect(): void {
  if (globalThis.gc === undefined) throw new Error('start it with --expose-gc');
  globalThis.gc();
}

/** Reads the statistics of this process. */
export function readHeap(): Heap {
  collections += observer.takeRecords().length;
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers, collections };
}
