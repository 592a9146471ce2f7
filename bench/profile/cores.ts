/**
 * A core for what is profiled, and the others for whoever loads it; by `taskset`, if there is one.
 *
 * V8 samples by a signal from a thread of its own. Where cores are virtual a signal from another
 * core is noticed late, often not before the next system call, so that all time seems to go there.
 * On the same core that thread interrupts what it samples, which finds the signal as it goes on.
 * And while anything else runs there, the call that was interrupted seems to take as much longer.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Tells a child which core is its own. */
const CORE = 'BAREWIRE_PROFILE_CORE';

/** What `.begun` says when the process is held on its core. */
export const HELD = 'held on its core';

/** Reads a list of cores as Linux writes them, such as `0-2,5`. */
export function listCores(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

function hold(cores: string): void {
  const args = ['--all-tasks', '--cpu-list', '--pid', cores, String(process.pid)];
  execFileSync('taskset', args, { stdio: 'ignore' });
}

/** Leaves the last core to what will be profiled; all children know of it. */
export function holdGenerator(): void {
  try {
    const status = readFileSync('/proc/self/status', 'latin1');
    const cores = listCores(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1]!);
    if (cores.length < 2) return;
    hold(cores.slice(0, -1).join(','));
    process.env[CORE] = String(cores.at(-1));
  } catch {
    // No Linux, or no `taskset`: texts say so.
  }
}

/** Holds this process, which is to be profiled, on its core. @returns what `.begun` shall say. */
export function holdMeasured(): string {
  const core = process.env[CORE];
  if (core === undefined) return '';
  hold(core);
  return HELD;
}
