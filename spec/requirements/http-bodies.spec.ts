/** Where bodies end, rule by rule [RFC 9112 §6 – §8]. */
import { ResponseWriter } from 'barewire/http';
import t from 'tap';
import { request, response, verdict } from '../support/http-verdicts.ts';
import { get, serve } from '../support/serving.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

t.test(
  'a request has a body exactly when it says so [9112-6-1 9112-6.2-1 9112-6.3-13 9112-6.3-15]',
  (t) => {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'X']) {
      const line = `${method} / HTTP/1.1\r\nHost: a\r\n`;
      const { messages } = request(`${line}Content-Length: 4\r\n\r\nGET ${line}\r\n${NEXT}`);
      t.match(
        messages.map(({ body }) => body),
        ['GET ', '', ''],
        method,
      );
      t.match(
        messages.map(({ head }) => head['target']),
        ['/', '/', '/next'],
      );
    }
    t.end();
  },
);

t.test(
  'chunks are joined, and end where they say [9112-6.1-1 9112-6.3-6 9112-7-1 9112-7.1-1 9112-7.1-3 ' +
    '9112-7.1.1-2 9112-7.1.3-1]',
  (t) => {
    for (const name of ['chunked', 'Chunked', 'CHUNKED']) {
      const { messages, failure } = request(
        `${POST}Transfer-Encoding: ${name}\r\n\r\n` +
          `5;foo=bar;q="x;y\\""\r\nhello\r\n00001\r\n \r\nA\r\n\r\nworld!!!\r\n000;last\r\nX: y\r\n\r\n${NEXT}`,
      );
      t.equal(failure, undefined);
      t.equal(messages[0]!.body, 'hello \r\nworld!!!');
      t.strictSame(messages[0]!.trailers, [['X', 'y']]);
      t.equal(messages[1]!.head['target'], '/next');
    }
    for (const bad of [
      '0x5\r\nhello\r\n',
      '5\nhello\r\n',
      '5 \r\nhello\r\n',
      '5\r\nhello',
      '5\r\nhello\n',
      '5\r\nhellox\r\n',
      '\r\n',
      'g\r\n',
      '-1\r\n',
      '5;\r\nhello\r\n',
    ]) {
      t.match(request(`${CHUNKED}${bad}0\r\n\r\n`).failure, { status: 400 }, JSON.stringify(bad));
    }
    t.end();
  },
);

t.test('no length is rounded [9112-7.1-4 9110-8.6-11]', (t) => {
  const limits = { maxBodyBytes: Number.POSITIVE_INFINITY };
  for (const size of [
    '20000000000000',
    '20000000000001',
    'FFFFFFFFFFFFFFFF',
    `1${'0'.repeat(30)}`,
  ]) {
    const { failure } = request(`${CHUNKED}${size}\r\n`, limits);
    t.ok(failure !== undefined && [400, 413].includes(failure.status!), size);
  }
  for (const length of [
    '9007199254740992',
    '9007199254740993',
    '18446744073709551617',
    '1'.repeat(30),
  ]) {
    t.match(
      request(`${POST}Content-Length: ${length}\r\n\r\n`, limits).failure,
      { status: 413 },
      length,
    );
  }
  const most = request(`${POST}Content-Length: 9007199254740991\r\n\r\n`, limits);
  t.strictSame([most.failure, most.phase], [undefined, 'body']);
  t.end();
});

t.test('a length is digits, and there is one of them [9112-6.3-9 9110-8.6-1]', (t) => {
  for (const value of ['+5', '-5', '5 5', '0x5', '5.0', '5e0', '', '5,6', '５', 'five']) {
    t.match(
      request(`${POST}Content-Length: ${value}\r\n\r\nhello`).failure,
      { status: 400 },
      value,
    );
    const wire = `HTTP/1.1 200 OK\r\nContent-Length: ${value}\r\n\r\nhello`;
    t.not(verdict(response(wire, 'GET', true)), 'ok', value);
  }
  t.match(request(`${POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`).failure, {
    status: 400,
  });
  t.end();
});

t.test('what is cut off is incomplete [9112-6.3-14 9112-8-2 9112-8-3]', async (t) => {
  for (const body of [
    'Content-Length: 5\r\n\r\nhell',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhel',
    'Transfer-Encoding: chunked\r\n\r\n0\r\n',
  ]) {
    t.equal(verdict(response(`HTTP/1.1 200 OK\r\n${body}`, 'GET', true)), 'premature-eof', body);
  }
  const { connect, errors } = await serve(t, async (exchange) => {
    await exchange.body.bytes();
    exchange.respond(200);
  });
  const client = connect().send(`${POST}Content-Length: 5\r\n\r\nhell`);
  client.socket.end();
  t.notMatch(await client.ended(), /^HTTP\/1\.1 200/);
  t.strictSame(errors, []);
});

const SMUGGLING: readonly (readonly [fields: string, status: number])[] = [
  ['Content-Length: 5\r\nTransfer-Encoding: chunked', 400],
  ['Transfer-Encoding: chunked\r\nContent-Length: 5', 400],
  ['Content-Length: 5\r\nContent-Length: 6', 400],
  ['Content-Length: 5, 6', 400],
  ['Content-Length: x', 400],
  ['Transfer-Encoding: gzip', 400],
  ['Transfer-Encoding: chunked, gzip', 400],
  ['Transfer-Encoding: chunked, chunked', 400],
  ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 400],
  ['Transfer-Encoding: xchunked', 400],
  ['Transfer-Encoding: "chunked"', 400],
  ['Transfer-Encoding : chunked', 400],
  ['Transfer-Encoding: gzip, chunked', 501],
  ['Transfer-Encoding: x-compress, chunked', 501],
  ['Transfer-Encoding: deflate, chunked', 501],
];

t.test(
  'doubtful framing is refused, and nothing behind it is read [9112-6.1-13 9112-6.1-14 9112-6.3-4 ' +
    '9112-6.3-8 9112-6.3-10 9112-7.2-1 9112-11.2-1]',
  async (t) => {
    let calls = 0;
    const { connect } = await serve(t, (exchange) => {
      calls += 1;
      exchange.respond(200);
    });
    const old = POST.replace('1.1', '1.0');
    for (const [start, fields, status] of [
      ...SMUGGLING.map((row) => [POST, ...row] as const),
      [old, 'Transfer-Encoding: chunked', 400] as const,
      [old, 'Transfer-Encoding: chunked\r\nContent-Length: 5', 400] as const,
    ]) {
      const client = connect().send(`${start}${fields}\r\n\r\n0\r\n\r\n${get('/smuggled')}`);
      const text = await client.ended();
      t.match(text, new RegExp(`^HTTP/1\\.1 ${status} `), fields);
      t.match(text, /\r\nconnection: close\r\n/);
      t.equal(text.split('HTTP/1.1 ').length, 2, 'one answer');
    }
    t.equal(calls, 0);
  },
);

t.test('some responses end at their head, whatever it says [9112-6.3-1 9110-6-1]', (t) => {
  const fields = 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n';
  for (const [method, status] of [
    ['HEAD', 200],
    ['HEAD', 404],
    ['GET', 204],
    ['GET', 304],
  ] as const) {
    const { messages } = response(
      `HTTP/1.1 ${status} X\r\n${fields}HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx`,
      method,
    );
    t.match(
      messages.map(({ body, isComplete }) => [body, isComplete]),
      [
        ['', true],
        ['x', true],
      ],
      `${method} ${status}`,
    );
  }
  const interim = response(
    `HTTP/1.1 103 X\r\n${fields}HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx`,
  );
  t.match(
    interim.messages.map(({ body }) => body),
    ['', 'x'],
  );
  t.end();
});

t.test('a response that says nothing lasts until the end [9112-6.3-16 9112-8-4]', (t) => {
  const wire = 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 No\r\n\r\n';
  t.equal(verdict(response(wire)), 'body');
  const { messages } = response(wire, 'GET', true);
  t.match(messages, [{ body: 'HTTP/1.1 404 No\r\n\r\n', isComplete: true }]);
  t.equal(verdict(response('HTTP/1.1 200 OK\r\nX: y', 'GET', true)), 'premature-eof');
  t.end();
});

t.test('a sender frames once [9112-6.1-2 9112-6.1-4 9112-6.2-2]', (t) => {
  const write = (fields: Record<string, string | string[]>, size: 'raw' | 'unknown' | number) => {
    const writer = new ResponseWriter({ method: 'GET', version: '1.1' }, () => 'now');
    return { head: writer.head(200, fields, size, { keepAlive: true }), writer };
  };
  const refused = { code: 'invalid-header' };
  for (const value of ['chunked, chunked', ['chunked', 'gzip', 'Chunked'], 'chunked,CHUNKED']) {
    t.throws(() => write({ 'transfer-encoding': value }, 'raw'), refused, String(value));
  }
  t.throws(() => write({ 'transfer-encoding': 'chunked', 'content-length': '5' }, 'raw'), refused);
  t.throws(() => write({ 'transfer-encoding': 'chunked' }, 'unknown'), refused);
  t.equal(write({}, 'unknown').head.match(/transfer-encoding: chunked\r\n/g)?.length, 1);
  t.notMatch(write({}, 'unknown').head, /content-length/);
  t.notMatch(write({ 'content-length': '5' }, 'unknown').head, /transfer-encoding/);
  const { head, writer } = write({ 'transfer-encoding': 'gzip' }, 'raw');
  t.match(head, /\r\ntransfer-encoding: gzip\r\nconnection: close\r\n/);
  t.equal(writer.keepAlive, false);
  t.end();
});
