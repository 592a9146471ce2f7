/** Profiles what needs no server: the codec or HTTP alone, in a process of its own. */
import { fileURLToPath } from 'node:url';
import type { Measure } from '../process/scenarios.ts';
import type { Sample } from '../support/report.ts';
import { ask, dismiss, startWorker } from '../support/workers.ts';
import type { Order, Task } from './alone-worker.ts';

const WORKER = fileURLToPath(new URL('./alone-worker.js', import.meta.url));

/** Does a task until so many messages are read or written. */
export function alone(task: Task, units: number): Measure {
  return async ({ name, env, profileFile }) => {
    const worker = startWorker(WORKER, [], env ?? {});
    const order: Order = { task, contender: name, units, file: profileFile! };
    const sample = await ask<Sample | undefined>(worker, { ...order }, undefined);
    dismiss([worker]);
    if (sample === undefined) throw new Error(`${task}: its process has ended`);
    return sample;
  };
}
