/**
 * Faults to plant into the compiled sources, one small change each, to prove that a target would
 * notice: `npm run fuzz -- utf8 --fault utf8-surrogates` must find it.
 */
import type { Fault } from './engine/hook.ts';

/** A fault, and the target that must notice it. */
export interface PlantedFault extends Fault {
  readonly target: string;
}

/** All faults by name. The specs plant each of them. */
export const FAULTS: Readonly<Record<string, PlantedFault>> = {
  'utf8-surrogates': {
    target: 'utf8',
    file: 'base/utf8.js',
    find: 'high = 0x9f',
    replace: 'high = 0xbf',
  },
};
