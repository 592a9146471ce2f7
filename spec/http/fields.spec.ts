import { UsageError } from 'barewire/base';
import { Fields } from 'barewire/http';
import t from 'tap';

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
