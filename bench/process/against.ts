/** Two builds in turns: our server beside that of another checkout. */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { refuse } from '../support/command-line.ts';
import { BAREWIRE } from './contenders.ts';
import type { Seat, Workload } from './seats.ts';

const SERVER = 'dist/bench/process/servers/barewire.js';
/** What the server loads: without it, it would fail in every round. */
const BUNDLE = 'dist/bundle/server.js';

/** Another checkout that has been built. */
export interface Other {
  /** What its seats are called. */
  readonly name: string;
  /** Its server. */
  readonly script: string;
}

/** Finds the server of another checkout; one that is not built ends with exit code 2. */
export function findOther(folder: string): Other {
  const missing = [SERVER, BUNDLE].find((file) => !existsSync(join(folder, file)));
  if (missing !== undefined) {
    refuse(`--against ${folder} has no ${missing}: run npm ci && npm run build there`);
  }
  const path = resolve(folder);
  return { name: `${BAREWIRE.name}, ${basename(path)}`, script: join(path, SERVER) };
}

/**
 * The same row with our server, and behind it the other one under the same settings.
 *
 * @param withPeers whether the other contenders stay.
 */
export function against(workload: Workload, { name, script }: Other, withPeers: boolean): Workload {
  const [ours, ...peers] = workload.seats as [Seat, ...Seat[]];
  const other: Seat = { ...ours, name, contender: { ...ours.contender, name, script } };
  return { ...workload, seats: [ours, other, ...(withPeers ? peers : [])] };
}
