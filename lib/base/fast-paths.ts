/**
 * Switches for the fast paths: short cuts that give what their plain paths give, sooner.
 *
 * ```sh
 * BAREWIRE_FAST_PATHS=off node server.js              # the plain paths alone
 * BAREWIRE_FAST_PATHS=-outbox,-mask node server.js    # all but these two
 * ```
 * They are there for measuring, and for showing that nothing depends on a short cut: the specs pass
 * either way (`npm run spec:plain`). They are read once, when the process begins, so that a path
 * that is taken pays nothing for it. bench/README.md says what each of them saves.
 *
 * What is written is the same to the byte either way; how many writes carry it is not, without
 * `one-write`.
 */
import { UsageError } from './errors.ts';

/** All fast paths, most of them by the file in which they are. */
export const FAST_PATHS = [
  ...(['byte-queue', 'utf8', 'mask', 'short-text', 'payload-copy', 'sole-frame'] as const),
  ...(['frame-parser', 'frame-writer', 'read-memory', 'short-views'] as const),
  ...(['message-assembler', 'message-reader', 'outbox', 'lent-output', 'one-write'] as const),
  ...(['request-line', 'field-section', 'value-scan', 'repeated-section'] as const),
  ...(['zlib-handles', 'broadcast', 'freed-memory', 'shapes'] as const),
  ...(['shared-read', 'direct-write', 'latent-socket'] as const),
  ...(['shared-text', 'inherited-options'] as const),
] as const;

/** One fast path. */
export type FastPath = (typeof FAST_PATHS)[number];

/**
 * Reads the switches, and returns the paths that are taken.
 *
 * @throws UsageError `invalid-option` for a setting that is neither `on` nor `off` nor a list of
 *   names with a minus before each.
 */
export function readFastPaths(setting: string | undefined): ReadonlySet<FastPath> {
  if (setting === undefined || setting === 'on') return new Set(FAST_PATHS);
  if (setting === 'off') return new Set();
  const taken = new Set(FAST_PATHS);
  for (const part of setting.split(',')) {
    const name = FAST_PATHS.find((path) => part === `-${path}`);
    if (name === undefined) {
      const names = FAST_PATHS.map((path) => `-${path}`).join(',');
      throw new UsageError(
        'invalid-option',
        `BAREWIRE_FAST_PATHS is on, off or some of ${names}, not ${setting}`,
      );
    }
    taken.delete(name);
  }
  return taken;
}

const TAKEN = readFastPaths(process.env['BAREWIRE_FAST_PATHS']);

/** Whether a fast path is taken. */
export function hasFastPath(path: FastPath): boolean {
  return TAKEN.has(path);
}
