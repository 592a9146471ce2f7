import { UsageError } from 'barewire/base';
import { Fields } from 'barewire/http';
import t from 'tap';
import { cutValue } from '../../lib/http/fields.ts';

t.test('keeps order and case, and looks names up case-blind', (t) => {
  const fields = Fields.from([
    ['Accept', 'x'],
    ['HOST', 'a'],
    ['accept', 'y'],
  ]);
  t.equal(fields.length, 3);
  t.equal(fields.get('ACCEPT'), 'x, y');
  t.strictSame(fields.getAll('aCCept'), ['x', 'y']);
  t.equal(fields.has('host'), true);
  t.equal(fields.has('hos'), false);
  t.equal(fields.get('none'), undefined);
  t.strictSame(fields.getAll('none'), []);
  t.strictSame(
    [...fields],
    [
      ['Accept', 'x'],
      ['HOST', 'a'],
      ['accept', 'y'],
    ],
  );
  t.end();
});

t.test('knows no names of its own', (t) => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    t.equal(Fields.empty.has(name), false);
    t.equal(Fields.from([[name, 'x']]).get(name), 'x');
  }
  t.equal(({} as Record<string, unknown>)['x'], undefined);
  t.end();
});

t.test('makes one line of each value, and none of undefined', (t) => {
  const fields = Fields.from({ a: ['1', '2'], b: undefined, c: 3 });
  t.strictSame(
    [...fields],
    [
      ['a', '1'],
      ['a', '2'],
      ['c', '3'],
    ],
  );
  t.end();
});

t.test('refuses what would write another line, or none that can be read', (t) => {
  const bad: [string, unknown][] = [
    ['a b', 'x'],
    ['', 'x'],
    ['a\r\nb', 'x'],
    ['a', 'x\r\ny: z'],
    ['a', 'x\ny'],
    ['a', '\0'],
    ['a', 'ā'],
    ['a', {}],
  ];
  for (const [name, value] of bad) {
    t.throws(
      () => Fields.from([[name, value as string]]),
      UsageError,
      JSON.stringify([name, value]),
    );
  }
  t.end();
});

/** Lines as a peer sends them, and what they mean. */
const LINES: readonly (readonly [text: string, name: string, value: string])[] = [
  ['Host: a', 'Host', 'a'],
  ['Empty: ', 'Empty', ''],
  ['none:', 'none', ''],
  ['tight:a', 'tight', 'a'],
  ['wide:\t  a b \t', 'wide', 'a b'],
  ['blank: \t ', 'blank', ''],
  ['HOST: c', 'HOST', 'c'],
];

/** Fields as a reader makes them: offsets into the text of a head that stands before them. */
function scanned(lines: typeof LINES, isTidy: boolean): Fields {
  const offsets: number[] = [];
  let text = 'GET / HTTP/1.1\r\n';
  for (const [line] of lines) {
    offsets.push(text.length + line.indexOf(':'), text.length + line.length);
    text += `${line}\r\n`;
  }
  return Fields.fromScan(`${text}\r\n`, 16, offsets, isTidy);
}

t.test('shows the same lines in every way there is to look at them', (t) => {
  const tidy = LINES.filter(([text, , value]) => value !== '' && /: [a-z]$/.test(text));
  for (const [lines, fields] of [
    [LINES, scanned(LINES, false)],
    [tidy, scanned(tidy, false)],
    [tidy, scanned(tidy, true)],
    [LINES, Fields.from(LINES.map(([text, name]) => [name, text.slice(name.length + 1)] as const))],
  ] as const) {
    const expected = lines.map(([, name, value]) => [name, value]);
    t.strictSame([...fields], expected);
    const visited: string[][] = [];
    fields.forEach((name, value) => void visited.push([name, value]));
    t.strictSame(visited, expected);
    const numbered = lines.map((_, line) => [fields.nameAt(line), fields.valueAt(line)]);
    t.strictSame(numbered, expected);
    t.equal(fields.length, lines.length);
    t.equal(fields.get('hOST'), 'a, c');
    t.strictSame(fields.getAll('host'), ['a', 'c']);
  }
  t.end();
});

t.test('has no line before the first one, nor behind the last', (t) => {
  for (const fields of [Fields.empty, Fields.from({ a: 'b' }), scanned(LINES, false)]) {
    for (const line of [-1, fields.length, fields.length + 1]) {
      t.equal(fields.nameAt(line), undefined);
      t.equal(fields.valueAt(line), undefined);
    }
  }
  t.equal(Fields.fromScan('GET / HTTP/1.1\r\n\r\n', 16, [], true), Fields.empty);
  Fields.empty.forEach((name) => void t.fail(`there is no ${name}`));
  t.end();
});

t.test('takes upper for lower case in letters, and in nothing else', (t) => {
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  for (const known of ascii.filter((character) => /[-0-9A-Za-z!#$%&'*+.^_`|~]/.test(character))) {
    const fields = Fields.from({ [`a${known}`]: 'x' });
    t.strictSame(
      ascii.filter((asked) => fields.has(`A${asked}`)),
      ascii.filter((asked) => asked.toLowerCase() === known.toLowerCase()),
    );
  }
  t.end();
});

t.test('cuts a value out of its line alone, whatever stands around it', (t) => {
  const texts = [' ', '\t', 'a', '\r'];
  for (let at = 0; texts[at]!.length < 5; at += 1) {
    for (const octet of [' ', '\t', 'a', '\r']) texts.push(texts[at]! + octet);
  }
  for (const text of texts) {
    for (let colon = 0; colon < text.length; colon += 1) {
      for (let end = colon + 1; end <= text.length; end += 1) {
        const expected = text.slice(colon + 1, end).replace(/^[ \t]+|[ \t]+$/g, '');
        if (cutValue(text, colon, end) === expected) continue;
        t.fail(`${JSON.stringify(text)} from ${colon} to ${end}`);
      }
    }
  }
  t.pass('no counterexample');
  t.end();
});

t.test('looks up names only', (t) => {
  const fields = Fields.from([['a', 'b']]);
  for (const bad of [undefined, null, 1]) {
    for (const method of ['get', 'getAll', 'has'] as const) {
      t.throws(
        () => fields[method](bad as unknown as string),
        { code: 'invalid-argument' },
        method,
      );
    }
  }
  t.end();
});
