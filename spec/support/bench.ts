/** The servers that specs of the process benches measure, and how they look at what came out. */
import type { Test } from 'tap';
import { measureRow } from '../../bench/process/measure.ts';
import type { Measure } from '../../bench/process/scenarios.ts';
import type { Contender } from '../../bench/process/server-process.ts';
import type { Row } from '../../bench/support/report.ts';

export const BAREWIRE: Contender = { name: 'barewire', script: 'barewire.js' };
export const WS: Contender = { name: 'ws', script: 'ws.js' };
export const NET: Contender = { name: 'net.Socket', script: 'net.js', isUnframed: true };
export const NODE_HTTP: Contender = { name: 'node:http', script: 'node-http.js' };

/** One sample of each. */
export async function measure(contenders: readonly Contender[], what: Measure): Promise<Row> {
  const seats = contenders.map((contender) => ({
    name: contender.name,
    contender,
    measure: what,
  }));
  return measureRow({ id: 'X', title: 'x', unit: 'ns', seats }, 1, () => {});
}

/** Each must have been measured without an error. */
export function checkRow(t: Test, row: Row, names: readonly string[]): void {
  t.same(
    row.entries.map(({ name }) => name),
    names,
  );
  for (const { name, error, samples, parts } of row.entries) {
    t.equal(error, undefined, `${name} does not fail`);
    t.equal(samples.length, 1);
    t.ok(samples[0]! >= 0 && Number.isFinite(samples[0]));
    if (parts !== undefined) t.same(Object.keys(parts), ['user', 'system', 'busy %']);
  }
}
