import { SINGLETON_FIELDS, singletonBit, UsageError } from 'barewire/base';
import { Fields, type FieldsInit, ResponseWriter } from 'barewire/http';
import t from 'tap';
import { formatFieldLines, readResponseFields } from '../../lib/http/response-fields.ts';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const head = (fields: unknown): string =>
  new ResponseWriter({ method: 'GET', version: '1.1' }, () => DATE)
    .head(200, fields as FieldsInit, 0, { keepAlive: true })
    .replace(`date: ${DATE}\r\ncontent-length: 0\r\n`, '');

t.test('takes a record, an array of pairs, and a Map', (t) => {
  const expected = 'HTTP/1.1 200 OK\r\nX-One: 1\r\nx-two: b\r\n\r\n';
  t.equal(head({ 'X-One': 1, 'x-two': 'b', gone: undefined }), expected);
  t.equal(head([['X-One', '1'], ['x-two', 'b']]), expected); // biome-ignore format: as one reads it
  t.equal(head(new Map([['X-One', '1'], ['x-two', 'b']])), expected); // biome-ignore format: same
  t.end();
});

t.test('says what is wrong with what is no fields at all', (t) => {
  for (const bad of [
    'text',
    '',
    7,
    true,
    null,
    Buffer.from('text'),
    ['ab'],
    [1],
    new Set(['ab']),
  ]) {
    t.throws(() => head(bad), { name: 'UsageError', code: 'invalid-header' });
    t.throws(() => Fields.from(bad as never), { name: 'UsageError', code: 'invalid-header' });
  }
  t.end();
});

t.test('writes one line for each value of an array', (t) => {
  t.match(head({ 'set-cookie': ['a=1', 'b=2'] }), '\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n');
  t.equal(head({ 'set-cookie': [] }), 'HTTP/1.1 200 OK\r\n\r\n');
  t.end();
});

t.test('writes names that are names of object members', (t) => {
  const fields = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}');
  t.match(head(fields), '\r\n__proto__: a\r\nconstructor: b\r\ntoString: c\r\n');
  t.equal(head(Object.create({ inherited: 'x' })), 'HTTP/1.1 200 OK\r\n\r\n');
  t.end();
});

const BAD: readonly (readonly [title: string, fields: unknown])[] = [
  ['LF in a value', { a: 'b\nc: d' }],
  ['CR in a value', { a: 'b\rc' }],
  ['CRLF in a value of an array', { a: ['b', 'c\r\n\r\nx'] }],
  ['NUL in a value', { a: '\0' }],
  ['DEL in a value', { a: '\x7f' }],
  ['a character above U+00FF in a value', { a: '\u010a' }],
  ['a lone surrogate in a value', [['a', '\ud800']]],
  ['CRLF in a name', { 'a\r\nb': 'c' }],
  ['a space in a name', { 'a b': 'c' }],
  ['a colon in a name', { 'a:': 'c' }],
  ['an empty name', { '': 'c' }],
  ['a name that is not ASCII', { ä: 'c' }],
  ['a value of null', { a: null }],
  ['a value that is an object', { a: {} }],
  ['a value that is a symbol', [['a', Symbol('x')]]],
  ['a pair without a value', [['a']]],
  ['Content-Length with a sign', { 'content-length': '+1' }],
  ['Content-Length in hex', { 'content-length': '0x1' }],
  ['Content-Length with a fraction', { 'content-length': 1.5 }],
  ['a negative Content-Length', { 'content-length': -1 }],
  ['Content-Length beyond 2^53', { 'content-length': '9007199254740993' }],
  ['two Content-Lengths', [['content-length', '0'], ['Content-Length', '1']]], // biome-ignore format: one case a line
  ['a connection option that is no token', { connection: 'close; x' }],
];

for (const [title, fields] of BAD) {
  t.test(`refuses ${title}`, (t) => {
    t.throws(() => head(fields), { name: 'UsageError', code: 'invalid-header' });
    t.end();
  });
}

t.test('refuses a second line of a field that is no list [9110-5.3-3]', (t) => {
  const refused = { name: 'UsageError', code: 'invalid-header', message: /no list/ };
  for (const name of Object.keys(SINGLETON_FIELDS)) {
    t.throws(() => head({ [name]: ['a', 'b'] }), refused, name);
    t.throws(() => head({ [name]: 'a', [name.toUpperCase()]: 'a' }), refused, name);
    t.throws(
      () =>
        head([
          [name, 'a'],
          ['x', 'y'],
          [name, 'a'],
        ]),
      refused,
      name,
    );
    t.throws(() => formatFieldLines({ [name]: ['a', 'a'] }, new Set()), refused, name);
    t.match(head({ [name]: ['a'] }), `\r\n${name}: a\r\n`);
  }
  for (const name of ['set-cookie', 'link', 'vary', 'www-authenticate', 'cache-control', 'x-any']) {
    t.match(head({ [name]: ['a', 'b'] }), `\r\n${name}: a\r\n${name}: b\r\n`);
    t.equal(formatFieldLines({ [name]: ['a', 'b'] }, new Set()), `${name}: a\r\n${name}: b\r\n`);
  }
  t.end();
});

t.test('lets every byte pass that a value may hold', (t) => {
  for (let code = 0; code <= 0xff; code += 1) {
    const isAllowed = code === 9 || (code >= 0x20 && code !== 0x7f);
    const value = `a${String.fromCharCode(code)}b`;
    if (isAllowed) t.match(head({ x: value }), `\r\nx: ${value}\r\n`);
    else t.throws(() => head({ x: value }), UsageError);
  }
  t.end();
});

t.test('keeps what the writer must agree with apart from the lines it passes on', (t) => {
  const nothing = readResponseFields(undefined);
  t.strictSame(nothing, readResponseFields({}));
  t.strictSame(nothing, readResponseFields(new Map()));
  for (const [fields, differing] of [
    [{ 'X-A': 'b' }, { lines: 'X-A: b\r\n' }],
    [{ DATE: 'now' }, { lines: 'DATE: now\r\n', hasDate: true, once: singletonBit('date') }],
    [
      { 'Content-Type': 'a/b' },
      { lines: 'Content-Type: a/b\r\n', hasContentType: true, once: singletonBit('content-type') },
    ],
    [{ Upgrade: 'x' }, { lines: 'Upgrade: x\r\n', hasUpgrade: true }],
    [{ 'CONTENT-LENGTH': 0 }, { contentLength: 0 }],
    [{ 'content-length': ['7', '7'] }, { contentLength: 7 }],
    [{ 'content-length': '9007199254740991' }, { contentLength: Number.MAX_SAFE_INTEGER }],
    [{ 'Transfer-Encoding': 'gzip, chunked' }, { transferEncoding: 'gzip, chunked' }],
    [{ 'transfer-encoding': ['gzip', 'chunked'] }, { transferEncoding: 'gzip, chunked' }],
    [{ connection: 'Close' }, { wantsClose: true }],
    [{ connection: 'keep-alive' }, {}],
    [{ connection: '' }, {}],
    [{ connection: [' , X-A ,, close', 'Upgrade,'] }, { wantsClose: true, connectionOptions: ['x-a', 'upgrade'] }], // biome-ignore format: one case a line
  ] as const) {
    t.strictSame(readResponseFields(fields), { ...nothing, ...differing });
  }
  t.end();
});

t.test('writes lines without a look at their meaning, but for the names it may not write', (t) => {
  const forbidden = new Set(['content-length', 'trailer']);
  t.equal(formatFieldLines(undefined, forbidden), '');
  t.equal(formatFieldLines({}, forbidden), '');
  t.equal(
    formatFieldLines({ Date: 'x', connection: 'a;b', n: 1, list: ['1', '2'] }, forbidden),
    'Date: x\r\nconnection: a;b\r\nn: 1\r\nlist: 1\r\nlist: 2\r\n',
  );
  for (const name of ['content-length', 'Content-Length', 'TRAILER']) {
    t.throws(() => formatFieldLines({ [name]: '1' }, forbidden), { code: 'invalid-header' });
    t.equal(formatFieldLines({ [`${name}s`]: '1' }, forbidden), `${name}s: 1\r\n`);
  }
  t.throws(() => formatFieldLines({ a: 'b\r\nc: d' }, forbidden), { code: 'invalid-header' });
  t.throws(() => formatFieldLines({ 'a\r\nb': 'c' }, forbidden), { code: 'invalid-header' });
  t.end();
});
