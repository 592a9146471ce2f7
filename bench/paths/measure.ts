/** Measures rows of fast paths: a process for each setting, all of a row in turns. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeRow, type Row, type Sample } from '../support/report.ts';
import type { Effort } from '../support/suite.ts';
import { takeTurns } from '../support/turns.ts';
import { ask, dismiss, startWorker } from '../support/workers.ts';
import type { PathRow } from './rows.ts';
import type { Answer } from './worker.ts';

const WORKER = fileURLToPath(new URL('./worker.js', import.meta.url));

async function sample(child: ChildProcess, milliseconds: number): Promise<Sample | Error> {
  const answer = await ask<Answer>(child, milliseconds, { error: 'its process has ended' });
  return 'sample' in answer ? answer.sample : new Error(answer.error);
}

/** Measures one row: first with all fast paths, last without any. */
export async function measurePaths(
  { id, title, paths, env }: PathRow,
  { rounds, milliseconds }: Effort,
): Promise<Row> {
  const settings: readonly (readonly [name: string, setting: string])[] = [
    ['barewire', 'on'],
    ...paths.map((path) => [`without ${path}`, `-${path}`] as const),
    ['without any', 'off'],
  ];
  const children = settings.map(([, setting]) =>
    startWorker(WORKER, [id], { ...env, BAREWIRE_FAST_PATHS: setting }),
  );
  for (const child of children) await sample(child, milliseconds * 2);
  const samples = await takeTurns(
    rounds,
    children.map((child) => () => sample(child, milliseconds)),
  );
  dismiss(children);
  return makeRow(
    { id, title, unit: 'ns' },
    settings.map(([name], index) => ({ name, series: samples.map((round) => round[index]!) })),
  );
}
