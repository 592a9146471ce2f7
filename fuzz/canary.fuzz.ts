/**
 * The canary: targets with a planted bug each, which the fuzzer must find within its budget.
 *
 * Invariant: the planted bug is never reached. It does not hold; that is the point.
 */
import { canary } from './canaries/parser.ts';
import type { FuzzTarget } from './engine/target.ts';

/** Makes the target for one planted bug, 0 – 5. */
export function canaryTarget(bug: number): FuzzTarget {
  return {
    name: `canary-${bug}`,
    subjects: [],
    seeds: [Buffer.from('field: value'), Buffer.from('len=10;')],
    maxLength: 512,
    run: (input) => canary(bug, input),
  };
}
