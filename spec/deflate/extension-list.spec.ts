import { formatExtensionList, parseExtensionList } from 'barewire/deflate';
import t from 'tap';

const READS: readonly (readonly [title: string, value: string, list: unknown])[] = [
  ['a name', 'foo', [{ name: 'foo', parameters: [] }]],
  [
    'names with parameters, with and without values',
    'foo; bar; baz=1, qux',
    [
      {
        name: 'foo',
        parameters: [
          { name: 'bar', value: undefined },
          { name: 'baz', value: '1' },
        ],
      },
      { name: 'qux', parameters: [] },
    ],
  ],
  [
    'white space around "," and ";"',
    ' \tfoo\t ; \tbar=1 \t,\t qux ',
    [
      { name: 'foo', parameters: [{ name: 'bar', value: '1' }] },
      { name: 'qux', parameters: [] },
    ],
  ],
  [
    'quoted values that say a token [6455-4.3-2 6455-9.1-2]',
    'foo; a="10"; b="\\1\\0"',
    [
      {
        name: 'foo',
        parameters: [
          { name: 'a', value: '10' },
          { name: 'b', value: '10' },
        ],
      },
    ],
  ],
  [
    'names that objects inherit',
    '__proto__; constructor=toString',
    [{ name: '__proto__', parameters: [{ name: 'constructor', value: 'toString' }] }],
  ],
  [
    'repeated names, as they stand',
    'a; b; b, a',
    [
      {
        name: 'a',
        parameters: [
          { name: 'b', value: undefined },
          { name: 'b', value: undefined },
        ],
      },
      { name: 'a', parameters: [] },
    ],
  ],
];

for (const [title, value, list] of READS) {
  t.test(`reads ${title}`, (t) => {
    t.same(parseExtensionList(value), list);
    t.end();
  });
}

const REFUSED: readonly (readonly [title: string, value: string])[] = [
  ['an empty value', ''],
  ['white space only', ' \t '],
  ['only a semicolon', ';'],
  ['an empty parameter', 'a;;b'],
  ['a parameter without a name', 'a;=1'],
  ['two names without a comma', 'a b'],
  ['an empty element', 'a,,b'],
  ['a comma in front', ',a'],
  ['a comma at the end', 'a,'],
  ['a semicolon at the end', 'a;'],
  ['white space before "="', 'a;b =1'],
  ['white space after "="', 'a;b= 1'],
  ['a missing value', 'a;b='],
  ['an empty quoted value', 'a;b=""'],
  ['an unterminated quoted value', 'a;b="c'],
  ['a backslash at the end', 'a;b="c\\'],
  ['a quoted value with a space', 'a;b="c d"'],
  ['a quoted value with an escaped space', 'a;b="c\\ d"'],
  ['a quoted value with a comma', 'a;b="c,d"'],
  ['something behind a quoted value', 'a;b="c"d'],
  ['a quoted name', '"a"'],
  ['a value for the extension itself', 'a=1'],
  ['a control character', 'a\u0000'],
  ['a byte above 7F', 'a\u00e9'],
  ['a character that only its low byte makes a letter', 'a\u0161'],
];

for (const [title, value] of REFUSED) {
  t.test(`refuses ${title} [6455-9.1-1]`, (t) => {
    t.throws(() => parseExtensionList(value), { code: 'extension-list-malformed', status: 400 });
    t.end();
  });
}

t.test('refuses more elements than the limit instead of dropping them', (t) => {
  const value = Array(64).fill('a').join(',');
  t.equal(parseExtensionList(value).length, 64);
  t.throws(() => parseExtensionList(`${value},a`), { code: 'too-many-extensions', status: 431 });
  t.equal(parseExtensionList(`${value},a`, 65).length, 65);
  t.throws(() => parseExtensionList('a', -1), { code: 'invalid-option' });
  t.end();
});

const ADVERSARIAL: readonly (readonly [title: string, piece: string])[] = [
  ['parameters', ';a'],
  ['quoted values', ';a="b"'],
  ['backslashes', ';a="\\b\\c\\d"'],
  ['white space', '; \t \t \t a'],
  ['elements', ', a'],
];

/** How many characters are looked at to read a list. */
function looksAt(value: string): number {
  const { charCodeAt } = String.prototype;
  let looks = 0;
  String.prototype.charCodeAt = function (index) {
    looks += 1;
    return charCodeAt.call(this, index);
  };
  try {
    parseExtensionList(value, value.length);
  } finally {
    String.prototype.charCodeAt = charCodeAt;
  }
  return looks;
}

for (const [title, piece] of ADVERSARIAL) {
  t.test(`looks at each character a fixed number of times: ${title}`, (t) => {
    for (const bytes of [8 * 1024, 16 * 1024, 32 * 1024]) {
      const value = `x${piece.repeat(Math.floor(bytes / piece.length))}`;
      const looks = looksAt(value);
      t.ok(looks > value.length / 2 && looks < 6 * value.length, `${looks} of ${value.length}`);
    }
    t.end();
  });
}

t.test('writes a list, and refuses to write what is no token', (t) => {
  const list = [
    { name: 'a', parameters: [{ name: 'b', value: '1' }] },
    { name: 'c', parameters: [{ name: 'd', value: undefined }] },
  ];
  t.equal(formatExtensionList(list), 'a; b=1, c; d');
  for (const name of ['', 'a b', 'a\r\nb', '"a"', 'é']) {
    t.throws(() => formatExtensionList([{ name, parameters: [] }]), { code: 'invalid-argument' });
    const parameters = [{ name: 'b', value: name }];
    t.throws(() => formatExtensionList([{ name: 'a', parameters }]), { code: 'invalid-argument' });
  }
  t.throws(() => formatExtensionList([]), { code: 'invalid-argument' });
  t.end();
});
