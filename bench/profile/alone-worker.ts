/**
 * The process in which the codec or HTTP is profiled alone. What is done is what `framing` and
 * `http` measure: the rows of P4 that are furthest from their bars, and `P5 varied`.
 */
import { makeDecodeCase, makeEncodeCase } from '../framing/cases.ts';
import type { Contender } from '../framing/contender.ts';
import type { Workload } from '../framing/workload.ts';
import { makeHeadsCase } from '../http/heads-case.ts';
import type { Sample } from '../support/report.ts';
import type { Case } from '../support/suite.ts';
import { makeRecorder } from './recorder.ts';

/** What can be done without a server. */
export type Task = 'decode-short' | 'decode-long' | 'encode-short' | 'heads';

/** What the parent asks, once; the answer is a sample. */
export interface Order {
  readonly task: Task;
  /** By its name among the servers. */
  readonly contender: string;
  readonly units: number;
  readonly file: string;
}

const binary = { kind: 'binary', size: 125, fragments: 1, script: 'ascii' } as const;
const decoding: Workload = { ...binary, direction: 'decode', role: 'server' };
const encoding: Workload = { ...binary, direction: 'encode', role: 'client' };

const TASKS: Readonly<Record<Task, (contender: string) => Promise<Case>>> = {
  'decode-short': async (name) => makeDecodeCase(await findFramer(name), decoding),
  'decode-long': async (name) =>
    makeDecodeCase(await findFramer(name), { ...decoding, size: 65_536 }),
  'encode-short': async (name) => makeEncodeCase(await findFramer(name), encoding),
  heads: readHeads,
};

async function findFramer(name: string): Promise<Contender> {
  const { contender } = (await import(`../framing/${name}.js`)) as { contender: Contender };
  return contender;
}

/** Rounds in one run: much more work than reading the clock is. */
const HEAD_ROUNDS = 16;

async function readHeads(name: string): Promise<Case> {
  const { CONTENDERS } = await import('../http/contenders.ts');
  const parser = name === 'node:http' ? 'HTTPParser' : name;
  const contender = CONTENDERS.find((one) => one.name === parser)!;
  return makeHeadsCase(contender, 'P5 varied', HEAD_ROUNDS);
}

/** CPU time of each unit; that of preparing is not counted, and the call tree leaves it out. */
function spend({ prepare, run, units = 1 }: Case, total: number): Sample {
  let [user, system, done] = [0, 0, 0];
  for (; done < total; done += units) {
    prepare?.();
    const start = process.cpuUsage();
    run();
    const spent = process.cpuUsage(start);
    user += spent.user * 1e3;
    system += spent.system * 1e3;
  }
  const parts = { user: user / done, system: system / done };
  return { value: parts.user + parts.system, parts };
}

process.on('message', async ({ task, contender, units, file }: Order) => {
  const work = await TASKS[task](contender);
  spend(work, units / 5);
  const recorder = makeRecorder(file);
  await recorder.begin();
  const sample = spend(work, units);
  await recorder.end();
  process.send!(sample);
});
