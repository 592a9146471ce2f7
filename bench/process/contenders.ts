/** Who takes part in the process benches. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { programVersion } from '../support/report.ts';
import type { Contender } from './server-process.ts';

const require = createRequire(import.meta.url);

/** Where Bun is: as a package, or where `BUN_PROGRAM` says. */
function bunProgram(): string | undefined {
  const given = process.env['BUN_PROGRAM'];
  if (given !== undefined) return given;
  for (const name of ['@oven/bun-linux-x64', '@oven/bun-linux-x64-baseline', 'bun']) {
    try {
      const folder = join(dirname(require.resolve(`${name}/package.json`)), 'bin');
      const program = ['bun', 'bun.exe'].map((file) => join(folder, file)).find(existsSync);
      if (program !== undefined && /^\d/.test(programVersion(program))) return program;
    } catch {
      // Not installed, or without its program: the next name.
    }
  }
  return undefined;
}

/** Ours. */
export const BAREWIRE: Contender = { name: 'barewire', script: 'barewire.js' };
/** The peer that everybody uses, with its native add-ons. */
export const WS: Contender = { name: 'ws', script: 'ws.js' };
/** ws without native add-ons. */
export const WS_PLAIN: Contender = {
  name: 'ws, no addon',
  script: 'ws.js',
  env: { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' },
};
/** ws that compresses with the level, the window and the memory that barewire's defaults are. */
export const WS_OUR_SETTINGS: Contender = {
  name: 'ws, our settings',
  script: 'ws.js',
  args: ['--our-settings'],
};
/** Bytes sent back as they come, by the ordinary stream. */
export const NET: Contender = { name: 'net.Socket', script: 'net.js', isUnframed: true };
/** The floor of JavaScript: the same system calls with nothing around them. */
export const BARE_HANDLE: Contender = {
  name: 'bare handle',
  script: 'bare-handle.js',
  isUnframed: true,
};
/** Plain answers, and event streams by hand, on node:http. */
export const NODE_HTTP: Contender = { name: 'node:http', script: 'node-http.js' };

let found: readonly Contender[] | undefined;

/** Bun, or nothing where it is not installed. */
export function bun(): readonly Contender[] {
  const program = found === undefined ? bunProgram() : undefined;
  const script = '../../../../bench/process/servers/bun.mjs';
  found ??= program === undefined ? [] : [{ name: 'bun', script, program }];
  return found;
}

/** The versions of peers that are programs. */
export function programVersions(): Record<string, string> {
  return Object.fromEntries(
    bun().map(({ name, program }) => [name, programVersion(program!)] as const),
  );
}
