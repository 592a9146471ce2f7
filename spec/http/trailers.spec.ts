import { ResponseWriter } from 'barewire/http';
import t from 'tap';
import { FORBIDDEN_IN_TRAILERS } from '../../lib/http/trailers.ts';
import { request, verdict } from '../support/http-verdicts.ts';

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n';
const trailing = (lines: string, limits = {}): string =>
  verdict(request(`${HEAD}${lines}\r\n`, limits));

t.test('hands on trailer fields, each as it came', (t) => {
  const { messages } = request(`${HEAD}A: 1\r\na:  2 \r\n\r\n`);
  t.strictSame(messages[0]!.trailers, [
    ['A', '1'],
    ['a', '2'],
  ]);
  t.end();
});

t.test('refuses fields that steer a message which has been read already', (t) => {
  const names = ['transfer-encoding', 'content-length', 'host', 'trailer', 'connection', 'upgrade'];
  for (const name of [...names, 'te', 'expect', 'content-encoding', 'authorization', 'cookie']) {
    t.equal(trailing(`${name}: x\r\n`), 'forbidden-trailer', name);
    t.equal(trailing(`${name.toUpperCase()}: x\r\n`), 'forbidden-trailer', name);
  }
  t.end();
});

t.test(
  'sends nothing that it would refuse, and nothing that comes too late [9110-6.5.1-1]',
  (t) => {
    const kept: string[] = [];
    for (const name of FORBIDDEN_IN_TRAILERS) {
      const writer = new ResponseWriter({ method: 'GET', version: '1.1' }, () => 'now');
      writer.head(200, undefined, 'unknown', { keepAlive: true });
      t.throws(() => writer.end({ [name.toUpperCase()]: 'x' }), { code: 'invalid-header' }, name);
      const found = trailing(`${name}: x\r\n`);
      if (found === 'ok') kept.push(name);
      else t.equal(found, 'forbidden-trailer', name);
    }
    t.equal(FORBIDDEN_IN_TRAILERS.size - kept.length, 11);
    t.ok(['content-type', 'set-cookie', 'vary', 'date'].every((name) => kept.includes(name)));
    t.end();
  },
);

t.test(
  'keeps trailers apart from the fields of the head [9112-7.1.2-2 9112-7.1.2-3 9110-6.5.1-2]',
  (t) => {
    const [message] = request(`${HEAD}Content-Type: a/b\r\nX: y\r\n\r\n`).messages;
    const trailers = [
      ['Content-Type', 'a/b'],
      ['X', 'y'],
    ];
    t.strictSame(message!.trailers, trailers);
    t.strictSame(message!.head['headers'], [
      ['Host', 'a'],
      ['Transfer-Encoding', 'chunked'],
    ]);
    t.end();
  },
);

t.test('holds trailers to limits of their own, exactly', (t) => {
  t.equal(trailing('a: b\r\n', { maxTrailerCount: 1 }), 'ok');
  t.equal(trailing('a: b\r\nc: d\r\n', { maxTrailerCount: 1 }), 'trailers-too-large');
  t.equal(trailing('a: b\r\n', { maxTrailerBytes: 8 }), 'ok');
  t.equal(trailing('a: b\r\n', { maxTrailerBytes: 7 }), 'trailers-too-large');
  t.end();
});
