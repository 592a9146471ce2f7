/** What a run leaves behind: its record, its corpus, and the input that does not end. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import t, { type Test } from 'tap';
import { readCorpus, writeCorpus } from '../../fuzz/engine/corpus.ts';
import { Counters } from '../../fuzz/engine/counters.ts';
import { fingerprintOf } from '../../fuzz/engine/fingerprint.ts';
import { Fuzzer, type FuzzReport } from '../../fuzz/engine/fuzzer.ts';
import { instrument, REGISTRY } from '../../fuzz/engine/instrument.ts';
import {
  addRun,
  type RunRecord,
  readRecord,
  recordTable,
  writeRecord,
} from '../../fuzz/engine/record.ts';

const report = (runs: number, seconds: number, hasFound: boolean): FuzzReport =>
  ({ runs, seconds, finding: hasFound ? {} : undefined }) as FuzzReport;

t.test('a record sums up the runs, and keeps the coverage of the last one', (t) => {
  const path = join(t.testdir({}), 'deeper', 'record.json');
  t.equal(readRecord(path).runs, 0, 'there is none yet');
  const first = addRun(readRecord(path), report(1000, 29.6, true), 'a', {
    branches: { 'codec/mask': [1, 4] },
    corpus: 5,
  });
  writeRecord(path, first);
  const second = addRun(readRecord(path), report(500, 60, false), 'a', {
    branches: { 'codec/mask': [3, 4] },
    corpus: 2,
  });
  writeRecord(path, second);
  t.strictSame(readRecord(path), {
    runs: 1500,
    processorSeconds: 90,
    findings: 1,
    latest: { fingerprint: 'a', processorSeconds: 90 },
    corpus: 2,
    branches: { 'codec/mask': [3, 4] },
  });
  const record = { record: second, fingerprint: 'a', corpus: 3 };
  const [head, line, row] = recordTable(new Map([['mask', record]])).split('\n');
  t.match(head, /^\| target \| inputs run \|/);
  t.equal(line?.split('|').length, head?.split('|').length);
  t.equal(row, '| `mask` | 1,500 | 2 min | 2 min | 3 | 3 of 4 in `codec/mask` | 1 |');
  t.end();
});

t.test('the time of a target that has changed since counts as older', (t) => {
  const after = { branches: {}, corpus: 0 };
  const { latest: _, ...unmarked } = addRun(readRecord(''), report(1, 3600, false), 'a', after);
  const minutesOf = (record: RunRecord, fingerprint: string): string[] => {
    const table = recordTable(new Map([['mask', { record, fingerprint, corpus: 0 }]]));
    return table.split('\n')[2]!.split(' | ').slice(2, 4);
  };
  t.strictSame(minutesOf(unmarked, 'a'), ['60 min', '0 min'], 'from before there was a mark');
  const marked = addRun(unmarked, report(1, 120, false), 'a', after);
  t.strictSame(minutesOf(marked, 'a'), ['62 min', '2 min']);
  t.strictSame(minutesOf(marked, 'b'), ['62 min', '0 min'], 'it has changed');
  const changed = addRun(marked, report(1, 60, false), 'b', after);
  t.strictSame(minutesOf(changed, 'b'), ['63 min', '1 min']);
  t.strictSame(minutesOf(changed, 'a'), ['63 min', '0 min'], 'it has changed back');
  t.end();
});

t.test('a target is another when its code changes, or that of what it imports', (t) => {
  const code = {
    'one.fuzz.js': `import { law } from './oracles/law.js';\n/** Words. */\nlaw(1);\n`,
    oracles: { 'law.js': `import { more } from '../more.js';\nexport const law = more;\n` },
    'more.js': `export { law as back } from './oracles/law.js';\nexport const more = 1;\n`,
    'other.js': '',
  };
  const folder = t.testdir(code);
  const print = (changed: object): string => {
    const at = t.testdir({ ...code, ...changed });
    return fingerprintOf(join(at, 'one.fuzz.js'));
  };
  const same = fingerprintOf(join(folder, 'one.fuzz.js'));
  t.match(same, /^[0-9a-f]{16}$/);
  t.equal(print({ 'other.js': 'change();' }), same, 'it does not import that');
  t.equal(print({ 'one.fuzz.js': code['one.fuzz.js'].replace('Words', 'Others') }), same);
  t.not(print({ 'one.fuzz.js': code['one.fuzz.js'].replace('law(1)', 'law(2)') }), same);
  t.not(print({ 'more.js': code['more.js'].replace('= 1', '= 2') }), same, 'from farther away');
  t.end();
});

t.test('a corpus comes back from its file, each input once, the shortest first', (t) => {
  const path = join(t.testdir({}), 'deeper', 'corpus.txt');
  t.strictSame(readCorpus(path), []);
  const inputs = ['longer\r\n', 'b', '\\x41', '\0\xff', '', 'b', 'a'].map((text) =>
    Buffer.from(text, 'latin1'),
  );
  writeCorpus(path, inputs);
  const read = readCorpus(path).map((bytes) => bytes.toString('latin1'));
  t.strictSame(read, ['', 'a', 'b', '\\x41', '\0\xff', 'longer\r\n']);
  t.end();
});

t.test('a corpus becomes as small as it can be without losing a branch', async (t) => {
  const counters = new Counters();
  counters.install();
  const source = `(input) => {
    if (input.includes('a')) return 1;
    if (input.includes('b')) { if (input.includes('c')) return 2; return 3; }
    return 4;
  }`;
  const registry = (globalThis as Record<string, unknown>)[REGISTRY];
  const { code } = instrument(source, 'toy.js');
  const toy = runInNewContext(code, { [REGISTRY]: registry }) as (text: string) => number;
  const target = {
    name: 'toy',
    subjects: [],
    seeds: [],
    run: (input: Uint8Array) => void toy(Buffer.from(input).toString('latin1')),
  };
  const fuzzer = new Fuzzer(target, counters, { seed: 1 });
  const inputs = ['xxaxx', 'yyyya', 'ybyyc', 'qqb', 'zzzz', 'bc', ''].map((text) =>
    Buffer.from(text),
  );
  const kept = await fuzzer.minimise(inputs);
  const texts = kept.map((bytes) => Buffer.from(bytes).toString()).sort();
  t.strictSame(texts, ['', 'a', 'b', 'bc']);
});

/** Runs a program with the watchdog at hand. */
function play(t: Test, program: string) {
  const watchdog = new URL('../../fuzz/engine/watchdog.js', import.meta.url).href;
  const name = 'program.mjs';
  const text = `import { Watchdog } from ${JSON.stringify(watchdog)};\n${program}`;
  return spawnSync(process.execPath, [join(t.testdir({ [name]: text }), name)], {
    encoding: 'utf8',
  });
}

t.test('an input that does not end is named, and ends the process', (t) => {
  const { signal, stderr } = play(
    t,
    `const dog = new Watchdog({ processorMs: 150, wallMs: 60_000, pollMs: 20 });
    dog.begin(Buffer.from('fine'));
    dog.begin(Buffer.from('GET \\r\\n\\0'));
    for (;;);`,
  );
  t.equal(signal, 'SIGKILL');
  t.equal(stderr, 'does not end within 150 ms of processor time: GET \\r\\n\\x00\n');
  t.end();
});

t.test('an input that waits for what never comes is named, too', (t) => {
  const { signal, stderr } = play(
    t,
    `const dog = new Watchdog({ processorMs: 60_000, wallMs: 150, pollMs: 20 });
    dog.begin(Buffer.from('waits'));
    setInterval(() => {}, 1000);
    await new Promise(() => {});`,
  );
  t.equal(signal, 'SIGKILL');
  t.equal(stderr, 'does not end within 150 ms: waits\n');
  t.end();
});

t.test('nobody is disturbed while inputs come and go, or none has begun', (t) => {
  const { status, stdout } = play(
    t,
    `const idle = new Watchdog({ processorMs: 100, wallMs: 60_000, pollMs: 20 });
    const busy = new Watchdog({ processorMs: 100, wallMs: 60_000, pollMs: 20 });
    const used = () => process.cpuUsage().user / 1000;
    const until = used() + 500;
    while (used() < until) busy.begin(Buffer.from('short'));
    await Promise.all([idle.stop(), busy.stop()]);
    console.log('lives');`,
  );
  t.equal(status, 0);
  t.equal(stdout, 'lives\n');
  t.end();
});
