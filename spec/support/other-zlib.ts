/** A Node whose zlib is not what lib/deflate/zlib-engine.ts knows: a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What another version of Node might do with its undocumented handle, as code. */
export const OTHER_ZLIBS = {
  'calls its handle with other arguments':
    'Object.setPrototypeOf(zlib.InflateRaw, class { constructor() { this.init(1, 2); } });',
  'does not call it where it did': 'Object.setPrototypeOf(zlib.InflateRaw, class {});',
  'has a handle that does nothing on the spot':
    'zlib.createInflateRaw()._handle.constructor.prototype.writeSync = () => {};',
  'has a handle that throws':
    'zlib.createInflateRaw()._handle.constructor.prototype.reset = () => { throw new Error(); };',
} as const;

/**
 * Runs a script in such a Node, before anything of ours is loaded.
 *
 * @param script code of a module at the root of the repository; it sets `result`.
 * @returns what `result` was, as JSON; the script's complaints if there is none.
 */
export function inOtherZlib(which: keyof typeof OTHER_ZLIBS, script: string): unknown {
  const code = `import zlib from 'node:zlib';
    let result;
    ${OTHER_ZLIBS[which]}
    ${script}
    process.stdout.write(JSON.stringify(result));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return stdout === '' ? stderr : JSON.parse(stdout);
}
