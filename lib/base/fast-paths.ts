/**
 * One switch for all fast paths: short cuts that give what their plain paths give, sooner.
 *
 * ```sh
 * BAREWIRE_FAST_PATHS=off node server.js      # the plain paths alone
 * ```
 * It is there for measuring, and for showing that nothing depends on a short cut: the specs pass
 * either way (`npm run spec:plain`). It is read once, when the process begins, so that a path that
 * is taken pays nothing for it. bench/README.md lists what it switches.
 */
import { UsageError } from './errors.ts';

/**
 * Reads the switch.
 *
 * @throws UsageError `invalid-option` for a setting that is neither `on` nor `off`.
 */
export function readFastPaths(setting: string | undefined): boolean {
  if (setting === undefined || setting === 'on') return true;
  if (setting === 'off') return false;
  throw new UsageError('invalid-option', `BAREWIRE_FAST_PATHS is on or off, not ${setting}`);
}

/** Whether fast paths are taken; false when `BAREWIRE_FAST_PATHS` is `off`. */
export const HAS_FAST_PATHS: boolean = readFastPaths(process.env['BAREWIRE_FAST_PATHS']);
