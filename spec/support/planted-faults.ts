/** Faults to plant one by one, and what the fuzzer says of each. */
import { FAULTS } from '../../fuzz/faults.ts';
import { needsFastPath } from './fast-paths.ts';
import { type FuzzRun, runFuzzer } from './fuzzer.ts';

/** A fault, the target that must notice it, and options of the test that it does. */
type Planted = [fault: string, target: string, options: { readonly skip?: string }];

/** The faults whose target is among those. */
export function faultsOf(isAmong: (target: string) => boolean): Planted[] {
  return Object.entries(FAULTS).flatMap(([fault, { target, fastPath }]) => {
    const paths = fastPath === undefined ? [] : [fastPath];
    return isAmong(target) ? [[fault, target, needsFastPath(...paths)]] : [];
  });
}

/** Of the server, a run is a batch of conversations. */
const runsOf = (target: string): string => (target === 'server' ? '200' : '400000');

/** What a fuzzer prints that has found something. */
export const FOUND = /FOUND (after \d+ runs|in batch \d+): /;

/** Fuzzes a target with a fault in its sources. */
export function fuzzWithFault(fault: string, target: string): Promise<FuzzRun> {
  return runFuzzer(target, '--fault', fault, '--runs', runsOf(target));
}
