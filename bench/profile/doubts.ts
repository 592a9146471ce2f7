/** Whether a profile can be trusted: it must agree with the CPU time that was counted. */
import type { Sample } from '../support/report.ts';
import { type Call, listFunctions, sumByOwner } from './call-tree.ts';

/** What is known of a scenario beforehand. */
export interface Expected {
  /** What is not the kernel's is mostly script: no cipher, no zlib, no codec without a server. */
  readonly isPlain?: boolean;
  /** This part of the CPU time must be seen at least. */
  readonly leastSeen?: number;
}

/** Less CPU time than that is a few ticks of the clock that counts it, and agrees with nothing. */
const LEAST_MICROSECONDS = 400_000;
/** As many times what the kernel has taken, writes may seem to take. */
const MOST_WRITES = 1.25;
/** This part of what is not the kernel's must be found in script. */
const LEAST_SCRIPT = 0.25;

/** The part of the CPU time that the profiler has seen: more than 1 where it was held up. */
export function seenOf(tree: Call, busy: number): number {
  const seen = [...sumByOwner(tree).values()].reduce((sum, time) => sum + time, 0);
  return (seen / tree.total) * (100 / busy);
}

const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;

/** Sentences that say why a profile should not be believed; none when nothing speaks against it. */
export function doubtsOf(
  sample: Sample,
  tree: Call,
  { isPlain = false, leastSeen = 0 }: Expected,
  isHeld: boolean,
): string[] {
  const doubts = isHeld
    ? []
    : ['it had no core for itself, so that samples may lie in calls too often'];
  const { user = 0, system = 0, 'busy %': busy } = sample.parts ?? {};
  if (busy === undefined || (tree.total * busy) / 100 < LEAST_MICROSECONDS) return doubts;
  const seen = seenOf(tree, busy);
  if (seen < leastSeen) doubts.push(`${percent(seen)} was seen, of at least ${percent(leastSeen)}`);
  if (!isPlain) return doubts;
  const owners = sumByOwner(tree);
  const whole = [...owners.values()].reduce((sum, time) => sum + time, 0);
  const partOf = (time: number): number => (time / whole) * Math.min(seen, 1);
  const writes = listFunctions(tree)
    .filter(({ name, owner }) => owner === 'native' && name.startsWith('write'))
    .reduce((sum, { self }) => sum + self, 0);
  const kernel = system / (user + system);
  if (partOf(writes) > MOST_WRITES * kernel) {
    const more = `${percent(partOf(writes))} of the time, and the kernel has taken`;
    doubts.push(`writes seem to take ${more} ${percent(kernel)}`);
  }
  const script = whole - (owners.get('native') ?? 0) - (owners.get('collector') ?? 0);
  if (partOf(script) < LEAST_SCRIPT * (1 - kernel)) {
    const less = `${percent(partOf(script))} of the time, and user mode has taken`;
    doubts.push(`script seems to take ${less} ${percent(1 - kernel)}`);
  }
  return doubts;
}
