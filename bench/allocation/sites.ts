/**
 * Which functions allocate, by V8's profiler of allocations. It is asked to look at every object,
 * which is slow and exact; memory of Buffers lies outside its heap, and is not told apart.
 */
import { type HeapProfiler, Session } from 'node:inspector/promises';
import { placeOf } from '../profile/places.ts';
import { collect } from './heap.ts';

/** Bytes by function and place, since the watch began. */
export type Sites = Readonly<Record<string, number>>;

/** Bytes for each message that are worth a line: less of them are those of asking, or of chance. */
const LEAST_BYTES = 8;
/** What tells the profiler to begin and to end allocates, too. */
const ASKING = ' node:inspector';

/** Watches this process while it works. */
export class SiteWatch {
  readonly #session = new Session();

  async begin(): Promise<void> {
    this.#session.connect();
    const collected = {
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    };
    await this.#session.post('HeapProfiler.startSampling', { samplingInterval: 1, ...collected });
    // What is allocated without a call into the engine is seen from here on.
    collect();
  }

  async end(): Promise<Sites> {
    const { profile } = await this.#session.post('HeapProfiler.stopSampling');
    this.#session.disconnect();
    const sites: Record<string, number> = {};
    const visit = ({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode) => {
      const place = `${callFrame.functionName || '(anonymous)'} ${placeOf(callFrame)}`.trim();
      sites[place] = (sites[place] ?? 0) + selfSize;
      for (const child of children) visit(child);
    };
    visit(profile.head);
    return sites;
  }
}

/** Lists what each function allocates for a message, the greatest first. */
export function formatSites(name: string, sites: Sites, messages: number): string {
  const lines = Object.entries(sites)
    .map(([place, bytes]) => ({ place, each: bytes / messages }))
    .filter(({ place, each }) => each >= LEAST_BYTES && !place.includes(ASKING))
    .sort((left, right) => right.each - left.each)
    .map(({ place, each }) => `  ${each.toFixed(0).padStart(6)} B  ${place}`);
  return [`  ${name} allocates for each message`, ...lines].join('\n');
}
