import { constants } from 'node:buffer';
import type { Exchange } from 'barewire';
import { Fields, type RequestHead } from 'barewire/http';
import t from 'tap';
import { RequestBody } from '../../lib/server/request-body.ts';
import { get, post, readResponse, readResponses, serve } from '../support/serving.ts';
import { eventually, type RawClient } from '../support/sockets.ts';

const chunked = (path: string, ...chunks: readonly string[]): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n` +
  `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`;

/** Serves one way of reading, and answers with what it gave. */
async function read(
  t: Parameters<typeof serve>[0],
  how: (exchange: Exchange) => Promise<unknown>,
  request: string,
  options: { maxBodyBytes?: number } = {},
): Promise<{ status: number; body: string; errors: unknown[] }> {
  const { connect, errors } = await serve(t, {
    ...options,
    async request(exchange) {
      const got = await how(exchange);
      exchange.respond(200, {}, typeof got === 'string' ? got : JSON.stringify(got));
    },
  });
  const client = connect().send(request);
  client.socket.end();
  return { ...readResponse(await client.ended()), errors };
}

t.test('reads bytes, text and JSON, of known and of unknown length', async (t) => {
  const json = ['content-type: application/json'];
  t.equal((await read(t, ({ body }) => body.text(), post('/', 'text'))).body, 'text');
  t.equal((await read(t, ({ body }) => body.text(), chunked('/', 'te', 'x', 't'))).body, 'text');
  t.equal(
    (await read(t, ({ body }) => body.json(), post('/', '{"a": [1]}', ...json))).body,
    '{"a":[1]}',
  );
  const bytes = await read(t, async ({ body }) => [...(await body.bytes())], post('/', '\xff\x00'));
  t.equal(bytes.body, '[255,0]');
  t.equal((await read(t, ({ body }) => body.text(), get('/'))).body, '', 'also when there is none');
});

t.test('tells the length, and the trailers', async (t) => {
  const seen: unknown[] = [];
  const served = await serve(t, async (exchange) => {
    const { body } = exchange;
    seen.push(body.length, body.isComplete);
    await body.bytes();
    seen.push(body.isComplete, body.receivedBytes, body.trailers?.get('x-sum'));
    exchange.respond(200, {}, 'ok');
  });
  const client = served.connect();
  client.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n');
  client.send('0\r\nx-sum: 1\r\n\r\n');
  await client.until('ok');
  t.same(seen, [undefined, false, true, 3, '1']);
  client.send(post('/', 'four'));
  await eventually(() => seen.length === 10);
  t.same(seen.slice(5), [4, false, true, 4, undefined]);
});

t.test('reads piece by piece, at the pace of the loop', async (t) => {
  let largest = 0;
  const { connect } = await serve(t, async (exchange) => {
    let length = 0;
    for await (const piece of exchange.body) {
      largest = Math.max(largest, piece.length);
      length += piece.length;
      await new Promise((next) => setImmediate(next));
    }
    exchange.respond(200, {}, String(length));
  });
  const client = connect().send(post('/', 'x'.repeat(1_000_000)));
  t.equal(readResponse(await client.until(/\d$/)).body, '1000000');
  t.ok(largest <= 200_000, `never more than ${largest} bytes were waiting`);
});

t.test('slows a client down whose body is read slowly', async (t) => {
  let goOn = (): void => undefined;
  let length = 0;
  const { connect } = await serve(t, {
    maxBodyBytes: 100_000_000,
    async request(exchange) {
      for await (const piece of exchange.body) {
        length += piece.length;
        await new Promise<void>((next) => {
          goOn = next;
        });
      }
      exchange.respond(200, {}, 'done');
    },
  });
  const client = connect().send(post('/', ''.padEnd(30_000_000, 'x')));
  for (let turn = 0; turn < 300; turn += 1) await new Promise((next) => setImmediate(next));
  t.ok(client.socket.writableLength > 1_000_000, 'most of it is still with the client');
  const pump = setInterval(() => goOn(), 0);
  await client.until('done');
  clearInterval(pump);
  t.equal(length, 30_000_000);
});

t.test('is read once', async (t) => {
  const codes: unknown[] = [];
  const { connect } = await serve(t, async (exchange) => {
    await exchange.body.text();
    for (const again of [
      exchange.body.bytes(),
      exchange.body.json(),
      exchange.body.pieces().next(),
    ]) {
      codes.push(await again.catch(({ code }) => code));
    }
    exchange.respond(200, {}, 'ok');
  });
  await connect()
    .send(post('/', '{}', 'content-type: application/json'))
    .until('ok');
  t.same(codes, Array(3).fill('already-reading'));
});

t.test('discards what is left when the loop is left', async (t) => {
  const { connect } = await serve(t, async (exchange) => {
    for await (const piece of exchange.body) {
      exchange.respond(200, {}, piece.subarray(0, 3));
      break;
    }
    if (exchange.ending === undefined) exchange.respond(200, {}, 'next');
  });
  const client = connect().send(post('/', 'x'.repeat(150_000)) + get('/next'));
  await client.until('next');
  t.same(
    readResponses(client.text).map(({ body }) => body),
    ['xxx', 'next'],
  );
});

const FAULTS: readonly (readonly [
  title: string,
  status: number,
  code: string,
  request: string,
  how: (exchange: Exchange) => Promise<unknown>,
])[] = [
  [
    'a body that is announced too large',
    413,
    'body-too-large',
    post('/', 'x'.repeat(11)),
    ({ body }) => body.text(),
  ],
  [
    'a chunked body that becomes too large',
    413,
    'body-too-large',
    chunked('/', 'xxxxxx', 'xxxxx'),
    ({ body }) => body.text(),
  ],
  [
    'a body too large for this one call',
    413,
    'body-too-large',
    post('/', 'xxx'),
    ({ body }) => body.bytes({ maxBytes: 2 }),
  ],
  [
    'a body too large for the loop',
    413,
    'body-too-large',
    chunked('/', 'xxxxxx', 'xxxxx'),
    async ({ body }) => {
      for await (const _ of body);
    },
  ],
  [
    'JSON of another type',
    415,
    'unsupported-media-type',
    post('/', '{}'),
    ({ body }) => body.json(),
  ],
  [
    'text of another charset',
    415,
    'unsupported-media-type',
    post('/', 'x', 'content-type: a/b; charset=latin1'),
    ({ body }) => body.text(),
  ],
  [
    'JSON that is none',
    400,
    'body-not-json',
    post('/', '{', 'content-type: application/json'),
    ({ body }) => body.json(),
  ],
  ['text that is not UTF-8', 400, 'body-not-utf8', post('/', '\xff'), ({ body }) => body.text()],
  [
    'text that ends within a character',
    400,
    'body-not-utf8',
    chunked('/', 'a\xe2', '\x82'),
    ({ body }) => body.text(),
  ],
  ['half a surrogate', 400, 'body-not-utf8', post('/', '\xed\xa0\x80'), ({ body }) => body.text()],
  ['an overlong slash', 400, 'body-not-utf8', post('/', '\xc0\xaf'), ({ body }) => body.text()],
  [
    'JSON that is not UTF-8',
    400,
    'body-not-utf8',
    post('/', '"\xff"', 'content-type: application/json'),
    ({ body }) => body.json(),
  ],
  [
    'JSON that is not there',
    400,
    'body-not-json',
    post('/', '', 'content-type: application/json'),
    ({ body }) => body.json(),
  ],
  [
    'text that is compressed',
    415,
    'unsupported-content-coding',
    post('/', '\x1f\x8b', 'content-encoding: gzip'),
    ({ body }) => body.text(),
  ],
  [
    'JSON that is compressed',
    415,
    'unsupported-content-coding',
    post('/', '\x1f\x8b', 'content-encoding: br', 'content-type: application/json'),
    ({ body }) => body.json(),
  ],
  [
    'chunks that are none',
    400,
    'bad-chunk-size',
    'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nx\r\n',
    ({ body }) => body.text(),
  ],
];

for (const [title, status, code, request, how] of FAULTS) {
  t.test(`answers ${status} to ${title}, without being told`, async (t) => {
    const answer = await read(t, how, request, { maxBodyBytes: 10 });
    t.equal(answer.status, status);
    t.match(answer.body, code);
    t.same(answer.errors, [], 'it is no fault of the handler');
  });
}

t.test('may be larger than the limit of the server when the handler says so', async (t) => {
  const request = post('/', 'x'.repeat(20));
  const answer = await read(t, ({ body }) => body.text({ maxBytes: 20 }), request, {
    maxBodyBytes: 10,
  });
  t.equal(answer.body.length, 20);
});

t.test('refuses a limit that is none', async (t) => {
  const how = ({ body }: Exchange): Promise<unknown> =>
    body.bytes({ maxBytes: '5' as never }).catch(({ code }) => code);
  t.equal((await read(t, how, post('/', 'x'))).body, 'invalid-option');
});

t.test('refuses a body that is announced too large before it is sent', async (t) => {
  const { connect } = await serve(t, async (exchange) => {
    exchange.respond(200, {}, await exchange.body.text());
  });
  const client = connect();
  client.send(
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9999999\r\nexpect: 100-continue\r\n\r\n',
  );
  const responses = readResponses(await client.ended());
  t.same(
    responses.map(({ status }) => status),
    [413],
    'no 100',
  );
});

t.test('fails when the client goes away in the middle', async (t) => {
  for (const leave of [
    (client: RawClient) => client.socket.end(),
    (client: RawClient) => client.socket.resetAndDestroy(),
  ]) {
    const codes: unknown[] = [];
    const { connect, errors } = await serve(t, async (exchange) => {
      codes.push(await exchange.body.bytes().catch(({ code }) => code));
      exchange.respond(200);
    });
    const client = connect().send(post('/', 'half').slice(0, -2));
    await new Promise((next) => setImmediate(next));
    leave(client);
    await eventually(() => codes.length === 1);
    t.same(codes, ['premature-eof']);
    t.same(errors, []);
  }
});

t.test('fails when it does not come in time', async (t) => {
  let code: unknown;
  const { connect, time, server } = await serve(t, async (exchange) => {
    code = await exchange.body.bytes().catch((error) => error.code);
    exchange.respond(408, {}, 'too slow');
  });
  const client = connect().send(post('/', 'half').slice(0, -2));
  await eventually(() => server.stats().requests === 1);
  time.advance(31_000);
  await client.until('too slow');
  t.equal(code, 'body-timeout');
});

/** Ways to answer in the middle of reading; each returns what came. */
const ANSWER_EARLY: Readonly<Record<string, (exchange: Exchange) => Promise<string>>> = {
  async bytes(exchange) {
    const whole = exchange.body.bytes();
    exchange.respond(202);
    return (await whole).toString();
  },
  async text(exchange) {
    const whole = exchange.body.text();
    exchange.respond(202);
    return whole;
  },
  async 'a loop'(exchange) {
    let text = '';
    for await (const piece of exchange.body) {
      text += piece.toString();
      if (exchange.ending === undefined) exchange.respond(202);
    }
    return text;
  },
};

for (const [how, answer] of Object.entries(ANSWER_EARLY)) {
  t.test(`is read to its end when the answer is given before: ${how}`, async (t) => {
    const got: unknown[] = [];
    const { connect, errors } = await serve(t, {
      maxDrainBytes: 100,
      async request(exchange) {
        if (exchange.path === '/next') exchange.respond(200, {}, 'next');
        else got.push(await answer(exchange));
      },
    });
    const body = 'first'.padEnd(200_000, ' and the rest');
    const client = connect().send(post('/', body).slice(0, -body.length + 5));
    await client.until('202');
    client.send(body.slice(5) + get('/next'));
    await client.until('next');
    t.same(got, [body], 'not a part of it, as if that were all');
    t.same(errors, []);
  });

  t.test(`keeps its limit and its deadline when the answer is given before: ${how}`, async (t) => {
    const codes: unknown[] = [];
    const { connect, time, server } = await serve(t, {
      maxDrainBytes: 1_000,
      request: (exchange) => answer(exchange).catch((error) => void codes.push(error.code)),
    });
    const slow = connect().send(post('/', 'slow').slice(0, -2));
    await slow.until('202');
    time.advance(31_000);
    await slow.ended();
    t.same(codes, ['body-timeout']);
    const large = connect();
    large.send('POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n');
    await large.until('202');
    large.send(`200000\r\n${'x'.repeat(0x20_0000)}`);
    await large.ended();
    t.same(codes.slice(1), ['body-too-large']);
    const gone = connect().send(post('/', 'half').slice(0, -2));
    await gone.until('202');
    gone.socket.end();
    await eventually(() => codes.length === 3);
    t.same(codes.slice(2), ['premature-eof']);
    for (const client of [slow, large, gone]) client.close();
    await eventually(() => server.stats().openConnections === 0);
  });
}

t.test('reads a whole body that was waiting for a handler that came late', async (t) => {
  let read = (): void => undefined;
  const { connect, server } = await serve(t, async (exchange) => {
    await new Promise<void>((next) => {
      read = next;
    });
    exchange.respond(200, {}, `${(await exchange.body.bytes()).length} bytes`);
  });
  const client = connect().send(post('/', 'x'.repeat(1_000_000)));
  await eventually(() => server.stats().requests === 1);
  // More than is read ahead is there, and more than makes a reader of pieces pause.
  for (let turn = 0; turn < 50; turn += 1) await new Promise((next) => setImmediate(next));
  read();
  await eventually(() => client.text.includes('1000000 bytes'));
  t.equal(readResponse(client.text).status, 200);
});

t.test('drains what a loop has left behind its answer', async (t) => {
  let goOn = (): void => undefined;
  const { connect } = await serve(t, async (exchange) => {
    if (exchange.path === '/next') return exchange.respond(200, {}, 'next');
    for await (const _ of exchange.body) {
      exchange.respond(202);
      await new Promise<void>((next) => {
        goOn = next;
      });
      break;
    }
  });
  const client = connect().send(post('/', 'half').slice(0, -2));
  await client.until('202');
  goOn();
  client.send(`lf${get('/next')}`);
  t.match(await client.until('next'), /202[\s\S]*200/);
});

t.test('fails when the connection ends with the answer before it was read', async (t) => {
  let code: unknown;
  const { connect } = await serve(t, (exchange) => {
    void exchange.body.text().catch((error) => {
      code = error.code;
    });
    exchange.respond(200, { connection: 'close' }, 'ok');
  });
  const client = connect().send(post('/', 'half').slice(0, -2));
  await client.ended();
  t.equal(code, 'premature-eof');
});

t.test('refuses a whole body that cannot be held, and does not fall over it', async (t) => {
  const asked: string[] = [];
  const source = {
    wantBody: () => void asked.push('want'),
    pauseBody: () => void asked.push('pause'),
    leaveBody: () => void asked.push('leave'),
  };
  const make = (framing: RequestHead['framing']): RequestBody =>
    new RequestBody({ fields: Fields.empty, framing } as RequestHead, source, 1_000);
  const chunked = make({ kind: 'chunked' });
  const whole = chunked.bytes({ maxBytes: Number.POSITIVE_INFINITY });
  // More than any buffer can have; a queue that tries to make room for it throws.
  chunked.push({ length: 2 ** 52 } as Buffer);
  await t.rejects(whole, { code: 'body-too-large', status: 413 });
  t.same(asked, ['want', 'leave']);
  if (constants.MAX_LENGTH === Number.MAX_SAFE_INTEGER) return;
  const announced = make({ kind: 'length', length: constants.MAX_LENGTH + 1 });
  const told = announced.bytes({ maxBytes: Number.POSITIVE_INFINITY });
  await t.rejects(told, { code: 'body-too-large' });
  const pieces = make({ kind: 'length', length: constants.MAX_LENGTH + 1 });
  const loop = pieces.pieces({ maxBytes: Number.POSITIVE_INFINITY });
  void loop.next();
  t.equal(pieces.hasFailed, false, 'piece by piece it can be read');
});
