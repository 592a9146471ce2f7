/**
 * What heads have broken elsewhere: readers that begin again with every read, fields that vanish,
 * names with a past, injected lines, upgrades that pass fewer checks than requests.
 */
import type { Exchange, ServerOptions } from 'barewire';
import { type HttpLimitOptions, RequestReader } from 'barewire/http';
import t from 'tap';
import { get, readResponse, readResponses, type Served, serve } from '../support/serving.ts';

const UPGRADE = [
  'upgrade: websocket',
  'connection: upgrade',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
];

// ── many reads ───────────────────────────────────────────────────────────────────────────────

const HALF_MEGABYTE = 2 ** 19;
const NO_LIMITS: HttpLimitOptions = {
  maxTargetBytes: Number.POSITIVE_INFINITY,
  maxHeaderBytes: Number.POSITIVE_INFINITY,
  maxHeaderCount: Number.POSITIVE_INFINITY,
  maxTrailerBytes: Number.POSITIVE_INFINITY,
  maxTrailerCount: Number.POSITIVE_INFINITY,
  maxChunkExtBytes: Number.POSITIVE_INFINITY,
};
const CHUNKED = 'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';

/**
 * A reader that begins again with every read needs hours for these; `http/head-scan.spec.ts` counts
 * what is read.
 */
const LONG: readonly (readonly [what: string, bytes: string])[] = [
  ['an origin-form target', `GET /${'a'.repeat(HALF_MEGABYTE)} HTTP/1.1\r\nhost: a\r\n\r\n`],
  ['an absolute target', `GET http://a/${'a'.repeat(HALF_MEGABYTE)} HTTP/1.1\r\nhost: a\r\n\r\n`],
  ['a value', get('/', `x: ${'a'.repeat(HALF_MEGABYTE)}`)],
  ['short fields', get('/', `${'x:\r\n'.repeat(HALF_MEGABYTE / 4)}x:`)],
  ['trailers', `${CHUNKED}0\r\n${'x:\r\n'.repeat(HALF_MEGABYTE / 4)}\r\n`],
  ['a chunk extension', `${CHUNKED}1;${'a'.repeat(HALF_MEGABYTE)}\r\na\r\n0\r\n\r\n`],
];

for (const [what, text] of LONG) {
  t.test(`half a megabyte of ${what} is read byte by byte in linear time`, (t) => {
    let ended = 0;
    const reader = new RequestReader(
      {
        head() {},
        body() {},
        end() {
          ended += 1;
        },
        failed: (error) => t.fail(error.code),
      },
      NO_LIMITS,
    );
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; at += 1) reader.receive(bytes.subarray(at, at + 1));
    t.equal(ended, 1);
    t.end();
  });
}

// ── fields ───────────────────────────────────────────────────────────────────────────────────

t.test('a field too many is refused with 431, and none is dropped', async (t) => {
  const { connect } = await serve(t, (exchange) =>
    exchange.respond(200, {}, String(exchange.fields.length)),
  );
  // The last one allowed decides about the connection: dropping it would be seen.
  const fields = [...Array(126).fill('x: y'), 'connection: close'];
  const allowed = readResponse(
    await connect()
      .send(get('/', ...fields))
      .ended(),
  );
  t.match(allowed, { status: 200, body: '128', fields: { connection: 'close' } });
  const refused = readResponse(
    await connect()
      .send(get('/', 'x: y', ...fields))
      .ended(),
  );
  t.equal(refused.status, 431);
});

t.test('names that objects inherit are absent until they are sent', async (t) => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'];
  const { connect } = await serve(t, (exchange) => {
    const found = names.map((name) => [exchange.header(name), exchange.query.get(name)]);
    exchange.respond(200, {}, JSON.stringify(found));
  });
  const client = connect().send(
    get('/') + get('/?__proto__=1&toString=2', '__proto__: 3', 'CONSTRUCTOR: 4', '__PROTO__: 5'),
  );
  await client.until(/\]\][\s\S]*\]\]/);
  const [absent, present] = readResponses(client.text).map(({ body }) => JSON.parse(body));
  t.same(absent, Array(4).fill([null, null]));
  t.same(present, [
    ['3, 5', '1'],
    ['4', null],
    [null, null],
    [null, '2'],
  ]);
  t.same(Object.keys(Object.prototype), []);
});

const EVIL = ['a\r\nx: y', 'a\nx: y', 'a\rx', 'a\0', 'a\u010d\u010a', 'a\r\n\r\nHTTP/1.1 200 OK'];

/** Every way in which text of an application comes to stand in a head. */
const WAYS: Readonly<Record<string, (exchange: Exchange, evil: string) => unknown>> = {
  'a value': (exchange, evil) => exchange.respond(200, { x: evil }),
  'a name': (exchange, evil) => exchange.respond(200, { [evil]: 'x' }),
  'a value of several': (exchange, evil) => exchange.respond(200, { 'set-cookie': ['a=b', evil] }),
  'a pair': (exchange, evil) => exchange.respond(200, [['x', evil]]),
  'the type': (exchange, evil) => exchange.respond(200, { 'content-type': evil }, 'x'),
  'the date': (exchange, evil) => exchange.respond(200, { date: evil }),
  'a connection option': (exchange, evil) => exchange.respond(200, { connection: evil }),
  'the length': (exchange, evil) => exchange.respond(200, { 'content-length': evil }, 'x'),
  'a coding': (exchange, evil) =>
    exchange.stream(200, { 'transfer-encoding': evil }, { framing: 'none' }),
  'a field of a refusal': (exchange, evil) => exchange.reject(404, 'x', { x: evil }),
  'a hint': (exchange, evil) => exchange.earlyHints({ link: evil }),
  'a field of a stream': (exchange, evil) => exchange.stream(200, { x: evil }),
  'a field of an event stream': (exchange, evil) => exchange.eventStream({ fields: { x: evil } }),
  'a field of a handshake': (exchange, evil) => exchange.accept({ headers: [['x', evil]] }),
  'a name in a handshake': (exchange, evil) => exchange.accept({ headers: [[evil, 'x']] }),
  'a subprotocol': (exchange, evil) => exchange.accept({ protocol: evil }),
};

for (const [way, answer] of Object.entries(WAYS)) {
  t.test(`${way} cannot inject a line, and nothing of it is sent`, async (t) => {
    const codes: unknown[] = [];
    const { connect } = await serve(t, (exchange) => {
      try {
        answer(exchange, EVIL[Number(exchange.path.slice(1))]!);
        // What comes of it is anybody's guess: the client must not be waited for.
        t.fail(`${way} was taken`);
      } catch (error) {
        codes.push((error as { code?: unknown }).code);
        exchange.respond(200, {}, 'clean');
      }
    });
    const client = connect();
    for (const [index] of EVIL.entries()) {
      client.send(get(`/${index}`, ...UPGRADE, 'sec-websocket-protocol: a'));
      await client.untilLength(client.byteLength + 1);
    }
    await client.until(new RegExp(`(clean[^]*){${EVIL.length}}`));
    t.equal(codes.length, EVIL.length);
    t.ok(codes.every((code) => code === 'invalid-header' || code === 'invalid-argument'));
    t.ok(readResponses(client.text).every(({ body }) => body === 'clean'));
    t.notMatch(client.text, /x: y/);
  });
}

t.test('trailers cannot inject a line, and the body goes on', async (t) => {
  const { connect } = await serve(t, (exchange) => {
    const body = exchange.stream(200);
    for (const evil of EVIL) {
      t.throws(() => body.end({ x: evil }), { code: 'invalid-header' });
      t.throws(() => body.end({ [evil]: 'x' }), { code: 'invalid-header' });
    }
    void body.write('clean');
    body.end({ 'x-sum': '1' });
  });
  const client = connect().send(get('/', 'connection: close'));
  t.match(await client.ended(), /\r\n\r\n5\r\nclean\r\n0\r\nx-sum: 1\r\n\r\n$/);
});

// ── upgrades ─────────────────────────────────────────────────────────────────────────────────

const withoutHost = get('/').replace('host: a\r\n', '');
const upgrading = (head: string): string =>
  head.replace(/\r\n\r\n$/, `\r\n${UPGRADE.join('\r\n')}\r\n\r\n`);

/** Heads that are refused, whatever they ask for. */
const WRONG: readonly (readonly [what: string, head: string, status: number])[] = [
  ['no Host', withoutHost, 400],
  ['two Hosts', get('/', 'host: b'), 400],
  ['a Host that is none', withoutHost.replace('\r\n\r\n', '\r\nhost: a/b\r\n\r\n'), 400],
  ['a bad target', get('x'), 400],
  ['a bare LF', get('/', 'x: y\nz: a'), 400],
  ['a bare CR', get('/', 'x: y\rz'), 400],
  ['a fold', get('/', 'x: y\r\n z'), 400],
  ['a NUL', get('/', 'x: \0'), 400],
  ['a space before a colon', get('/', 'x : y'), 400],
  ['two lengths', get('/', 'content-length: 0', 'content-length: 0'), 400],
  ['a length that is none', get('/', 'content-length: +0'), 400],
  ['a length and a coding', get('/', 'content-length: 0', 'transfer-encoding: chunked'), 400],
  ['an unknown coding', get('/', 'transfer-encoding: gzip, chunked'), 501],
  ['an unknown expectation', get('/', 'expect: x'), 417],
  ['an unknown version', get('/').replace('1.1', '1.2'), 505],
  ['too many fields', get('/', ...Array(128).fill('x: y')), 431],
  ['a head that is too long', get('/', `x: ${'y'.repeat(20_000)}`), 431],
  ['a target that is too long', get(`/${'x'.repeat(10_000)}`), 414],
];

const SERVERS: Readonly<Record<string, (onAsked: () => void) => ServerOptions>> = {
  'the route for WebSockets': (onAsked) => ({ websocket: { accept: onAsked } }),
  'a handler': (onAsked) => ({
    request: (exchange) => {
      onAsked();
      exchange.accept();
    },
  }),
};

for (const [where, optionsOf] of Object.entries(SERVERS)) {
  t.test(`an upgrade passes every check of a request before ${where} is asked`, async (t) => {
    let asked = 0;
    const served: Served = await serve(
      t,
      optionsOf(() => {
        asked += 1;
        // Behind a 101 the client would wait for an end that does not come.
        if (asked > 1) t.fail('a wrong head was asked about');
      }),
    );
    const good = served.connect().send(upgrading(get('/')));
    await good.until('101 Switching Protocols');
    t.equal(asked, 1);
    for (const [what, head, status] of WRONG) {
      const answer = readResponse(await served.connect().send(upgrading(head)).ended());
      t.equal(answer.status, status, what);
    }
    t.equal(asked, 1);
  });
}

t.test('bytes behind an upgrade are frames after 101, and a request after a refusal', async (t) => {
  const paths: string[] = [];
  const { connect, server } = await serve(t, {
    request(exchange) {
      paths.push(exchange.path);
      exchange.respond(200, {}, 'request');
    },
    websocket: {
      accept: (exchange) => (exchange.path === '/no' ? exchange.reject(403) : undefined),
    },
  });
  const next = get('/smuggled');
  const refused = connect().send(upgrading(get('/no')) + next);
  t.match(await refused.until(/request$/), /^HTTP\/1\.1 403 /);
  t.same(paths, ['/smuggled']);
  const accepted = connect().send(upgrading(get('/yes')) + next);
  // "G" is no frame of a client: it is not masked.
  const [head, frames] = (await accepted.ended()).split('\r\n\r\n');
  t.match(head, /^HTTP\/1\.1 101 /);
  t.match(
    Buffer.from(frames!, 'latin1').subarray(0, 4),
    Buffer.of(0x88, frames!.length - 2, 3, 0xea),
  );
  t.same(paths, ['/smuggled'], 'it was not read as a request');
  t.equal(server.stats().requests, 3);
});
