/** What a profile says, as text: where the time went, or what the heap is made of. */
import type { Sample } from '../support/report.ts';
import { formatTime } from '../support/units.ts';
import { type Call, listFunctions, sumByOwner } from './call-tree.ts';
import { seenOf } from './doubts.ts';
import type { HeapKind } from './heap.ts';

/** Times by owner and by function, the longest `top` of these; with what speaks against them. */
export function describeCalls(
  title: string,
  sample: Sample,
  tree: Call,
  top: number,
  doubts: readonly string[] = [],
): string {
  const { user = 0, system = 0, 'busy %': busy } = sample.parts ?? {};
  const owners = [...sumByOwner(tree)];
  const whole = owners.reduce((sum, [, time]) => sum + time, 0);
  const share = (time: number): string => `${((100 * time) / whole).toFixed(1).padStart(5)} %`;
  return [
    `${title}: ${formatTime(sample.value)} of CPU per unit while profiled, ` +
      `user ${formatTime(user)}, system ${formatTime(system)}`,
    ...(busy === undefined ? [] : [`seen by the profiler: ${seenPart(seenOf(tree, busy))}`]),
    ...doubts.map((doubt) => `DO NOT TRUST THIS PROFILE: ${doubt}`),
    '',
    ...owners.map(([owner, time]) => `${share(time)}  ${owner}`),
    '\nself times',
    ...listFunctions(tree)
      .slice(0, top)
      .map(({ name, place, owner, self }) =>
        `${share(self)}  ${owner.padEnd(9)} ${name} ${place}`.trimEnd(),
      ),
  ].join('\n');
}

/**
 * How much of the CPU time the shares below are shares of. What a process does between two calls
 * into script is idle to the profiler: waiting for events, reading from the kernel, the cipher of
 * what was read. Who is held up by others looks longer in its calls than it has worked: then it is
 * all of it, as far as one can tell.
 */
function seenPart(part: number): string {
  return part >= 1 ? 'all of it' : `${(100 * part).toFixed(0)} % of it; the rest is idle to it`;
}

/** Bytes and objects of one connection, by kind; what one has less than a byte of is left out. */
export function describeHeap(title: string, kinds: readonly HeapKind[]): string {
  const bytes = kinds.reduce((sum, kind) => sum + kind.bytes, 0);
  const count = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const line = (kind: Omit<HeapKind, 'name'>, name: string): string =>
    `${kind.bytes.toFixed(0).padStart(7)}  ${kind.count.toFixed(2).padStart(7)}  ${name}`;
  return [
    `${title}: what the heap has for each connection\n`,
    '  bytes    count  constructor, or kind',
    line({ bytes, count }, 'all'),
    ...kinds.filter((kind) => kind.bytes >= 1).map((kind) => line(kind, kind.name)),
  ].join('\n');
}
