import t from 'tap';
import { LineCutter } from '../../lib/sse/line-cutter.ts';
import { feedings } from '../support/feeding.ts';

const cut = (chunks: readonly Buffer[], room = 1000): string[] => {
  const lines: string[] = [];
  const cutter = new LineCutter();
  for (const chunk of chunks) {
    cutter.begin(chunk);
    while (cutter.next(room)) lines.push(cutter.bytes.toString('utf8', cutter.start, cutter.end));
    cutter.detach();
  }
  return lines;
};

const STREAMS: readonly (readonly [title: string, stream: string, lines: readonly string[]])[] = [
  ['LF, CR and CR LF, each as one line end', 'a\nb\rc\r\nd\n', ['a', 'b', 'c', 'd']],
  ['LF CR as two', 'a\n\rb\n', ['a', '', 'b']],
  ['two CR LF in a row', 'a\r\n\r\nb\r\n', ['a', '', 'b']],
  ['CR CR LF', 'a\r\r\nb\n', ['a', '', 'b']],
  [
    'other separators of Unicode and ASCII inside a line',
    'a\u2028\u0085\v\fb\n',
    ['a\u2028\u0085\v\fb'],
  ],
  ['a last line without an end, which is none', 'a\nb', ['a']],
  ['comments, which are skipped', ':x\na\n:\r\n:y\rb\n', ['a', 'b']],
  ['one byte order mark', '\ufeffa\n\ufeffb\n', ['a', '\ufeffb']],
  ['two byte order marks', '\ufeff\ufeffa\n', ['\ufeffa']],
  ['a byte order mark before a comment', '\ufeff:x\na\n', ['a']],
  ['a byte order mark that is not complete', '\ufeff'.slice(0, 0), []],
  ['empty lines', '\n\n\n', ['', '', '']],
];

for (const [title, stream, lines] of STREAMS) {
  t.test(`cuts ${title}`, (t) => {
    for (const { name, chunks } of feedings(Buffer.from(stream))) t.same(cut(chunks), lines, name);
    t.pass('in every feeding');
    t.end();
  });
}

t.test('keeps the first bytes of a byte order mark that does not go on', (t) => {
  for (const { name, chunks } of feedings(Buffer.from('efbb610a', 'hex'))) {
    t.same(cut(chunks), [Buffer.from('efbb61', 'hex').toString()], name);
  }
  t.end();
});

t.test('refuses a line that is longer than the room for it, finished or not', (t) => {
  t.same(cut([Buffer.from('12345\n')], 5), ['12345']);
  for (const stream of ['123456\n', '123456']) {
    for (const { name, chunks } of feedings(Buffer.from(stream))) {
      t.throws(() => cut(chunks, 5), { code: 'event-too-large' }, name);
    }
  }
  t.end();
});

/** A chunk that counts the bytes that are searched. */
function counted(text: string): { chunk: Buffer; searched: () => number } {
  const chunk = Buffer.from(text);
  let searched = 0;
  const indexOf = (value: number, from: number): number => {
    const found = Buffer.prototype.indexOf.call(chunk, value, from);
    searched += (found === -1 ? chunk.length : found) - from;
    return found;
  };
  Object.assign(chunk, { indexOf });
  return { chunk, searched: () => searched };
}

t.test('searches each byte twice, once for either kind of line end', (t) => {
  const count = 5000;
  for (const end of ['\n', '\r', '\r\n']) {
    // With none of the other kind anywhere, and then with one at the far end.
    for (const far of ['', '\n', '\r']) {
      const { chunk, searched } = counted(`x${end}`.repeat(count) + far);
      t.ok(cut([chunk]).length >= count);
      t.ok(searched() <= 2 * chunk.length, `${searched()} bytes of ${chunk.length}`);
    }
  }
  t.end();
});

t.test('cuts any array of bytes, where it lies, until it lets go of it', (t) => {
  const memory = Buffer.from('xyza\nb\nc');
  const cutter = new LineCutter();
  const line = (): string | undefined =>
    cutter.next(10) ? cutter.bytes.toString('utf8', cutter.start, cutter.end) : undefined;
  cutter.begin(new Uint8Array(memory.buffer, memory.byteOffset + 3, memory.length - 3));
  t.equal(line(), 'a');
  t.equal(cutter.bytes.buffer, memory.buffer, 'without a copy');
  t.equal(cutter.hasRest, true);
  cutter.detach();
  memory.fill(0);
  t.equal(line(), 'b', 'what was not read yet is its own by then');
  t.equal(line(), undefined);
  t.equal(cutter.hasRest, false);
  cutter.begin(Buffer.from('d\n'));
  t.equal(line(), 'cd');
  t.end();
});

t.test('forgets what it holds when it is cleared', (t) => {
  const cutter = new LineCutter();
  cutter.begin(Buffer.from('a\nb'));
  t.equal(cutter.next(10), true);
  t.equal(cutter.next(10), false);
  cutter.clear();
  t.equal(cutter.hasRest, false);
  t.equal(cutter.next(10), false);
  t.equal(cutter.bytes.length, 0);
  cutter.begin(Buffer.from('c\n'));
  t.equal(cutter.next(10), true);
  t.equal(cutter.bytes.toString('utf8', cutter.start, cutter.end), 'c');
  t.end();
});
