import {
  type AnsweredRequest,
  type BodySize,
  type FieldsInit,
  ResponseWriter,
} from 'barewire/http';
import t from 'tap';

type Case = readonly [
  title: string,
  request: AnsweredRequest,
  status: number,
  fields: FieldsInit | undefined,
  size: BodySize,
  framing: string,
  lines: string,
  keepAlive: boolean,
];

const GET: AnsweredRequest = { method: 'GET', version: '1.1' };
const HEAD: AnsweredRequest = { method: 'HEAD', version: '1.1' };
const CONNECT: AnsweredRequest = { method: 'CONNECT', version: '1.1' };
const OLD_GET: AnsweredRequest = { method: 'GET', version: '1.0' };
const OLD_HEAD: AnsweredRequest = { method: 'HEAD', version: '1.0' };

const CHUNKED = 'transfer-encoding: chunked\r\n';
const CLOSE = 'connection: close\r\n';
const KEEP = 'connection: keep-alive\r\n';
const length = (bytes: number): string => `content-length: ${bytes}\r\n`;

// biome-ignore format: a table is read by its columns
const CASES: readonly Case[] = [
  ['a known length', GET, 200, undefined, 5, 'length', length(5), true],
  ['an empty body', GET, 200, undefined, 0, 'length', length(0), true],
  ['an announced length', GET, 200, { 'Content-Length': 5 }, 'unknown', 'length', length(5), true],
  ['a length that is announced and known', GET, 200, { 'content-length': '5' }, 5, 'length', length(5), true],
  ['an unknown length', GET, 200, undefined, 'unknown', 'chunked', CHUNKED, true],
  ['an unknown length for HTTP/1.0', OLD_GET, 200, undefined, 'unknown', 'until-close', CLOSE, false],
  ['a known length for HTTP/1.0', OLD_GET, 200, undefined, 5, 'length', length(5) + KEEP, true],
  ['HEAD with the length of the GET', HEAD, 200, undefined, 5, 'none', length(5), true],
  ['HEAD with an announced length', HEAD, 200, { 'content-length': 5 }, 0, 'none', length(5), true],
  ['HEAD of an unknown length', HEAD, 200, undefined, 'unknown', 'none', CHUNKED, true],
  ['HEAD of an unknown length for HTTP/1.0', OLD_HEAD, 200, undefined, 'unknown', 'none', KEEP, true],
  ['204', GET, 204, undefined, 0, 'none', '', true],
  ['204 with a body that is not sent', GET, 204, undefined, 5, 'none', '', true],
  ['204 of an unknown length', GET, 204, undefined, 'unknown', 'none', '', true],
  ['205, which says that it is empty', GET, 205, undefined, 0, 'none', length(0), true],
  ['205 with a body that is not sent', GET, 205, undefined, 5, 'none', length(0), true],
  ['205 of an unknown length', OLD_GET, 205, undefined, 'unknown', 'none', length(0) + KEEP, true],
  ['205 with its length', HEAD, 205, { 'content-length': 0 }, 'unknown', 'none', length(0), true],
  ['304', GET, 304, undefined, 0, 'none', '', true],
  ['304 with the length of the 200', GET, 304, { 'content-length': 9 }, 0, 'none', length(9), true],
  ['304 of an unknown length', GET, 304, undefined, 'unknown', 'none', '', true],
  ['2xx to CONNECT', CONNECT, 200, undefined, 0, 'raw', CLOSE, false],
  ['a refusal of CONNECT', CONNECT, 403, undefined, 2, 'length', length(2), true],
  ['raw', GET, 200, undefined, 'raw', 'raw', CLOSE, false],
  ['raw with a framing of its own', GET, 200, { 'transfer-encoding': 'chunked' }, 'raw', 'raw', CHUNKED + CLOSE, false],
  ['raw with a length', GET, 200, { 'content-length': 3 }, 'raw', 'raw', length(3) + CLOSE, false],
  ['raw to HEAD, which has no body', HEAD, 200, undefined, 'raw', 'none', '', true],
  ['close, as the application asks', GET, 200, { Connection: 'Close' }, 0, 'length', length(0) + CLOSE, false],
  ['keep-alive, which the server decides', OLD_GET, 200, { connection: 'keep-alive' }, 'unknown', 'until-close', CLOSE, false],
  ['another connection option', GET, 200, { connection: 'X-Hop, close' }, 0, 'length', `${length(0)}connection: x-hop, close\r\n`, false],
  ['Upgrade, which needs its option', GET, 426, { upgrade: 'websocket' }, 0, 'length', `${length(0)}connection: upgrade\r\n`, true],
];

for (const [title, request, status, fields, size, framing, lines, keepAlive] of CASES) {
  t.test(`frames ${title}`, (t) => {
    const writer = new ResponseWriter(request, () => 'now');
    const head = writer.head(status, fields, size, { keepAlive: true });
    t.match(head, `date: now\r\n${lines}\r\n`);
    t.equal(writer.framing, framing);
    t.equal(writer.keepAlive, keepAlive);
    t.equal(writer.isEnded, framing === 'none');
    t.end();
  });
}

const REFUSED: readonly (readonly [
  title: string,
  request: AnsweredRequest,
  status: number,
  fields: FieldsInit,
  size: BodySize,
])[] = [
  ['a length that is not the one of the body', GET, 200, { 'content-length': 4 }, 5],
  ['a length of nothing for a HEAD body', HEAD, 200, { 'content-length': 4 }, 5],
  [
    'a transfer coding that the server has not applied',
    GET,
    200,
    { 'transfer-encoding': 'gzip' },
    5,
  ],
  ['a length in 205', GET, 205, { 'content-length': 5 }, 5],
  ['a length in 204', GET, 204, { 'content-length': 0 }, 0],
  ['a length in 2xx to CONNECT', CONNECT, 200, { 'content-length': 0 }, 0],
  ['a transfer coding in a raw 2xx to CONNECT', CONNECT, 200, { 'transfer-encoding': 'a' }, 'raw'],
  ['a transfer coding for HTTP/1.0', OLD_GET, 200, { 'transfer-encoding': 'chunked' }, 'raw'],
  [
    'length and coding at once',
    GET,
    200,
    { 'content-length': 1, 'transfer-encoding': 'chunked' },
    'raw',
  ],
];

for (const [title, request, status, fields, size] of REFUSED) {
  t.test(`refuses ${title}`, (t) => {
    const writer = new ResponseWriter(request, () => 'now');
    t.throws(() => writer.head(status, fields, size, { keepAlive: true }), {
      code: 'invalid-header',
    });
    t.equal(writer.hasHead, false, 'another head can be written');
    t.match(writer.head(500, undefined, 0, { keepAlive: true }), 'HTTP/1.1 500 ');
    t.end();
  });
}

t.test('refuses a size that no body has', (t) => {
  for (const size of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
    const writer = new ResponseWriter(GET, () => '');
    const head = (): string => writer.head(200, {}, size, { keepAlive: true });
    t.throws(head, { name: 'UsageError', code: 'invalid-argument' }, `${size}`);
    t.equal(writer.hasHead, false);
  }
  t.end();
});
