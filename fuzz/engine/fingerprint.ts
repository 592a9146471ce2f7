/**
 * Tells one version of a target from another, so that an hour of fuzzing is not claimed for what
 * has been changed since.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Lines that are nothing but a comment: words may change. */
const COMMENT = /^\s*(?:\/\*|\*[ /]|\*$|\/\/).*$/gm;

/** A module named by its place, as it is compiled. */
const IMPORTED = /\bfrom '(\.{1,2}\/[^']+)'/g;

/**
 * A short hash of a compiled module and of all that it imports by a relative path: a target, its
 * oracles, and what they are made of. It does not cover the library, which is imported by name, nor
 * the fuzzer itself.
 */
export function fingerprintOf(module: string): string {
  const hash = createHash('sha256');
  for (const path of reachableFrom(module)) hash.update(readCode(path)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

const readCode = (path: string): string => readFileSync(path, 'utf8').replace(COMMENT, '');

/** A set is walked to its end, also to what is added on the way. */
function reachableFrom(module: string): ReadonlySet<string> {
  const paths = new Set([module]);
  for (const path of paths) {
    for (const [, place] of readCode(path).matchAll(IMPORTED)) {
      paths.add(join(dirname(path), place!));
    }
  }
  return paths;
}
