/** Types and their parameters, quoted or not [RFC 9110 §8.3.1]. */
import { parseMediaType } from 'barewire/http';
import t from 'tap';

t.test('reads a type and its parameters, in lower case but for the values [9110-5.6.3-6]', (t) => {
  for (const [value, essence, parameters] of [
    ['text/plain', 'text/plain', []],
    [' Text/HTML ', 'text/html', []],
    ['a/b;c=d', 'a/b', [['c', 'd']]],
    [
      'a/b ;\t C=D;c=E',
      'a/b',
      [
        ['c', 'D'],
        ['c', 'E'],
      ],
    ],
    ['a/b; ;c=d;', 'a/b', [['c', 'd']]],
    ['a/b; c = d ', 'a/b', [['c', 'd']]],
    ["!#$/%&'*+; .^_`|~-=x", "!#$/%&'*+", [['.^_`|~-', 'x']]],
  ] as const) {
    t.strictSame(parseMediaType(value), { essence, parameters }, value);
  }
  t.end();
});

t.test('takes what is quoted for one value, octet by octet [9110-5.6.4-1]', (t) => {
  for (const [quoted, value] of [
    ['""', ''],
    ['"; charset=utf-16"', '; charset=utf-16'],
    ['"a\\"; b=\\"c"', 'a"; b="c'],
    ['"\\\\"', '\\'],
    ['"\\a\\ \\\t"', 'a \t'],
    ['"ÿ,/"', 'ÿ,/'],
  ] as const) {
    const expected = {
      essence: 'a/b',
      parameters: [
        ['x', value],
        ['y', 'z'],
      ],
    };
    t.strictSame(parseMediaType(`a/b; x=${quoted}; y=z`), expected, quoted);
  }
  t.end();
});

t.test('reads nothing into what is no media type', (t) => {
  const none = ['', ' ', 'a', 'a/', '/b', 'a b', 'a/b/c', 'a /b', 'a/b c', 'a/b, c/d', 'a/b;c'];
  const odd = ['a/b;=d', 'a/b;c=', 'a/b;c="d', 'a/b;c="d\\"', 'a/b;c="d"e', 'a/b;c=d e', 'ä/b'];
  for (const value of [...none, ...odd, 'a/b;c=\u010a', 'a/b;c="\n"', 'a/b;c="\\\n"']) {
    t.equal(parseMediaType(value), undefined, JSON.stringify(value));
  }
  t.end();
});

t.test('takes time in proportion to a hostile value', (t) => {
  // In proportion to its square it would take hours, and the runner would end it.
  const values = [
    `a/b${' ;'.repeat(1_000_000)}!`,
    `a/b;${' '.repeat(2_000_000)}`,
    `a/b;x="${'\\"'.repeat(1_000_000)}`,
    `a/b${';x="'.repeat(500_000)}`,
    `a/b;${'x'.repeat(2_000_000)}`,
  ];
  for (const value of values) {
    const type = parseMediaType(value);
    t.ok(type === undefined || type.essence === 'a/b');
  }
  t.end();
});
