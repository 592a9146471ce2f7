/** What specs of benches have in common: servers, running a bench, looking at what came out. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { measureRow } from '../../bench/process/measure.ts';
import type { Measure } from '../../bench/process/scenarios.ts';
import type { Contender } from '../../bench/process/server-process.ts';
import type { Report, Row } from '../../bench/support/report.ts';

export {
  BARE_HANDLE,
  BAREWIRE,
  NET,
  NODE_HTTP,
  WS,
  WS_OUR_SETTINGS,
} from '../../bench/process/contenders.ts';

/** One sample of each. */
export async function measure(contenders: readonly Contender[], what: Measure): Promise<Row> {
  const seats = contenders.map((contender) => ({
    name: contender.name,
    contender,
    measure: what,
  }));
  return measureRow({ id: 'X', title: 'x', unit: 'ns', seats }, 1, () => {});
}

/** Each must have been measured without an error; `more` is seen beside its CPU time. */
export function checkRow(
  t: Test,
  row: Row,
  names: readonly string[],
  more: readonly string[] = [],
): void {
  t.same(
    row.entries.map(({ name }) => name),
    names,
  );
  for (const { name, error, samples, parts } of row.entries) {
    t.equal(error, undefined, `${name} does not fail`);
    t.equal(samples.length, 1);
    t.ok(samples[0]! >= 0 && Number.isFinite(samples[0]));
    if (parts !== undefined) t.same(Object.keys(parts), ['user', 'system', 'busy %', ...more]);
  }
}

/** Runs a bench as a process of its own. */
export function runScript(name: string, ...args: string[]): SpawnSyncReturns<string> {
  const script = fileURLToPath(new URL(`../../bench/${name}.bench.js`, import.meta.url));
  return spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
}

/** The same, and reads what it wrote. */
export function runBench(t: Test, name: string, ...args: string[]): Report {
  const folder = t.testdir({});
  const [json, svg] = [join(folder, 'out.json'), join(folder, 'out.svg')];
  const { status, stderr } = runScript(name, ...args, '--json', json, '--svg', svg);
  t.equal(status, 0, stderr);
  t.match(readFileSync(svg, 'utf8'), /^<svg /);
  return JSON.parse(readFileSync(json, 'utf8')) as Report;
}

/** Every row must have these contenders, each without an error. */
export function checkReport(t: Test, report: Report, names: readonly string[]): void {
  for (const { id, entries } of report.rows) {
    t.same(
      entries.map(({ name }) => name),
      names,
      id,
    );
    for (const { name, error, samples } of entries) {
      t.equal(error, undefined, `${id}, ${name}`);
      t.ok(samples.length > 0);
    }
  }
}
