/** How responses are written, rule by rule [RFC 9112 §4 – §6], [RFC 9110 §5, §6, §8, §15]. */
import {
  type AnsweredRequest,
  type BodySize,
  type FieldsInit,
  formatHttpDate,
  ResponseWriter,
} from 'barewire/http';
import t from 'tap';
import { response } from '../support/http-verdicts.ts';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const writerFor = (method = 'GET', version: AnsweredRequest['version'] = '1.1'): ResponseWriter =>
  new ResponseWriter({ method, version }, () => DATE);
const write = (
  status: number,
  fields: FieldsInit = {},
  size: BodySize = 0,
  writer = writerFor(),
): string => writer.head(status, fields, size, { keepAlive: true });
const REFUSED = { name: 'UsageError', code: 'invalid-header' };

t.test(
  'a status line has its space, and a phrase without controls [9112-4-1 9112-4-4 9112-4-6]',
  (t) => {
    t.match(write(200), /^HTTP\/1\.1 200 OK\r\n/);
    t.match(write(299), /^HTTP\/1\.1 299 \r\n/);
    const reason = (text: string): string =>
      writerFor().head(200, {}, 0, { keepAlive: true, reason: text });
    t.match(reason('ä\t all  right'), 'HTTP/1.1 200 ä\t all  right\r\n');
    for (let octet = 0; octet < 0x20; octet += 1) {
      if (octet !== 9) t.throws(() => reason(`a${String.fromCharCode(octet)}b`), REFUSED);
    }
    for (const bad of ['\x7f', '\u0100']) t.throws(() => reason(bad), REFUSED);
    t.match(response(reason('ä')).messages, [{ head: { status: 200, reason: 'ä' } }]);
    t.end();
  },
);

t.test(
  'what is written can be read again, and nothing else is written [9110-2.2-1 9112-2.2-3 9112-2.2-8 ' +
    '9112-5.1-2 9112-5.2-1 9110-5.6.3-5]',
  (t) => {
    const fields = [
      ['X-A', 'b  c'],
      ['set-cookie', 'a=b'],
      ['set-cookie', 'c=d'],
      ['Vary', ''],
    ] as const;
    const head = write(200, fields, 2);
    t.match(response(`${head}hi`).messages, [
      { head: { headers: [...fields, ['date', DATE], ['content-length', '2']] }, body: 'hi' },
    ]);
    for (const line of head.split('\r\n').slice(1, -2))
      t.match(line, /^[^\s:]+: \S*(?: {1,2}\S+)*$/, line);
    for (const bad of ['a\rb', 'a\nb', 'a\r\nb: c', 'a\r\n b', 'a\r\n\tb', 'a\0']) {
      t.throws(() => write(200, { x: bad }), REFUSED);
      t.throws(() => write(200, { [bad]: 'x' }), REFUSED);
      t.throws(() => writerFor().interim(103, { x: bad }), REFUSED);
      t.throws(() => writerFor().switchProtocols({ upgrade: 'x', y: bad }), REFUSED);
    }
    for (const name of ['x ', ' x', 'x\t', 'x:', 'x y', ''])
      t.throws(() => write(200, { [name]: 'y' }), REFUSED);
    t.end();
  },
);

t.test(
  'lists have no empty elements, and name hop-by-hop fields [9110-5.6.1.1-1 9110-7.6.1-2 9110-7.6.1-5]',
  (t) => {
    const line = (fields: FieldsInit, version: '1.0' | '1.1' = '1.1'): string | undefined =>
      /^connection: (.*)\r$/m.exec(write(200, fields, 0, writerFor('GET', version)))?.[1];
    t.equal(line({ connection: ' , X-A ,, close,' }), 'x-a, close');
    t.equal(line({ upgrade: 'x' }), 'upgrade');
    t.equal(line({ 'content-type': 'a/b', 'cache-control': 'no-store', etag: '"x"' }), undefined);
    t.equal(line({ 'cache-control': 'no-store' }, '1.0'), 'keep-alive');
    t.end();
  },
);

t.test('the version is ours, whatever the client’s is [9110-2.5-1 9110-6.2-5]', (t) => {
  for (const version of ['1.0', '1.1'] as const) {
    t.match(write(200, {}, 0, writerFor('GET', version)), /^HTTP\/1\.1 200 /);
  }
  t.match(writerFor().interim(103), /^HTTP\/1\.1 103 /);
  t.match(writerFor().switchProtocols({ upgrade: 'x' }), /^HTTP\/1\.1 101 /);
  t.end();
});

t.test('an HTTP/1.0 client gets what it knows [9112-2.3-2 9112-6.1-11 9110-15.2-1]', (t) => {
  const old = writerFor('GET', '1.0');
  for (const status of [100, 102, 103]) t.equal(old.interim(status), '');
  const head = write(200, {}, 'unknown', old);
  t.notMatch(head, /transfer-encoding/i);
  t.match(head, /\r\nconnection: close\r\n/);
  t.equal(
    old.beforeData(3) + old.afterData + old.end({ x: 'y' }),
    '',
    'neither chunks nor trailers',
  );
  const fields = { 'transfer-encoding': 'chunked' };
  t.throws(() => write(200, fields, 'raw', writerFor('GET', '1.0')), REFUSED);
  t.end();
});

const FRAMINGS: readonly FieldsInit[] = [
  { 'content-length': 5 },
  { 'transfer-encoding': 'chunked' },
];

t.test('1xx and 204 have no framing [9112-6.1-7 9110-8.6-8 9110-15.3.5-1]', (t) => {
  for (const fields of FRAMINGS) {
    t.throws(() => writerFor().interim(103, fields), REFUSED);
    t.throws(() => writerFor().switchProtocols({ upgrade: 'x', ...fields }), REFUSED);
    for (const size of [0, 5, 'unknown', 'raw'] as const)
      t.throws(() => write(204, fields, size), REFUSED);
  }
  for (const size of [0, 5, 'unknown', 'raw'] as const) {
    const writer = writerFor();
    t.notMatch(write(204, {}, size, writer), /content-length|transfer-encoding/);
    t.equal(writer.end({ x: 'y' }), '', 'no trailers');
    t.throws(() => writer.beforeData(1), { code: 'invalid-state' });
  }
  t.end();
});

t.test('2xx to CONNECT has no framing [9112-6.1-8 9110-8.6-9 9110-9.3.6-6]', (t) => {
  for (const size of [0, 5, 'unknown', 'raw'] as const) {
    for (const fields of FRAMINGS)
      t.throws(() => write(200, fields, size, writerFor('CONNECT')), REFUSED);
    t.notMatch(write(200, {}, size, writerFor('CONNECT')), /content-length|transfer-encoding/);
  }
  t.match(write(403, {}, 5, writerFor('CONNECT')), /\r\ncontent-length: 5\r\n/);
  t.end();
});

t.test(
  'HEAD, 204, 205 and 304 have no content, and no false length [9110-6.4.1-1 9110-9.3.2-1 9110-8.6-5 ' +
    '9110-8.6-7 9110-15.3.6-1]',
  (t) => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['HEAD', 404],
      ['GET', 204],
      ['GET', 205],
      ['GET', 304],
    ] as const) {
      for (const size of [0, 5, 'unknown'] as const) {
        const writer = writerFor(method);
        write(status, {}, size, writer);
        t.throws(() => writer.beforeData(1), { code: 'invalid-state' }, `${method} ${status}`);
      }
    }
    const length = (head: string): string | undefined =>
      /^content-length: (.*)\r$/m.exec(head)?.[1];
    t.equal(length(write(200, {}, 5, writerFor('HEAD'))), length(write(200, {}, 5)));
    t.equal(length(write(200, {}, 'unknown', writerFor('HEAD'))), undefined);
    t.equal(length(write(304, {}, 0)), undefined);
    t.equal(length(write(304, { 'content-length': 5 }, 0)), '5');
    t.equal(length(write(205)), '0');
    t.throws(() => write(205, { 'content-length': 5 }), REFUSED);
    t.end();
  },
);

t.test('a 304 has the fields that it is given, and a Date [9110-15.4.5-1]', (t) => {
  const fields = {
    'content-location': '/x',
    etag: '"x"',
    vary: 'a',
    'cache-control': 'no-cache',
    expires: DATE,
  };
  const head = write(304, fields);
  for (const [name, value] of Object.entries({ ...fields, date: DATE })) {
    t.match(head, `\r\n${name}: ${value}\r\n`);
  }
  t.end();
});

t.test('a date has one form, of 29 octets [9110-5.6.7-2 9110-5.6.7-3]', (t) => {
  t.equal(formatHttpDate(784_111_777_000), DATE);
  for (let day = 0; day < 20_000; day += 37) {
    const text = formatHttpDate(day * 86_400_000 + day * 1_001);
    t.match(text, /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
    t.equal(
      Math.floor(Date.parse(text) / 1000),
      Math.floor((day * 86_400_000 + day * 1_001) / 1000),
    );
  }
  t.end();
});

t.test('chunked is the only coding, asked for or not [9112-7.4-3]', (t) => {
  for (const size of [0, 5, 'unknown'] as const) {
    const coding = /^transfer-encoding: (.*)\r$/m.exec(write(200, {}, size))?.[1];
    t.equal(coding, size === 'unknown' ? 'chunked' : undefined);
  }
  t.end();
});
