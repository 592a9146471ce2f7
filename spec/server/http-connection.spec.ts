import { Duplex } from 'node:stream';
import type { BodyStream, Exchange } from 'barewire';
import { RequestReader } from 'barewire/http';
import t from 'tap';
import { askedAndGone, get, post, readResponse, readResponses, serve } from '../support/serving.ts';
import { duplexPair, eventually, type RawClient } from '../support/sockets.ts';

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((next) => setImmediate(next));
}

t.test('answers pipelined requests in order, however slow they are [9112-9.3.2-3]', async (t) => {
  const waiting: Exchange[] = [];
  const { connect } = await serve(t, (exchange) => {
    waiting.push(exchange);
  });
  const client = connect().send(get('/1') + get('/2') + get('/3'));
  for (const expected of ['/1', '/2', '/3']) {
    await eventually(() => waiting.length > 0);
    await new Promise((next) => setImmediate(next));
    t.equal(waiting.length, 1, 'one at a time');
    const exchange = waiting.pop()!;
    t.equal(exchange.path, expected);
    exchange.respond(200, {}, exchange.path);
  }
  await client.until('/3');
  t.same(
    readResponses(client.text).map(({ body }) => body),
    ['/1', '/2', '/3'],
  );
});

t.test('answers thousands of pipelined requests from one read', async (t) => {
  const { connect } = await serve(t, (exchange) => exchange.respond(200, {}, exchange.path));
  const client = connect();
  let flood = '';
  for (let index = 0; index < 3000; index += 1) flood += get(`/${index}`);
  client.send(flood);
  await client.until(/\/2999$/);
  const bodies = readResponses(client.text).map(({ body }) => body);
  t.equal(bodies.length, 3000);
  t.ok(bodies.every((body, index) => body === `/${index}`));
});

t.test('gives the error last, after the answers to what came before it', async (t) => {
  const { connect, server } = await serve(t, async (exchange) => {
    await new Promise((next) => setImmediate(next));
    exchange.respond(200, {}, exchange.path);
  });
  const client = connect().send(`${get('/1')}${get('/2')}BAD\r\n\r\n${get('/3')}`);
  const [first, second, error, ...more] = readResponses(await client.ended());
  t.same([first?.body, second?.body], ['/1', '/2']);
  t.match(error, { status: 400, fields: { connection: 'close' } });
  t.same(more, []);
  t.equal(server.stats().requests, 2);
  t.same(server.stats().violations, { 'bad-method': 1 });
});

const PERSISTENCE = '9112-9.3-2 9112-9.3-3 9112-9.3-4 9112-9.6-4 9112-9.6-6';
t.test(`keeps the connection for 1.1 and for 1.0 that asks for it [${PERSISTENCE}]`, async (t) => {
  const { connect } = await serve(t, (exchange) => exchange.respond(200, {}, 'x'));
  const old = 'GET / HTTP/1.0\r\n';
  const cases: readonly (readonly [
    request: string,
    answers: number,
    connection: string | undefined,
  ])[] = [
    [get('/'), 2, undefined],
    [get('/', 'connection: close'), 1, 'close'],
    [get('/', 'connection: x, CLOSE'), 1, 'close'],
    [`${old}\r\n`, 1, 'close'],
    [`${old}connection: keep-alive\r\n\r\n`, 2, 'keep-alive'],
    [`${old}connection: keep-alive, close\r\n\r\n`, 1, 'close'],
  ];
  for (const [request, answers, connection] of cases) {
    const client = connect().send(request + request);
    await client.until(/x$/);
    if (answers === 1) await client.ended();
    else await client.until(/x[\s\S]*x$/);
    const responses = readResponses(client.text);
    t.equal(responses.length, answers, request);
    t.equal(responses[0]?.fields['connection'], connection);
  }
});

t.test('says close on the last answer it gives, and closes [9112-9.6-7 9112-9.6-8]', async (t) => {
  const options = {
    maxRequestsPerConnection: 2,
    request: (exchange: Exchange) => exchange.respond(200, {}, 'x'),
  };
  const { connect, server } = await serve(t, options);
  const client = connect().send(get('/') + get('/') + get('/'));
  const responses = readResponses(await client.ended());
  t.same(
    responses.map(({ fields }) => fields['connection']),
    [undefined, 'close'],
  );
  t.equal(server.stats().requests, 2);
});

t.test('closes when the handler asks for it', async (t) => {
  const { connect } = await serve(t, (exchange) => exchange.respond(200, { connection: 'close' }));
  t.equal(
    readResponses(
      await connect()
        .send(get('/') + get('/'))
        .ended(),
    ).length,
    1,
  );
});

t.test('reads nothing behind a CONNECT that it refuses', async (t) => {
  const { connect, server } = await serve(t, (exchange) => exchange.reject(403));
  const client = connect().send(
    `CONNECT b:443 HTTP/1.1\r\nhost: b:443\r\n\r\n${get('/tunnelled')}`,
  );
  t.match(readResponses(await client.ended()), [{ status: 403, fields: { connection: 'close' } }]);
  t.equal(server.stats().requests, 1);
});

t.test('reads and throws away a body that nobody wanted, and goes on', async (t) => {
  const { connect } = await serve(t, (exchange) => exchange.respond(200, {}, exchange.path));
  const client = connect();
  client.send(post('/1', 'x'.repeat(10_000)) + get('/2'));
  await client.until('/2');
  const chunked = 'POST /3 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
  client.send(`${chunked}5\r\nhello\r\n0\r\n\r\n${get('/4')}`);
  await client.until('/4');
  t.same(
    readResponses(client.text).map(({ body }) => body),
    ['/1', '/2', '/3', '/4'],
  );
});

t.test('closes instead of reading a body larger than it cares for [9112-9.3-8]', async (t) => {
  const { connect, server } = await serve(t, {
    maxDrainBytes: 1_000,
    request: (exchange) => exchange.respond(200, {}, exchange.path),
  });
  const announced = connect().send(post('/length', 'x'.repeat(5_000)) + get('/never'));
  t.match(readResponses(await announced.ended()), [
    { body: '/length', fields: { connection: 'close' } },
  ]);
  const chunked = connect();
  chunked.send('POST /chunked HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
  await chunked.until('/chunked');
  t.equal(readResponse(chunked.text).fields['connection'], undefined, 'nobody could know');
  chunked.send(`1388\r\n${'x'.repeat(5_000)}\r\n0\r\n\r\n${get('/never')}`);
  t.equal(readResponses(await chunked.ended()).length, 1);
  t.equal(server.stats().requests, 2);
});

t.test('reads as much of an unwanted body as it cares for, and answers what follows', async (t) => {
  const { connect } = await serve(t, {
    maxDrainBytes: 1_000,
    request: (exchange) => exchange.respond(200, {}, exchange.path),
  });
  const client = connect().send(post('/length', 'x'.repeat(1_000)) + get('/next'));
  t.equal(readResponses(await client.until('/next')).length, 2);
});

t.test('answers a client that has ended its side [9112-9.6-12]', async (t) => {
  const { connect, server } = await serve(t, async (exchange) => {
    await new Promise((heard) => exchange.signal.addEventListener('abort', heard));
    exchange.respond(200, {}, 'still here');
  });
  const client = connect().send(get('/'));
  client.socket.end();
  t.match(readResponse(await client.ended()), {
    body: 'still here',
    fields: { connection: 'close' },
  });
  await eventually(() => server.stats().openConnections === 0);
});

t.test('does not wait for ever for an answer to a client that has ended its side', async (t) => {
  const reasons: string[] = [];
  const { connect, server, time } = await serve(t, (exchange) => {
    exchange.onClose(({ reason }) => reasons.push(reason));
    exchange.signal.addEventListener('abort', () => reasons.push('aborted'));
  });
  const client = connect().send(get('/'));
  client.socket.end();
  await eventually(() => reasons.length === 1);
  t.same(reasons, ['aborted'], 'the handler knows at once');
  time.advance(29_000);
  t.same(reasons, ['aborted'], 'it takes as long as it may, and not as long as lingering');
  time.advance(2_000);
  await eventually(() => server.stats().openConnections === 0);
  t.same(reasons, ['aborted', 'peer-ended']);
});

t.test(
  'is not held by a handler that stops reading what a client has sent that ended',
  async (t) => {
    const reasons: unknown[] = [];
    let isPaused = false;
    const { connect, time } = await serve(t, {
      maxUnreadBytes: 1_000_000,
      async request(exchange) {
        exchange.onClose(({ reason }) => reasons.push(reason));
        await new Promise((heard) => exchange.signal.addEventListener('abort', heard));
        for await (const _ of exchange.body) {
          isPaused = true;
          await new Promise(() => undefined);
        }
      },
    });
    const client = connect().send(post('/', 'x'.repeat(400_000)));
    client.socket.end();
    await eventually(() => isPaused);
    time.advance(29_000);
    t.same(reasons, []);
    time.advance(2_000);
    await eventually(() => reasons.length === 1);
    t.same(reasons, ['peer-ended']);
  },
);

t.test('is not held by a handler that has answered and does not read on', async (t) => {
  for (const when of ['before', 'after'] as const) {
    let code: unknown;
    const ends: (() => void)[] = [];
    const { connect, server, time } = await serve(t, {
      maxBodyBytes: 10_000_000,
      async request(exchange) {
        try {
          for await (const _ of exchange.body) {
            if (when === 'before') exchange.respond(202);
            await new Promise<void>((end) => ends.push(end));
            if (when === 'after') exchange.respond(202);
            await new Promise<void>((end) => ends.push(end));
          }
        } catch (error) {
          code = (error as { code: string }).code;
        }
      },
    });
    const client = connect().send(post('/', 'x'.repeat(1_000_000)));
    await eventually(() => ends.length === 1);
    if (when === 'after') {
      time.advance(100_000);
      ends[0]!();
    }
    await client.until('202');
    time.advance(29_000);
    t.equal(client.isOver, false, 'in good time');
    time.advance(2_000);
    await client.ended();
    client.close();
    await eventually(() => server.stats().openConnections === 0);
    for (const end of ends) end();
    await eventually(() => ends.length === 2);
    ends[1]!();
    await eventually(() => code !== undefined);
    t.equal(code, 'premature-eof');
    t.same(server.stats().violations, {}, 'which is no fault of the client');
  }
});

for (const allowHalfOpen of [false, true]) {
  const how = allowHalfOpen ? 'with allowHalfOpen' : 'without allowHalfOpen';
  for (const order of ['before', 'behind'] as const) {
    t.test(
      `goes on with a stream that begins ${order} the end of its client, ${how}`,
      async (t) => {
        let body: BodyStream | undefined;
        let waiting: Exchange | undefined;
        const { connect, server, time } = await serve(t, {
          allowHalfOpen,
          request(exchange) {
            waiting = exchange;
            if (order === 'before') body = exchange.stream(200);
          },
        });
        const ask = async (): Promise<RawClient> => {
          [waiting, body] = [undefined, undefined];
          const client = connect().send(get('/'));
          await eventually(() => waiting !== undefined);
          client.socket.end();
          if (allowHalfOpen) await turns(20);
          else await eventually(() => waiting!.signal.aborted);
          body ??= waiting!.stream(200);
          t.equal(await body.write('one '), true);
          await client.until('one ');
          time.advance(29_000);
          t.equal(await body.write('two '), true);
          await client.until('two ');
          return client;
        };
        const whole = await ask();
        body!.end();
        t.equal(readResponse(await whole.ended()).body, 'one two ');
        await eventually(() => server.stats().openConnections === 0);

        const late = await ask();
        time.advance(2_000);
        await turns(20);
        t.equal(await body!.write('three'), allowHalfOpen, 'who takes too long is cut');
        body!.end();
        t.equal(/three/.test(await late.ended()), allowHalfOpen);
        await eventually(() => server.stats().openConnections === 0);
        t.equal(server.settings.wheel.length, 0, 'no deadline is left');
      },
    );

    t.test(`ends an event stream that begins ${order} the end of its client, ${how}`, async (t) => {
      const reasons: unknown[] = [];
      let waiting: Exchange | undefined;
      const { connect } = await serve(t, {
        allowHalfOpen,
        request(exchange) {
          if (exchange.path === '/earlier') return exchange.respond(200, {}, 'earlier');
          exchange.onClose(({ reason }) => reasons.push(reason));
          waiting = exchange;
          if (order === 'before') exchange.eventStream();
        },
      });
      const client = connect().send(get('/earlier') + get('/'));
      await eventually(() => waiting !== undefined);
      client.socket.end();
      if (allowHalfOpen) await turns(20);
      else await eventually(() => waiting!.signal.aborted);
      const events = order === 'before' ? undefined : waiting!.eventStream();
      events?.send({ data: 'missed' });
      if (allowHalfOpen) await client.until('text/event-stream');
      else await client.ended();
      await turns(20);
      t.strictSame(reasons, allowHalfOpen ? [] : ['peer-ended']);
      t.equal(readResponse(client.text).body, 'earlier');
      if (order === 'behind') t.match(client.text, /data: ?missed/, 'what was written is sent');
    });
  }
}

t.test('serves any duplex stream', async (t) => {
  const { server } = await serve(t, async (exchange) =>
    exchange.respond(200, {}, `${await exchange.body.text()} ${exchange.client.address}`),
  );
  const [ours, theirs] = duplexPair();
  server.serve(ours);
  theirs.write(post('/', 'in memory'));
  let wire = '';
  theirs.on('data', (bytes: Buffer) => {
    wire += bytes.toString();
  });
  await eventually(() => wire.endsWith('in memory '));
  theirs.end();
  await eventually(() => server.stats().openConnections === 0);
  t.equal(readResponse(wire).status, 200);
});

t.test('pauses a client that sends ahead of what is answered', async (t) => {
  const { connect } = await serve(t, {
    maxUnreadBytes: 1_000,
    request: (exchange) => void waiting.push(exchange),
  });
  const waiting: Exchange[] = [];
  const client = connect().send(get('/first'));
  await eventually(() => waiting.length === 1);
  let flood = '';
  for (let index = 0; index < 200_000; index += 1) flood += get('/');
  client.send(flood);
  for (let turn = 0; turn < 500; turn += 1) await new Promise((next) => setImmediate(next));
  t.ok(client.socket.writableLength > 1_000_000, 'most of it has not left the client');
  waiting.pop()!.respond(200);
  await eventually(() => waiting.length === 1);
  t.equal(waiting[0]!.path, '/', 'and goes on afterwards');
});

for (const allowHalfOpen of [false, true]) {
  const how = allowHalfOpen ? 'with allowHalfOpen' : 'without allowHalfOpen';
  t.test(`answers everything a client has sent before it ended its side, ${how}`, async (t) => {
    let goOn = (): void => undefined;
    const { connect, server } = await serve(t, {
      allowHalfOpen,
      async request(exchange) {
        if (exchange.path === '/1') {
          await new Promise<void>((next) => {
            goOn = next;
          });
        }
        await new Promise((next) => setImmediate(next));
        exchange.respond(200, {}, exchange.path);
      },
    });
    const client = connect().send(get('/1') + get('/2') + post('/3', 'body'));
    client.socket.end();
    await eventually(() => server.stats().requests === 1);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next));
    goOn();
    const responses = readResponses(await client.ended());
    t.same(
      responses.map(({ body, fields }) => [body, fields['connection']]),
      [
        ['/1', undefined],
        ['/2', undefined],
        ['/3', 'close'],
      ],
    );
  });
}

t.test(
  'answers what waits behind a late answer at once, to a client that has ended its side',
  async (t) => {
    let first: Exchange | undefined;
    const { connect } = await serve(t, (exchange) => {
      if (exchange.path === '/1') first = exchange;
      else exchange.respond(200, {}, exchange.path);
    });
    const client = connect().send(['/1', '/2', '/3', '/4'].map((path) => get(path)).join(''));
    client.socket.end();
    await eventually(() => first?.signal.aborted === true);
    first!.respond(200, {}, '/1');
    const bodies = readResponses(await client.ended()).map(({ body }) => body);
    t.same(bodies, ['/1', '/2', '/3', '/4']);
  },
);

t.test(
  'finds a request behind a chunked body that nobody read, though its client has ended',
  async (t) => {
    let first: Exchange | undefined;
    const { connect } = await serve(t, (exchange) => {
      if (exchange.path === '/1') first = exchange;
      else exchange.respond(200, {}, exchange.path);
    });
    const head = 'POST /1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
    const client = connect().send(`${head}1\r\nx\r\n0\r\n\r\n${get('/2')}`);
    client.socket.end();
    await eventually(() => first?.signal.aborted === true);
    first!.respond(200, {}, '/1');
    const bodies = readResponses(await client.ended()).map(({ body }) => body);
    t.same(bodies, ['/1', '/2']);
  },
);

t.test('fails a body that is being read when its client resets the connection', async (t) => {
  let outcome: unknown;
  let isReading = false;
  const { connect } = await serve(t, async (exchange) => {
    const bytes = exchange.body.bytes();
    isReading = true;
    outcome = await bytes.then(
      () => 'read',
      ({ code }) => code,
    );
  });
  const client = connect().send(post('/', 'x'.repeat(10)).slice(0, -8));
  await eventually(() => isReading);
  client.socket.resetAndDestroy();
  await eventually(() => outcome !== undefined);
  t.equal(outcome, 'premature-eof');
});

t.test('tells each request of a client that has ended its side that it has', async (t) => {
  const heard: unknown[] = [];
  const { connect, server, time } = await serve(t, async (exchange) => {
    const { signal } = exchange;
    if (!signal.aborted) await new Promise((next) => signal.addEventListener('abort', next));
    heard.push(`${exchange.path} ${signal.reason.reason}`);
    if (exchange.path === '/1') exchange.respond(200, {}, exchange.path);
  });
  const client = connect().send(get('/1') + get('/never'));
  client.socket.end();
  await eventually(() => heard.length === 2);
  t.same(heard, ['/1 peer-ended', '/never peer-ended']);
  t.equal(server.stats().openConnections, 1);
  time.advance(31_000);
  t.equal(readResponse(await client.ended()).body, '/1', 'and does not wait for ever for the rest');
});

t.test(
  'gives earlier answers to a client that has ended its side and gets no events',
  async (t) => {
    const { connect } = await serve(t, async (exchange) => {
      if (exchange.path === '/events') return void exchange.eventStream().comment('never mind');
      await new Promise((heard) => exchange.signal.addEventListener('abort', heard));
      exchange.respond(200, {}, exchange.path);
    });
    const client = connect().send(get('/1') + get('/events'));
    client.socket.end();
    t.equal(readResponse(await client.ended()).body, '/1');
  },
);

t.test(
  'says what is wrong with a request that a client has sent half before its end',
  async (t) => {
    const { connect } = await serve(t, async (exchange) => {
      await new Promise((heard) => exchange.signal.addEventListener('abort', heard));
      exchange.respond(200, {}, exchange.path);
    });
    const client = connect().send(`${get('/1')}GET /2 HT`);
    client.socket.end();
    t.same(
      readResponses(await client.ended()).map(({ status, fields }) => [
        status,
        fields['connection'],
      ]),
      [
        [200, undefined],
        [400, 'close'],
      ],
    );
  },
);

t.test('goes on when a stream with much room has taken what was congested', async (t) => {
  const { server } = await serve(t, async (exchange) => {
    if (exchange.path === '/1') return exchange.respond(200, {}, Buffer.alloc(500_000));
    const body = exchange.stream(200);
    for (let piece = 0; piece < 5; piece += 1) await body.write(Buffer.alloc(100_000));
    body.end();
  });
  let length = 0;
  let end = '';
  const stream = new Duplex({
    writableHighWaterMark: 1 << 20,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      end = chunk.toString('latin1').slice(-5);
      setImmediate(done);
    },
  });
  server.serve(stream);
  stream.push(get('/1') + get('/2'));
  await eventually(() => length > 1_000_000 && end === '0\r\n\r\n');
  t.pass('both answers have left');
  stream.destroy();
});

t.test('stays idle while nothing but empty lines comes', async (t) => {
  const { server, time } = await serve(t, {
    headTimeoutMs: 1_000,
    keepAliveTimeoutMs: 5_000,
    request: (exchange) => exchange.respond(200, {}, 'x'),
  });
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((next) => setImmediate(next));
  };
  const open = async (): Promise<{ send(text: string): Promise<void>; wire(): string }> => {
    const [ours, theirs] = duplexPair();
    let wire = '';
    theirs.on('data', (bytes: Buffer) => {
      wire += bytes.toString('latin1');
    });
    theirs.on('end', () => theirs.end());
    server.serve(ours);
    const send = async (text: string): Promise<void> => {
      theirs.write(text);
      await turns();
    };
    await send(`${get('/')}\r\n`);
    return { send, wire: () => wire };
  };
  const idle = await open();
  for (let second = 0; second < 4; second += 1) {
    time.advance(1_000);
    await idle.send('\r\n');
  }
  t.equal(server.stats().openConnections, 1);
  time.advance(1_200);
  await turns();
  t.equal(server.stats().openConnections, 0, 'empty lines do not move the deadline');
  t.equal(readResponses(idle.wire()).length, 1, 'and nothing is said that nobody asked for');
  t.same(server.stats().violations, {});

  const halves = await open();
  for (let second = 0; second < 4; second += 1) {
    await halves.send('\r');
    time.advance(500);
    await halves.send('\n');
    time.advance(500);
  }
  t.equal(server.stats().openConnections, 1);
  time.advance(1_200);
  await turns();
  t.equal(server.stats().openConnections, 0, 'nor do those that come in two halves');
  t.equal(readResponses(halves.wire()).length, 1);
  t.same(server.stats().violations, {});

  const slow = await open();
  time.advance(3_000);
  await slow.send('\r\nG');
  time.advance(1_200);
  await turns();
  t.same(server.stats().violations, { 'head-timeout': 1 }, 'a letter begins a head');
  t.equal(server.stats().openConnections, 0);

  await open();
  const half = await open();
  await half.send('\r');
  const closed = server.close();
  await half.send('\n');
  t.same(await closed, { cut: 0 }, 'who has sent an empty line is not waited for');
});

t.test('a stream that is destroyed under an exchange has cut it', async (t) => {
  const reasons: unknown[] = [];
  const { server } = await serve(t, (exchange) => {
    exchange.onClose(({ reason }) => reasons.push(reason));
  });
  const [ours, theirs] = duplexPair();
  server.serve(ours);
  theirs.write(get('/'));
  await eventually(() => server.stats().requests === 1);
  ours.destroy();
  await eventually(() => reasons.length === 1);
  t.strictSame(reasons, ['cut']);
  t.strictSame(server.stats().clientsGone, { ended: 1 });
});

const CHUNKED = 'POST /chunked HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';

t.test('a body that breaks a rule fails for its reader, or for nobody', async (t) => {
  const { connect, server, errors } = await serve(t, async (exchange) => {
    if (exchange.path === '/chunked') exchange.respond(200, {}, await exchange.body.text());
    else exchange.respond(200, {}, 'unread');
  });
  const read = connect().send(`${CHUNKED}nonsense\r\n`);
  t.match(readResponses(await read.ended()), [{ status: 400, fields: { connection: 'close' } }]);
  const unread = connect().send(CHUNKED.replace('/chunked', '/'));
  await unread.until('unread');
  unread.send('nonsense\r\n');
  t.equal(readResponses(await unread.ended()).length, 1, 'it is answered already');
  t.strictSame(server.stats().violations, { 'bad-chunk-size': 2 });
  t.strictSame(errors, []);
});

t.test('a body that does not come in time is answered with 408', async (t) => {
  const { connect, server, time } = await serve(t, {
    bodyTimeoutMs: 5_000,
    async request(exchange) {
      exchange.respond(200, {}, await exchange.body.text());
    },
  });
  const client = connect().send(post('/', 'body').slice(0, -2));
  await eventually(() => server.stats().requests === 1);
  time.advance(4_000);
  t.equal(client.text, '');
  time.advance(2_000);
  t.match(readResponses(await client.ended()), [{ status: 408, fields: { connection: 'close' } }]);
  t.strictSame(server.stats().violations, { 'body-timeout': 1 });
});

t.test('throws the rest of a body away whose reader leaves behind its answer', async (t) => {
  const { connect } = await serve(t, async (exchange) => {
    if (exchange.path === '/next') return exchange.respond(200, {}, 'next');
    for await (const piece of exchange.body) {
      exchange.respond(200, {}, String(piece));
      await new Promise((next) => setImmediate(next));
      break;
    }
  });
  const client = connect().send(`${CHUNKED}5\r\nfirst\r\n`);
  await client.until('first');
  client.send(`6\r\nsecond\r\n0\r\n\r\n${get('/next')}`);
  await client.until('next');
  t.strictSame(
    readResponses(client.text).map(({ body }) => body),
    ['first', 'next'],
  );
});

t.test('an answer without a body that comes too late does no harm', async (t) => {
  const { exchange, server, errors } = await askedAndGone(t);
  exchange.respond(204);
  t.equal(exchange.isDone, true);
  t.strictSame(errors, []);
  t.strictSame(server.stats().clientsGone, { reset: 1 });
});

t.test('fails a body that was not read when the connection becomes something else', async (t) => {
  let code: unknown;
  const { connect } = await serve(t, async (exchange) => {
    const { socket, head } = exchange.hijack();
    socket.end(`${head.toString()} is mine`);
    code = await exchange.body.bytes().catch((error) => error.code);
  });
  const client = connect().send(post('/', 'half of it').slice(0, -3));
  t.equal(await client.ended(), 'half of is mine');
  t.equal(code, 'hijacked');
});

t.test('reports what a clean-up throws, and goes on', async (t) => {
  const failure = new Error('in the clean-up');
  const { connect, errors } = await serve(t, (exchange) => {
    exchange.onClose(() => {
      throw failure;
    });
    exchange.respond(200, {}, exchange.path);
  });
  const client = connect().send(get('/1') + get('/2'));
  await client.until('/2');
  await eventually(() => errors.length === 2);
  t.strictSame(errors, [failure, failure]);
});

t.test('ends behind the answer that it gives while the server closes', async (t) => {
  let exchange: Exchange | undefined;
  const { connect, server } = await serve(t, async (asked) => {
    exchange = asked;
    // Begun before the server closes, so that its head says nothing of an end.
    const body = asked.stream(200);
    await body.write('begun');
    await new Promise<void>((closes) => {
      goOn = closes;
    });
    body.end();
  });
  let goOn = (): void => undefined;
  const client = connect().send(get('/') + get('/never'));
  await client.until('begun');
  const closing = server.close();
  await new Promise((next) => setImmediate(next));
  goOn();
  const [answer, ...more] = readResponses(await client.ended());
  t.match(answer, { body: 'begun' });
  t.equal(answer?.fields['connection'], undefined);
  t.strictSame(more, []);
  client.close();
  t.same(await closing, { cut: 0 });
  t.equal(exchange!.path, '/');
});

t.test('says goodbye to a WebSocket that a handler has accepted by itself', async (t) => {
  const { connect, server } = await serve(t, (exchange) => void exchange.accept());
  const fields = [
    ...['upgrade: websocket', 'connection: upgrade', 'sec-websocket-version: 13'],
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const client = connect().send(get('/', ...fields));
  await client.until('\r\n\r\n');
  t.equal(server.guests.peers.size, 1);
  const closing = server.close();
  await client.until('\x88\x0f\x03\xe9server closes');
  client.send(Buffer.from('888200000000' + '03e9', 'hex'));
  await client.ended();
  client.close();
  t.same(await closing, { cut: 0 });
  t.equal(server.stats().handedOver, 1);
});

t.test('keeps nothing of the last request when idle, and no longer than it may be', async (t) => {
  const forgotten = t.capture(RequestReader.prototype, 'forget', RequestReader.prototype.forget);
  const { connect, server, time } = await serve(t, {
    keepAliveTimeoutMs: 20_000,
    request: (exchange) => exchange.respond(200, {}, exchange.fields.get('x') ?? ''),
  });
  const client = connect();
  for (let round = 1; round <= 3; round += 1) {
    client.send(get('/', `x: <${round}>`));
    await client.until(`<${round}>`);
    time.advance(900);
    t.equal(forgotten().length, 0, 'the next one may come soon');
    time.advance(300);
    t.equal(forgotten().length, 1);
    time.advance(17_500);
    t.equal(server.stats().openConnections, 1);
    t.equal(forgotten().length, 0, 'once');
  }
  time.advance(2_000);
  await client.ended();
  client.close();
  await eventually(() => server.stats().openConnections === 0);
  t.equal(server.settings.wheel.length, 0, 'no deadline is left');
});
