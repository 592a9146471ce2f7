/** Who takes part in the process benches. */
import { createRequire } from 'node:module';
import type { Contender } from './server-process.ts';

const require = createRequire(import.meta.url);

/** Where Bun is, if `npm install --no-save @oven/bun-linux-x64` has been run. */
function bunProgram(): string | undefined {
  if (process.env['BUN_PROGRAM'] !== undefined) return process.env['BUN_PROGRAM'];
  try {
    return require.resolve('@oven/bun-linux-x64/bin/bun');
  } catch {
    return undefined;
  }
}

/** Ours. */
export const BAREWIRE: Contender = { name: 'barewire', script: 'barewire.js' };
/** The peer that everybody uses, with its native add-ons. */
export const WS: Contender = { name: 'ws', script: 'ws.js' };
/** ws without native add-ons. */
export const WS_PLAIN: Contender = {
  name: 'ws, no add-on',
  script: 'ws.js',
  env: { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' },
};
/** The floor: bytes sent back as they come. */
export const NET: Contender = { name: 'net.Socket', script: 'net.js' };
/** Event streams by hand on node:http. */
export const NODE_HTTP: Contender = { name: 'node:http', script: 'node-http.js' };

/** Bun, or nothing where its package is not installed. */
export function bun(): readonly Contender[] {
  const program = bunProgram();
  return program === undefined
    ? []
    : [{ name: 'bun', script: '../../../../bench/process/servers/bun.mjs', program }];
}
