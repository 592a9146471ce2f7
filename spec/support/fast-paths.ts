/** What specs must know about the switch of lib/base/fast-paths.ts. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { HAS_FAST_PATHS } from 'barewire/base';
import type t from 'tap';

/** Options of a test that shows what a fast path saves: without it there is nothing to show. */
export const ONLY_FAST: { readonly skip?: string } = HAS_FAST_PATHS
  ? {}
  : { skip: 'fast paths are off' };

/**
 * Adds a test that runs the whole spec again in a process without fast paths: what is expected of
 * them is expected of the plain paths, to the byte.
 *
 * @param url the spec, as `import.meta.url`.
 */
export function passesPlainly(test: typeof t, url: string): void {
  test.test('passes with the plain paths alone, too', ONLY_FAST, (t) => {
    const env = { ...process.env, BAREWIRE_FAST_PATHS: 'off' };
    const { status, stdout } = spawnSync(process.execPath, [fileURLToPath(url)], {
      env,
      encoding: 'utf8',
    });
    t.strictSame(stdout.match(/^not ok .*/gm), null);
    t.match(stdout, /^ok /m);
    t.equal(status, 0);
    t.end();
  });
}
