/** The framing bench takes an implementation of one's own, and notices one that cheats. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { type Guest, loadGuests } from '../../bench/framing/guests.ts';
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
const guest = (name: string): Guest => ({ name, path: adapter(`${name}-framing`) });
const SHORT = { kind: 'text', size: 20, fragments: 1, script: 'ascii' } as const;
const DECODE: Workload = { ...SHORT, direction: 'decode', role: 'server' };
const ENCODE: Workload = { ...SHORT, direction: 'encode', role: 'client' };
const effort = { rounds: 1, milliseconds: 1 };

// Many processes, one after the other: on a busy machine each takes seconds to start.
t.setTimeout(300_000);

t.test('a toy in one file is measured beside the others', async (t) => {
  const seats = listSeats([guest('toy')]);
  const told: string[] = [];
  const rows = await measureFraming([DECODE, ENCODE], seats, effort, ({ id }) => told.push(id));
  t.same(told, ['P4 decode masked text 20', 'P4 encode masked text 20']);
  t.same(
    rows.map(({ entries }) => entries.length),
    [6, 5],
    'reads that are shared make no other writer',
  );
  for (const { entries, unit } of rows) {
    t.equal(unit, 'ns');
    for (const { name, error, samples, parts } of entries) {
      t.equal(error, undefined, name);
      t.ok(samples[0]! > 0);
      t.ok(parts!['clock']! > 0);
    }
    t.equal(entries.at(-1)!.name, 'toy', 'its own name');
    t.ok(entries.at(-1)!.ratio!.median > 0);
  }
});

t.test(
  'guests have the names that they give themselves, and are told apart by their paths',
  async (t) => {
    const folder = t.testdir({
      'a.mjs': "export const contender = { name: 'mine', createDecoder() {} };",
      'b.mjs': "export const contender = { name: 'other', createEncoder() {} };",
      'c.mjs': "export const contender = { name: 'other', createEncoder() {} };",
    });
    const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((name) => join(folder, `${name}.mjs`));
    t.same(await loadGuests([a, b, c]), [
      { name: 'mine', path: a },
      { name: `other, ${b}`, path: b },
      { name: `other, ${c}`, path: c },
    ]);
    // Who only reads is absent where messages are written.
    const [row] = await measureFraming(
      [ENCODE],
      listSeats([{ name: 'mine', path: a }]),
      effort,
      () => {},
    );
    t.notOk(row!.entries.some(({ name }) => name === 'mine'));
  },
);

t.test('one that loses messages is an error, not a record', async (t) => {
  const [ours] = listSeats([]);
  const broken = listSeats([guest('broken')]).at(-1);
  const [row] = await measureFraming([DECODE], [ours!, broken!], effort, () => {});
  t.equal(row!.entries[0]!.error, undefined);
  t.match(row!.entries[1], { samples: [], error: /broken: \d+ of \d+ messages/ });
});

t.test('one that does less than it should is an error, whatever it leaves out', async (t) => {
  const module = adapter('cheating-framing');
  const cheats = (names: readonly string[]) =>
    names.map((label) => ({ label, module, env: { CHEAT: label } }));
  const errorsOf = async (workload: Workload, names: readonly string[]) => {
    const [row] = await measureFraming([workload], cheats(names), effort, () => {});
    return row!.entries.map(({ name, samples, error }) => [name, samples.length, error]);
  };
  const encoders = ['zeros', 'the first again', 'no mask', 'one key'];
  t.strictSame(await errorsOf(ENCODE, [...encoders, 'the other kind', 'half a frame', 'pings']), [
    ['zeros', 0, 'Error: writes a frame that is wrong: frame-not-masked'],
    ['the first again', 0, 'Error: cheat: message 2 is not what was sent'],
    ['no mask', 0, 'Error: writes a frame that is wrong: frame-not-masked'],
    ['one key', 0, 'Error: cheat: masks every frame with the same key'],
    ['the other kind', 0, 'Error: cheat: message 1 is not what was sent'],
    ['half a frame', 0, 'Error: 5 bytes are no whole frame'],
    ['pings', 0, 'Error: writes a control frame'],
  ]);
  t.match(await errorsOf({ ...ENCODE, fragments: 4 }, ['one frame']), [
    ['one frame', 0, /^Error: cheat: (\d+) frames for \1 messages$/],
  ]);
  t.strictSame(await errorsOf(DECODE, ['both ends', 'no check of UTF-8']), [
    ['both ends', 0, 'Error: cheat: message 1 is not what was sent'],
    ['no check of UTF-8', 0, 'Error: cheat: delivers text that is not UTF-8'],
  ]);
  t.match(await errorsOf({ ...DECODE, kind: 'binary' }, ['lent memory', 'whole reads']), [
    ['lent memory', 0, 'Error: cheat: message 1 is not what was sent'],
    ['whole reads', 0, /Error/],
  ]);
});

t.test('who has no way to write fragments is absent there, and nobody else', async (t) => {
  const fragmented = { ...ENCODE, size: 1_024, fragments: 4 };
  const workloads = [fragmented, { ...fragmented, kind: 'binary', role: 'server' }] as const;
  const rows = await measureFraming(workloads, listSeats([guest('toy')]), effort, () => {});
  t.same(
    rows.map(({ id }) => id),
    ['P4x encode masked text in-4 1024', 'P4x encode unmasked binary in-4 1024'],
  );
  for (const { entries } of rows) {
    t.same(
      entries.map(({ name, error }) => [name, error]),
      ['barewire', 'ws + addon', 'ws, no addon'].map((name) => [name, undefined]),
    );
  }
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
