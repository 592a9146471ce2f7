/** What specs must know about the switch of lib/base/fast-paths.ts. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type FastPath, hasFastPath } from 'barewire/base';
import type t from 'tap';

/**
 * Options of a test that shows what some fast paths save, of which their plain paths have nothing:
 * it is skipped where one of them is switched off, and says which.
 */
export function needsFastPath(...paths: readonly FastPath[]): { readonly skip?: string } {
  const off = paths.filter((path) => !hasFastPath(path));
  return off.length === 0 ? {} : { skip: `about ${off.join(' and ')}, which is off` };
}

/**
 * Adds a test that runs the whole spec again in a process without fast paths: what is expected of
 * them is expected of the plain paths, to the byte. Nothing is added where paths are off already.
 *
 * @param url the spec, as `import.meta.url`.
 */
export function passesPlainly(test: typeof t, url: string): void {
  if (!['on', undefined].includes(process.env['BAREWIRE_FAST_PATHS'])) return;
  test.test('passes with the plain paths alone, too', (t) => {
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
