import { once } from 'node:events';
import { connect as netConnect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import type { BodyStream, EventStreamPeer, Exchange } from 'barewire';
import t from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { get, post, readResponse, readResponses, serve } from '../support/serving.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

const ENDINGS: readonly (readonly [name: string, end: (exchange: Exchange) => unknown])[] = [
  ['respond', (exchange) => exchange.respond(200)],
  ['stream', (exchange) => exchange.stream(200).end()],
  ['raw stream', (exchange) => exchange.stream(200, {}, { framing: 'none' }).end()],
  ['eventStream', (exchange) => exchange.eventStream().close()],
  ['accept', (exchange) => exchange.accept().terminate()],
  ['hijack', (exchange) => exchange.hijack().socket.end()],
];

const UPGRADE = get(
  '/',
  'upgrade: websocket',
  'connection: upgrade',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
);

for (const [first, end] of ENDINGS) {
  t.test(`has one ending: after ${first} the others throw`, async (t) => {
    const { connect } = await serve(t, (exchange) => {
      t.equal(exchange.ending, undefined);
      end(exchange);
      t.ok(exchange.ending);
      const code = first === 'hijack' ? 'hijacked' : 'already-answered';
      for (const [, other] of ENDINGS)
        t.throws(() => other(exchange), { name: 'UsageError', code });
      t.throws(() => exchange.earlyHints({}), { code });
    });
    const client = connect().send(UPGRADE);
    client.socket.end();
    await client.ended();
  });
}

t.test('responds with text, bytes of any kind, or nothing', async (t) => {
  const bodies: Record<string, Parameters<Exchange['respond']>> = {
    '/text': [200, {}, 'héllo'],
    '/html': [200, { 'Content-Type': 'text/html' }, '<p>'],
    '/bytes': [200, {}, Buffer.from('bytes')],
    '/view': [200, {}, new Uint16Array([0x6869])],
    '/none': [404],
    '/empty': [200, {}, ''],
  };
  const { connect } = await serve(t, (exchange) => exchange.respond(...bodies[exchange.path]!));
  const client = connect();
  for (const path of Object.keys(bodies)) client.send(get(path));
  client.socket.end();
  const [text, html, bytes, view, none, empty] = readResponses(await client.ended());
  t.match(text, { status: 200, body: Buffer.from('héllo').toString('latin1') });
  t.equal(text!.fields['content-type'], 'text/plain; charset=utf-8');
  t.equal(html!.fields['content-type'], 'text/html');
  t.match(bytes, { body: 'bytes' });
  t.equal(bytes!.fields['content-type'], undefined);
  t.match(view, { body: 'ih' });
  t.match(none, { status: 404, body: '' });
  t.equal(none!.fields['content-length'], '0');
  t.match(empty, { body: '' });
});

t.test('refuses a bad answer and lets another one be given', async (t) => {
  const { connect } = await serve(t, (exchange) => {
    t.throws(() => exchange.respond(200, { 'x-a': 'b\r\nx-c: d' }), { code: 'invalid-header' });
    t.throws(() => exchange.respond(99), { code: 'invalid-argument' });
    t.throws(() => exchange.respond(200, {}, 5 as never), { code: 'invalid-argument' });
    t.throws(() => exchange.stream(200, { 'a b': 'c' }), { code: 'invalid-header' });
    t.throws(() => exchange.eventStream({ keepAliveMs: -1 }), { code: 'invalid-option' });
    t.throws(() => exchange.accept(), { name: 'HandshakeRejected' });
    t.equal(exchange.ending, undefined);
    exchange.respond(200, {}, 'fine');
  });
  const client = connect().send(get('/'));
  t.match(readResponse(await client.until('fine')), { status: 200, body: 'fine' });
});

t.test('rejects with a text that says why', async (t) => {
  const { connect } = await serve(t, (exchange) =>
    exchange.path === '/a'
      ? exchange.reject(404)
      : exchange.reject(405, 'GET only', { allow: 'GET' }),
  );
  const client = connect().send(get('/a') + get('/b'));
  client.socket.end();
  const [plain, more] = readResponses(await client.ended());
  t.match(plain, { status: 404, body: '404 Not Found\n' });
  t.match(more, { status: 405, body: 'GET only\n', fields: { allow: 'GET' } });
});

t.test('streams chunked to HTTP/1.1 and until the end to HTTP/1.0', async (t) => {
  const { connect } = await serve(t, async (exchange) => {
    const body = exchange.stream(200, { trailer: 'x-sum' });
    t.equal(await body.write('one '), true);
    t.equal(await body.write(Buffer.from('two')), true);
    t.equal(await body.write(''), true);
    t.equal(body.end({ 'x-sum': '7' }), true);
    t.equal(body.isOpen, false);
    t.equal(await body.write('late'), false);
    t.equal(body.end(), false);
  });
  const client = connect().send(get('/'));
  const wire = await client.until('x-sum: 7');
  t.match(wire, /\r\n4\r\none \r\n3\r\ntwo\r\n0\r\nx-sum: 7\r\n\r\n$/);
  const old = connect().send('GET / HTTP/1.0\r\n\r\n');
  t.match(readResponse(await old.ended()), { body: 'one two', fields: { connection: 'close' } });
});

t.test('streams raw: what is written is what goes on the wire', async (t) => {
  const { connect } = await serve(t, async (exchange) => {
    const fields = { 'transfer-encoding': 'chunked' };
    const body = exchange.stream(200, fields, { framing: 'none' });
    await body.write('2\r\nhi\r\n');
    await body.write('0\r\n\r\n');
    body.end();
  });
  const client = connect().send(get('/') + get('/not-served'));
  const response = readResponse(await client.ended());
  t.match(response, { body: 'hi', rest: '', fields: { connection: 'close' } });
});

t.test('asks nobody for a body that is not sent', async (t) => {
  const seen: unknown[] = [];
  const { connect } = await serve(t, async (exchange) => {
    const body = exchange.stream(exchange.path === '/204' ? 204 : 200);
    seen.push(body.isOpen, await body.write('never'), body.signal.aborted, body.end());
  });
  const client = connect();
  client.send('HEAD / HTTP/1.1\r\nhost: a\r\n\r\n');
  client.send(get('/204')).socket.end();
  const wire = await client.ended();
  const head = readResponse(wire, true);
  t.equal(head.fields['transfer-encoding'], 'chunked', 'as a GET would have it');
  t.match(readResponse(head.rest), { status: 204, rest: '' });
  t.same(seen, [false, false, true, false, false, false, true, false]);
});

t.test('sends no body with 204, 205 and 304, and goes on', async (t) => {
  const { connect, errors } = await serve(t, (exchange) => {
    const status = Number(exchange.path.slice(1));
    if (status < 300) exchange.respond(status, {}, 'never');
    else exchange.reject(status);
  });
  const client = connect().send(['/204', '/205', '/304', '/404'].map((path) => get(path)).join(''));
  await client.until('404 Not Found\n');
  t.same(
    readResponses(client.text).map(({ status, body }) => [status, body]),
    [
      [204, ''],
      [205, ''],
      [304, ''],
      [404, '404 Not Found\n'],
    ],
  );
  t.same(errors, []);
});

t.test('answers HEAD as GET, without the body', async (t) => {
  const { connect } = await serve(t, (exchange) => exchange.respond(200, {}, 'four'));
  const client = connect().send('HEAD / HTTP/1.1\r\nhost: a\r\n\r\n');
  client.socket.end();
  const head = readResponse(await client.ended(), true);
  t.match(head, { status: 200, rest: '', fields: { 'content-length': '4' } });
});

t.test('holds a stream to its announced length', async (t) => {
  const { connect } = await serve(t, (exchange) => {
    const body = exchange.stream(200, { 'content-length': '4' });
    t.throws(() => body.end(), { code: 'invalid-state' });
    void body.write('four');
    t.throws(() => body.write('x'), { code: 'invalid-state' });
    body.end();
  });
  const client = connect().send(get('/'));
  t.match(readResponse(await client.until('four')), { body: 'four', rest: '' });
});

t.test('sends hints before the answer, and 100 when the body is asked for', async (t) => {
  const { connect } = await serve(t, async (exchange) => {
    exchange.earlyHints({ link: '</a.css>; rel=preload' });
    exchange.respond(200, {}, await exchange.body.text());
  });
  const client = connect();
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n');
  await client.until('HTTP/1.1 100 Continue\r\n\r\n');
  client.send('hi');
  await client.until(/hi$/);
  const [hints, go, answer] = readResponses(client.text);
  t.match(hints, { status: 103, fields: { link: '</a.css>; rel=preload' } });
  t.match(go, { status: 100 });
  t.match(answer, { status: 200, body: 'hi' });
});

t.test('does not ask for a body that nobody wants', async (t) => {
  const { connect } = await serve(t, (exchange) => exchange.reject(403));
  const client = connect();
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n');
  const [answer] = readResponses(await client.ended());
  // Whether the body follows is the client's guess, so the connection cannot go on.
  t.match(answer, { status: 403, rest: '', fields: { connection: 'close' } });
});

t.test('hands out the socket with the bytes that came behind the head', async (t) => {
  const { connect, server } = await serve(t, (exchange) => {
    const { socket, head } = exchange.hijack();
    socket.write(`you said ${head.toString()}`);
    socket.on('data', (bytes: Buffer) => socket.end(`and ${bytes.toString()}`));
  });
  const client = connect().send(`${get('/')}early`);
  await client.until('early');
  client.send('late');
  t.equal(await client.ended(), 'you said earlyand late');
  client.close();
  await eventually(() => server.stats().openConnections === 0);
  t.equal(server.stats().handedOver, 1);
});

t.test('hands out the socket after the answers to earlier requests', async (t) => {
  const { connect } = await serve(t, (exchange) => {
    if (exchange.path !== '/raw') return exchange.respond(200, {}, 'first');
    return exchange.hijack().socket.end('raw');
  });
  const client = connect().send(get('/') + get('/raw'));
  t.match(readResponse(await client.ended()), { body: 'first', rest: 'raw' });
});

t.test('runs clean-ups when the last byte has left, or never will', async (t) => {
  const seen: string[] = [];
  let stream: BodyStream | undefined;
  const { connect } = await serve(t, (exchange) => {
    exchange.onClose(({ reason }) => seen.push(`${exchange.path} ${reason} 1`));
    exchange.onClose(({ reason }) => seen.push(`${exchange.path} ${reason} 2`));
    if (exchange.path === '/ok') exchange.respond(200, {}, 'fine');
    else stream = exchange.stream(200);
  });
  const client = connect().send(get('/ok'));
  await client.until('fine');
  await eventually(() => seen.length === 2);
  t.same(seen, ['/ok completed 2', '/ok completed 1']);
  client.send(get('/gone'));
  await eventually(() => stream !== undefined);
  client.socket.resetAndDestroy();
  await eventually(() => seen.length === 4);
  t.same(seen.slice(2), ['/gone reset 2', '/gone reset 1']);
  t.equal(stream!.signal.aborted, true);
  t.equal(await stream!.write('x'), false);
  t.equal(await stream!.drained(), false);
});

t.test('never throws because a client is gone', async (t) => {
  let exchange: Exchange | undefined;
  const { connect, errors, server } = await serve(t, (asked) => {
    exchange = asked;
  });
  for (const [name, end] of ENDINGS) {
    exchange = undefined;
    const client = connect().send(UPGRADE);
    await eventually(() => exchange !== undefined);
    client.socket.resetAndDestroy();
    await eventually(() => exchange!.signal.aborted);
    t.doesNotThrow(() => end(exchange!), name);
  }
  await eventually(() => server.stats().openConnections === 0);
  t.same(errors, []);
  t.equal(server.stats().clientsGone['reset'], ENDINGS.length);
});

t.test('cuts a stream that is broken off, so that it cannot be taken for complete', async (t) => {
  const reasons: unknown[] = [];
  const { connect } = await serve(t, async (exchange) => {
    exchange.onClose(({ reason, error }) => reasons.push(reason, error));
    const body = exchange.stream(200);
    await body.write('half');
    body.flush();
    body.abort('why');
    t.equal(await body.write('x'), false);
    body.abort('again');
  });
  const client = connect().send(get('/'));
  const wire = await client.ended();
  t.notMatch(wire, /0\r\n\r\n$/);
  t.same(reasons, ['broken-off', 'why']);
});

for (const tls of [undefined, { key: PRIVATE_KEY, cert: CERTIFICATE }]) {
  const wire = tls === undefined ? 'TCP' : 'TLS';
  t.test(
    `takes no earlier answer along that waits when one is broken off, over ${wire}`,
    async (t) => {
      for (const how of ['/abort', '/throw']) {
        const reasons: unknown[] = [];
        const { port } = await serve(t, {
          tls,
          request(exchange) {
            exchange.onClose(({ reason }) => reasons.push(reason));
            if (exchange.path === '/whole') return exchange.respond(200, {}, 'whole');
            const body = exchange.stream(200);
            if (exchange.path === '/throw') throw new Error('in the same turn');
            body.abort();
          },
        });
        const to = { port, host: '127.0.0.1' };
        const client = tls === undefined ? netConnect(to) : tlsConnect({ ...to, ca: CERTIFICATE });
        client.on('error', () => undefined);
        client.write(get('/whole') + get(how));
        let text = '';
        client.on('data', (bytes: Buffer) => {
          text += bytes.toString('latin1');
        });
        await once(client, 'close');
        t.equal(readResponse(text).body, 'whole', how);
        // TLS tells only later that what it was given has left.
        if (tls === undefined) t.same(reasons.sort(), ['broken-off', 'completed']);
      }
    },
  );
}

for (const framing of ['auto', 'none'] as const) {
  t.test(`breaks off behind what a slow client has not taken, framing: ${framing}`, async (t) => {
    const reasons: unknown[] = [];
    const { server, time } = await serve(t, async (exchange) => {
      exchange.onClose(({ reason }) => reasons.push(`${exchange.path} ${reason}`));
      if (exchange.path === '/1') return exchange.respond(200, {}, 'x'.repeat(50_000));
      const body = exchange.stream(200, {}, { framing });
      await body.write('half');
      body.abort();
    });
    for (const isReading of [true, false]) {
      const [ours, theirs] = duplexPair();
      let wire = '';
      server.serve(ours);
      theirs.write(get('/1') + get('/2'));
      await eventually(() => reasons.includes('/2 broken-off'));
      if (isReading) theirs.on('data', (bytes: Buffer) => (wire += bytes.toString('latin1')));
      else time.advance(31_000);
      await eventually(() => theirs.destroyed || theirs.readableEnded);
      if (isReading) {
        const [first, ...others] = wire.split('x'.repeat(50_000));
        t.match(first, /^HTTP\/1.1 200 OK\r\n/);
        t.match(others, [/half(\r\n)?$/]);
      }
      theirs.end();
      await eventually(() => server.stats().openConnections === 0);
      const first = isReading ? '/1 completed' : '/1 write-timeout';
      t.strictSame(reasons.splice(0).sort(), [first, '/2 broken-off']);
    }
    t.equal(server.settings.wheel.length, 0, 'no deadline is left');
  });
}

t.test('resets a broken body that nothing but the end of the connection delimits', async (t) => {
  let goOn = (): void => undefined;
  const { connect } = await serve(t, async (exchange) => {
    const isRaw = exchange.path === '/raw';
    const body = exchange.stream(200, {}, { framing: isRaw ? 'none' : 'auto' });
    await body.write('half');
    await new Promise<void>((next) => {
      goOn = next;
    });
    if (exchange.path !== '/whole') throw new Error('broken');
    body.end();
  });
  for (const request of [get('/raw'), 'GET /old HTTP/1.0\r\n\r\n']) {
    const client = connect().send(request);
    await client.until('half');
    goOn();
    await client.ended();
    t.match(client.error, { code: 'ECONNRESET' });
  }
  const whole = connect().send('GET /whole HTTP/1.0\r\n\r\n');
  await whole.until('half');
  goOn();
  t.match(await whole.ended(), /half$/);
  t.equal(whole.error, undefined);
});

t.test('waits for a slow client, and goes on when it reads', async (t) => {
  const written: boolean[] = [];
  let isWaiting = false;
  const { connect } = await serve(t, async (exchange) => {
    const body = exchange.stream(200, { 'content-length': 40_000_000 });
    for (let piece = 0; piece < 40; piece += 1) {
      isWaiting = true;
      written.push(await body.write(Buffer.alloc(1_000_000)));
      isWaiting = false;
      t.ok(body.bufferedAmount < 2_000_000);
    }
    body.end();
  });
  const client = connect().send(get('/'));
  client.socket.pause();
  for (let turn = 0; turn < 200; turn += 1) await new Promise((next) => setImmediate(next));
  t.ok(isWaiting && written.length < 40, `stopped after ${written.length} pieces`);
  client.socket.resume();
  await client.untilLength(40_000_000);
  t.same(new Set(written), new Set([true]));
});

t.test('tells what the client asked', async (t) => {
  const { connect, port } = await serve(t, (exchange) => {
    t.equal(exchange.method, 'POST');
    t.equal(exchange.target, '/a%20b?x=1&x=2&y=%C3%A9');
    t.equal(exchange.path, '/a%20b');
    t.same(exchange.query.getAll('x'), ['1', '2']);
    t.equal(exchange.query.get('y'), 'é');
    t.equal(exchange.query, exchange.query);
    t.equal(exchange.version, '1.1');
    t.equal(exchange.header('X-THING'), 'a, b');
    t.equal(exchange.header('__proto__'), undefined);
    t.equal(exchange.fields.length, 4);
    t.equal(exchange.host, 'a');
    t.equal(exchange.isSecure, false);
    t.equal(exchange.wantsUpgrade, false);
    t.equal(exchange.client.address, '127.0.0.1');
    t.equal(exchange.client.port, client.socket.localPort);
    exchange.respond(200, {}, 'ok');
  });
  t.ok(port > 0);
  const client = connect();
  client.send(post('/a%20b?x=1&x=2&y=%C3%A9', '', 'x-thing: a', 'X-Thing: b'));
  await client.until('ok');
});

t.test(
  'takes the host of an absolute target for the host [9112-3.2.2-5, 9112-3.2.2-6]',
  async (t) => {
    const { connect } = await serve(t, (exchange) =>
      exchange.respond(200, {}, `${exchange.host} ${exchange.path}`),
    );
    const client = connect().send('GET http://b.example/p HTTP/1.1\r\nhost: a\r\n\r\n');
    t.match(readResponse(await client.until('/p')), { body: 'b.example /p' });
  },
);

t.test('answers 421 to a target of another scheme [9110-7.4-1, 9110-7.4-2]', async (t) => {
  const asked = 'GET https://b.example/p HTTP/1.1\r\nhost: a\r\n\r\n';
  for (const [allowAnyScheme, isSecure, status] of [
    [false, false, 421],
    [false, true, 200],
    [true, false, 200],
  ] as const) {
    const { server } = await serve(t, {
      allowAnyScheme,
      request: (exchange) => exchange.respond(200),
    });
    const [ours, theirs] = duplexPair();
    let wire = '';
    theirs.on('data', (bytes: Buffer) => {
      wire += bytes.toString('latin1');
    });
    server.serve(ours, { isSecure });
    theirs.write(asked);
    await eventually(() => wire.includes('\r\n\r\n'));
    t.equal(readResponse(wire).status, status, `${allowAnyScheme}, ${isSecure}`);
    theirs.destroy();
  }
});

t.test('never says completed of an answer that was refused or that never left', async (t) => {
  const ways: readonly (readonly [
    way: string,
    write: (done: (error?: Error) => void) => void,
    end: ((stream: Duplex) => void) | undefined,
    reason: string,
  ])[] = [
    ['refused at once', (done) => done(new Error('EPIPE')), undefined, 'reset'],
    ['refused later', (done) => setImmediate(done, new Error('EPIPE')), undefined, 'reset'],
    ['reset', () => undefined, (stream) => stream.destroy(new Error('ECONNRESET')), 'reset'],
    ['destroyed', () => undefined, (stream) => stream.destroy(), 'cut'],
  ];
  for (const isLast of [false, true]) {
    for (const [way, write, end, reason] of ways) {
      const reasons: string[] = [];
      const { server } = await serve(t, (exchange) => {
        exchange.onClose((report) => reasons.push(report.reason));
        exchange.respond(200, isLast ? { connection: 'close' } : {}, 'x'.repeat(100_000));
      });
      const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => write(done) });
      server.serve(stream);
      stream.push(get('/'));
      for (let turn = 0; turn < 10; turn += 1) await new Promise((next) => setImmediate(next));
      end?.(stream);
      await eventually(() => server.stats().openConnections === 0);
      t.same(reasons, [reason], way);
      const gone = Object.values(server.stats().clientsGone);
      t.same(gone, [1], 'and the client is counted');
    }
  }
});

t.test('cuts a client that hints are piled up for', async (t) => {
  let hints = 0;
  const reasons: string[] = [];
  const { server } = await serve(t, {
    maxBufferedBytes: 65_536,
    async request(exchange) {
      exchange.onClose(({ reason }) => reasons.push(reason));
      for (; hints < 1_000 && !exchange.signal.aborted; hints += 1) {
        exchange.earlyHints({ link: 'x'.repeat(1_000) });
        await new Promise((next) => setImmediate(next));
      }
    },
  });
  const stream = new Duplex({ read() {}, write() {} });
  server.serve(stream);
  stream.push(get('/'));
  await eventually(() => server.stats().openConnections === 0);
  t.same(reasons, ['slow-consumer']);
  t.ok(hints < 100, `${hints} hints`);
});

t.test('says what is wrong with a text in the place of fields, and can answer still', async (t) => {
  const { connect, errors } = await serve(t, (exchange) => {
    const answers = [
      () => exchange.respond(200, 'text' as never),
      () => exchange.stream(200, 'text' as never),
      () => exchange.eventStream({ fields: 'text' as never }),
      () => exchange.earlyHints('text' as never),
    ];
    for (const answer of answers) t.throws(answer, { name: 'UsageError' });
    exchange.respond(200, {}, 'fine');
  });
  await connect().send(get('/')).until('fine');
  t.same(errors, []);
});

t.test('asks for no body behind the head of an answer', async (t) => {
  const { connect } = await serve(t, async (exchange) => {
    const body = exchange.stream(200);
    const text = exchange.body.text();
    await body.write('begun ');
    await body.write(await text);
    body.end();
  });
  const client = connect();
  client.send('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n');
  await client.until('begun ');
  t.notMatch(client.text, / 100 /);
  client.send('hi');
  t.match(readResponse(await client.until('0\r\n\r\n')), { status: 200, body: 'begun hi' });
});

t.test('ends event streams, and accepts nobody, once the server closes', async (t) => {
  const seen: unknown[] = [];
  let goOn = (): void => undefined;
  const gate = new Promise<void>((next) => {
    goOn = next;
  });
  const { connect, server } = await serve(t, async (exchange) => {
    exchange.onClose(({ reason }) => seen.push([exchange.path, reason]));
    if (exchange.path === '/early') return void exchange.eventStream();
    if (exchange.path === '/held') return;
    await gate;
    if (exchange.path === '/late') exchange.eventStream().send({ data: 'last' });
    else exchange.accept();
  });
  const early = connect().send(get('/early'));
  const late = connect().send(get('/late'));
  const socket = connect().send(UPGRADE.replace('/', '/socket'));
  const held = connect().send(get('/held'));
  await early.until(':\n\n');
  await eventually(() => server.stats().requests === 4);
  const closing = server.close();
  t.equal(readResponse(await early.ended()).body, ':\n\n', 'complete');
  goOn();
  t.equal(readResponse(await late.ended()).body, ':\n\ndata: last\n\n');
  t.equal(readResponse(await socket.ended()).status, 503);
  held.socket.resetAndDestroy();
  for (const client of [early, late, socket]) client.close();
  t.same(await closing, { cut: 0 });
  await eventually(() => seen.length === 4);
  const reasons = Object.fromEntries(seen as [string, string][]);
  t.strictSame(
    ['/early', '/late', '/socket', '/held'].map((path) => reasons[path]),
    ['completed', 'completed', 'completed', 'reset'],
  );
});

t.test('event streams wait for a slow client, go on with it, or cut it', async (t) => {
  for (const slowConsumer of ['drop-oldest', 'close'] as const) {
    const reasons: string[] = [];
    let events: EventStreamPeer | undefined;
    const { connect } = await serve(t, (exchange) => {
      exchange.onClose(({ reason }) => reasons.push(reason));
      events = exchange.eventStream({ slowConsumer });
    });
    const client = connect().send(get('/'));
    await eventually(() => events !== undefined);
    client.socket.pause();
    // Until the kernel takes no more, wherever its buffers end: a larger event would be too much at
    // once, and one more behind a jam would be too many.
    while (events!.send({ data: 'x'.repeat(32_000) })) {
      await new Promise((next) => setImmediate(next));
    }
    if (slowConsumer === 'close') {
      t.equal(events!.offer({ data: 'too much' }), 'closed');
      await eventually(() => reasons.length === 1);
      t.strictSame(reasons, ['slow-consumer']);
      t.equal(events!.isOpen, false);
    } else {
      t.equal(events!.offer({ data: 'waits' }), 'queued');
      const drained = events!.drained();
      client.socket.resume();
      t.equal(await drained, true);
      await client.until('data: waits\n\n');
      events!.close();
    }
    client.close();
  }
});

t.test('an event stream ends with its client, for the reason of the client', async (t) => {
  for (const [leave, reason] of [
    ['reset', 'reset'],
    ['end', 'peer-ended'],
  ] as const) {
    const reasons: string[] = [];
    let events: EventStreamPeer | undefined;
    const { connect, server } = await serve(t, (exchange) => {
      exchange.onClose((report) => reasons.push(report.reason));
      events = exchange.eventStream();
    });
    const client = connect().send(get('/'));
    await client.until(':\n\n');
    if (leave === 'reset') client.socket.resetAndDestroy();
    else client.socket.end();
    await eventually(() => reasons.length === 1);
    t.strictSame(reasons, [reason]);
    t.equal(events!.isOpen, false);
    t.equal(events!.offer({ data: 'late' }), 'closed');
    t.equal(server.settings.wheel.length, 0, 'no heartbeat is left');
  }
});

t.test('a client that has ended its side is streamed to where that is allowed', async (t) => {
  let events: EventStreamPeer | undefined;
  let exchange: Exchange | undefined;
  const { connect } = await serve(t, {
    allowHalfOpen: true,
    request(asked) {
      exchange = asked;
      events = asked.eventStream();
    },
  });
  const client = connect().send(get('/'));
  client.socket.end();
  await client.until(':\n\n');
  await new Promise((next) => setImmediate(next));
  t.equal(exchange!.signal.aborted, false);
  events!.send({ data: 'still here' });
  events!.close();
  t.match(await client.ended(), /data: still here/);
});

t.test('breaks off what a handler leaves half done by throwing, in its own way', async (t) => {
  const reasons: Record<string, string> = {};
  const { connect, errors } = await serve(t, (exchange) => {
    exchange.onClose(({ reason }) => {
      reasons[exchange.path] = reason;
    });
    if (exchange.path === '/done') exchange.respond(200, {}, 'done');
    else if (exchange.path === '/hijack') exchange.hijack();
    else if (exchange.path === '/events') exchange.eventStream().send({ data: 'one' });
    else exchange.accept();
    throw new Error(exchange.path);
  });
  const done = connect().send(get('/done'));
  t.match(readResponse(await done.until('done')), { status: 200, body: 'done' });
  const hijacked = connect().send(get('/hijack'));
  t.equal(await hijacked.ended(), '');
  const events = connect().send(get('/events'));
  t.notMatch(await events.ended(), /0\r\n\r\n$/);
  const socket = connect().send(UPGRADE.replace('/', '/socket'));
  await socket.until('\x88\x10\x03\xf3handler failed');
  socket.close();
  await eventually(() => Object.keys(reasons).length === 4);
  t.match(reasons, { '/done': 'completed', '/events': 'broken-off', '/hijack': 'broken-off' });
  t.strictSame(
    errors.map((error) => (error as Error).message),
    ['/done', '/hijack', '/events', '/socket'],
  );
});
