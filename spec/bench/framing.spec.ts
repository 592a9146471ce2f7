/** The framing bench takes an implementation of one's own, and notices one that cheats. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { listSeats, measureFraming } from '../../bench/framing/measure.ts';
import {
  idOf,
  isMasked,
  listWorkloads,
  makeMessage,
  makeReads,
  messagesInPass,
  titleOf,
  type Workload,
} from '../../bench/framing/workload.ts';

const adapter = (name: string): string =>
  fileURLToPath(new URL(`../support/${name}.js`, import.meta.url));
const SHORT = { kind: 'text', size: 20, fragments: 1, script: 'ascii' } as const;
const DECODE: Workload = { ...SHORT, direction: 'decode', role: 'server' };
const ENCODE: Workload = { ...SHORT, direction: 'encode', role: 'client' };
const effort = { rounds: 1, milliseconds: 1 };

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('a toy in one file is measured beside the others', async (t) => {
  const seats = listSeats([adapter('toy-framing')]);
  const told: string[] = [];
  const rows = await measureFraming([DECODE, ENCODE], seats, effort, ({ id }) => told.push(id));
  t.same(told, ['P4 decode masked text 20', 'P4 encode masked text 20']);
  for (const { entries, unit } of rows) {
    t.equal(unit, 'ns');
    t.equal(entries.length, 5);
    for (const { name, error, samples, parts } of entries) {
      t.equal(error, undefined, name);
      t.ok(samples[0]! > 0);
      t.ok(parts!['clock']! > 0);
    }
    t.match(entries[4]!.name, 'toy-framing');
    t.ok(entries[4]!.ratio!.median > 0);
  }
});

t.test('one that loses messages is an error, not a record', async (t) => {
  const [ours] = listSeats([]);
  const [, , , , broken] = listSeats([adapter('broken-framing')]);
  const [row] = await measureFraming([DECODE], [ours!, broken!], effort, () => {});
  t.equal(row!.entries[0]!.error, undefined);
  t.match(row!.entries[1], { samples: [], error: /broken: \d+ of \d+ messages/ });
});

t.test('every workload has a name of its own, and the bytes that it says', (t) => {
  const workloads = listWorkloads(false);
  t.equal(new Set(workloads.map(idOf)).size, workloads.length);
  t.equal(new Set(workloads.map(titleOf)).size, workloads.length);
  for (const workload of workloads) {
    const message = makeMessage(workload);
    t.equal(Buffer.byteLength(message), workload.size, titleOf(workload));
  }
  const [first] = makeReads(DECODE);
  t.equal(first!.readUInt16BE(0), 0x8194);
  t.ok(isMasked(DECODE) && isMasked(ENCODE));
  t.ok(messagesInPass(DECODE) > 1_000);
  t.end();
});
