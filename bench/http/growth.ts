/** How the time of hostile inputs grows when they are doubled: it should grow no faster. */
import type { Effort } from '../support/suite.ts';
import { takeTurns } from '../support/turns.ts';
import { formatBytes, formatTime } from '../support/units.ts';
import { HOSTILE_INPUTS } from './hostile.ts';

/** CPU time of one call in nanoseconds, from as many calls as fill a sample. */
function timeOf(work: () => unknown, atLeastMicroseconds: number): number {
  const start = process.cpuUsage();
  let count = 0;
  for (let batch = 1; ; batch = Math.min(batch * 2, 64)) {
    for (let turn = 0; turn < batch; turn += 1) work();
    count += batch;
    const { user, system } = process.cpuUsage(start);
    if (user + system >= atLeastMicroseconds) return ((user + system) * 1e3) / count;
  }
}

/** Lets the compiler finish, which on a busy machine takes longer than it counts. */
async function warmUp(work: () => unknown, microseconds: number): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    timeOf(work, microseconds);
    await new Promise<void>((next) => setImmediate(next));
  }
}

/** Bytes of the smaller input; the larger one is twice as long three times over. */
const SMALL_BYTES = 16_384;
const DOUBLINGS = 3;
/** Linear is 2, quadratic 4; what lies between 2 and this is the noise of caches and collector. */
const LINEAR = 2.5;

/** Prints how time grows with each hostile input; returns how many grow faster than they should. */
export async function measureGrowth({ rounds, milliseconds }: Effort): Promise<number> {
  const microseconds = 1e3 * milliseconds;
  console.log('\nhostile inputs: by how much twice the bytes take longer (linear: 2)');
  let tooFast = 0;
  for (const { title, prepare } of HOSTILE_INPUTS) {
    const works = [prepare(SMALL_BYTES), prepare(SMALL_BYTES << DOUBLINGS)];
    for (const work of works) await warmUp(work, microseconds);
    const samples = await takeTurns(
      rounds,
      works.map((work) => () => timeOf(work, microseconds)),
    );
    const [small, large] = works.map((_, index) => Math.min(...samples.map((all) => all[index]!)));
    const growth = (large! / small!) ** (1 / DOUBLINGS);
    if (growth > LINEAR) tooFast += 1;
    const perByte = formatTime(large! / (SMALL_BYTES << DOUBLINGS));
    const mark = growth > LINEAR ? '  GROWS FASTER' : '';
    console.log(`  ${title.padEnd(44)}${growth.toFixed(2)} ×   ${perByte} a byte${mark}`);
  }
  console.log(`  (from ${formatBytes(SMALL_BYTES)} to ${formatBytes(SMALL_BYTES << DOUBLINGS)})`);
  return tooFast;
}
