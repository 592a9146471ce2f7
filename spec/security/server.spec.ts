/**
 * A server under attack, over real sockets: each spec goes red when its defence is taken out.
 */
import { connect as netConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { Exchange } from 'barewire';
import t from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { get, post, readResponse, readResponses, serve } from '../support/serving.ts';
import { duplexPair, eventually, RawClient } from '../support/sockets.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((next) => setImmediate(next));
};

const hello = (exchange: Exchange): void => exchange.respond(200, {}, 'hello');

// ── deadlines ────────────────────────────────────────────────────────────────────────────────

t.test('a head that trickles is cut at its deadline, with 408', async (t) => {
  const { connect, time, server } = await serve(t, { headTimeoutMs: 10_000, request: hello });
  const client = connect();
  const head = get('/', 'x-pad: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
  for (let second = 0; second < 9; second += 1) {
    client.send(head[second]!);
    await turns(3);
    time.advance(1_000);
    t.equal(client.isOver, false);
  }
  time.advance(2_000);
  t.match(readResponse(await client.ended()), { status: 408, fields: { connection: 'close' } });
  t.equal(server.stats().violations['head-timeout'], 1);
  t.equal(server.stats().requests, 0);
});

t.test('a trickling head has no more time on a kept connection', async (t) => {
  const { connect, time } = await serve(t, {
    headTimeoutMs: 10_000,
    keepAliveTimeoutMs: 60_000,
    request: hello,
  });
  const client = connect().send(get('/'));
  await client.until('hello');
  for (let second = 0; second < 9; second += 1) {
    client.send('G');
    await turns(3);
    time.advance(1_000);
    t.equal(client.isOver, false, 'it has no less either');
  }
  time.advance(2_000);
  t.match(await client.ended(), /408/);
});

t.test('a connection that says nothing is closed, without a word', async (t) => {
  const { connect, time, server } = await serve(t, { headTimeoutMs: 10_000, request: hello });
  const silent = connect();
  await eventually(() => server.stats().openConnections === 1);
  time.advance(9_900);
  t.equal(silent.isOver, false);
  time.advance(1_000);
  t.equal(await silent.ended(), '');
});

t.test('an idle connection is closed after the keep-alive timeout', async (t) => {
  const { connect, time } = await serve(t, { keepAliveTimeoutMs: 5_000, request: hello });
  const client = connect().send(get('/'));
  await client.until('hello');
  time.advance(4_900);
  client.send(get('/'));
  await client.until(/hello[\s\S]*hello/);
  time.advance(4_900);
  t.equal(client.isOver, false);
  time.advance(1_000);
  t.match(await client.ended(), /hello$/);
});

t.test('a body that trickles is cut at its deadline, with 408', async (t) => {
  const { connect, time, server } = await serve(t, {
    bodyTimeoutMs: 10_000,
    request: async (exchange) => exchange.respond(200, {}, await exchange.body.text()),
  });
  const client = connect().send(post('/', 'x'.repeat(1_000)).slice(0, -999));
  await eventually(() => server.stats().requests === 1);
  for (let second = 0; second < 9; second += 1) {
    client.send('x');
    await turns(3);
    time.advance(1_000);
  }
  t.equal(client.text, '');
  time.advance(2_000);
  t.match(readResponse(await client.ended()), { status: 408, fields: { connection: 'close' } });
});

t.test('a body that nobody reads and nobody sends is not waited for', async (t) => {
  const { connect, time, server } = await serve(t, { bodyTimeoutMs: 10_000, request: hello });
  const client = connect().send(post('/', 'x'.repeat(1_000)).slice(0, -999));
  await client.until('hello');
  time.advance(9_900);
  t.equal(client.isOver, false, 'the connection would be kept');
  time.advance(1_000);
  await client.ended();
  time.advance(3_000);
  await eventually(() => server.stats().openConnections === 0);
});

for (const way of ['respond', 'stream'] as const) {
  t.test(`a client that does not read what it asked for is cut (${way})`, async (t) => {
    const { connect, time, server } = await serve(t, {
      writeTimeoutMs: 30_000,
      async request(exchange) {
        if (way === 'respond') return exchange.respond(200, {}, Buffer.alloc(50_000_000));
        const body = exchange.stream(200);
        while (await body.write(Buffer.alloc(100_000)));
        return undefined;
      },
    });
    const client = connect().send(get('/'));
    client.socket.pause();
    await turns(300);
    time.advance(29_000);
    await turns(3);
    t.equal(server.stats().openConnections, 1);
    time.advance(2_000);
    await eventually(() => server.stats().openConnections === 0);
    t.equal(server.stats().clientsGone['write-timeout'], 1);
  });
}

t.test('a client that never ends its side is not lingered on for ever', async (t) => {
  const { connect, time, server } = await serve(t, { lingerTimeoutMs: 2_000, request: hello });
  const client = connect().send(get('/', 'connection: close'));
  await client.ended();
  client.send('still here');
  await turns(5);
  t.equal(server.stats().openConnections, 1);
  time.advance(3_000);
  await eventually(() => server.stats().openConnections === 0);
  t.pass();
});

t.test('a TLS handshake that never comes counts, and is closed at the end', async (t) => {
  const { connect, server } = await serve(t, {
    tls: { key: PRIVATE_KEY, cert: CERTIFICATE, handshakeTimeout: 100 },
    maxConnections: 1,
    request: hello,
  });
  const silent = connect();
  await eventually(() => server.stats().openConnections === 1);
  const refused = connect();
  await refused.ended();
  t.equal(server.stats().refusedConnections, 1);
  await silent.ended();
  silent.close();
  await eventually(() => server.stats().openConnections === 0);
});

// ── floods ───────────────────────────────────────────────────────────────────────────────────

t.test('connections beyond the cap are refused, in total', async (t) => {
  const { connect, server } = await serve(t, { maxConnections: 20, request: hello });
  const clients = Array.from({ length: 50 }, () => connect().send(get('/')));
  await Promise.all(
    clients.map((client) =>
      Promise.race([client.until('hello').catch(() => undefined), client.ended()]),
    ),
  );
  t.equal(server.stats().openConnections, 20);
  t.equal(server.stats().refusedConnections, 30);
  t.equal(clients.filter((client) => client.text.includes('hello')).length, 20);
});

t.test(
  'connections beyond the cap are refused, of one address, and others are served',
  async (t) => {
    const { port, server } = await serve(t, { maxConnectionsPerAddress: 5, request: hello });
    const attackers = Array.from({ length: 20 }, () => new RawClient(port));
    await eventually(() => server.stats().refusedConnections === 15);
    const other = netConnect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    other.write(get('/'));
    const answer = await new Promise<string>((done) =>
      other.once('data', (bytes) => done(String(bytes))),
    );
    t.match(answer, /hello$/);
    other.destroy();
    for (const attacker of attackers) attacker.close();
  },
);

t.test(
  'a client that pipelines and does not read makes us answer a bounded number of requests',
  async (t) => {
    const size = 100_000;
    const { connect, server } = await serve(t, (exchange) =>
      exchange.respond(200, {}, Buffer.alloc(size)),
    );
    const client = connect();
    client.socket.pause();
    client.send(get('/').repeat(1_999) + get('/', 'connection: close'));
    await turns(500);
    const { requests } = server.stats();
    t.ok(requests < 500, `${requests} of 2000 were answered`);
    client.socket.resume();
    // To the very end: as many bytes as the bodies have are there before the last answers are.
    while (!client.isOver) await client.untilLength(client.byteLength + 1).catch(() => undefined);
    t.ok(client.byteLength > 2_000 * size);
    t.equal(server.stats().requests, 2_000, 'the others come when it reads');
  },
);

t.test(
  'a client that pipelines behind a slow answer makes us keep a bounded number of bytes',
  async (t) => {
    const { connect, server } = await serve(t, {
      maxUnreadBytes: 65_536,
      request: () => undefined,
    });
    const client = connect().send(get('/').repeat(1_000_000));
    await eventually(() => server.stats().requests === 1);
    await turns(300);
    // What the kernel holds for both sides is a few megabytes; the rest must not have left.
    t.ok(client.socket.writableLength > 5_000_000, `${client.socket.writableLength} bytes wait`);
  },
);

t.test('a producer that ignores a slow client is stopped at the bound', async (t) => {
  let most = 0;
  const { connect, server } = await serve(t, {
    maxBufferedBytes: 1_000_000,
    async request(exchange) {
      const body = exchange.stream(200);
      for (let piece = 0; body.isOpen && piece < 2_000; piece += 1) {
        void body.write(Buffer.alloc(100_000));
        most = Math.max(most, body.bufferedAmount);
        await new Promise((next) => setImmediate(next));
      }
    },
  });
  const client = connect().send(get('/'));
  client.socket.pause();
  await eventually(() => server.stats().clientsGone['slow-consumer'] === 1);
  t.ok(most < 1_300_000, `${most} bytes were kept`);
});

t.test('requests of one connection are bounded', async (t) => {
  const { connect, server } = await serve(t, { maxRequestsPerConnection: 3, request: hello });
  const responses = readResponses(await connect().send(get('/').repeat(10)).ended());
  t.equal(responses.length, 3);
  t.equal(server.stats().requests, 3);
});

// ── early answers ────────────────────────────────────────────────────────────────────────────

for (const sharedReadBuffer of [true, false]) {
  t.test(
    `an immediate 413 reaches a client that uploads 4 MiB before it reads (shared buffer: ${sharedReadBuffer})`,
    async (t) => {
      const { connect } = await serve(t, {
        sharedReadBuffer,
        request: (exchange) => exchange.reject(413),
      });
      for (let round = 0; round < 20; round += 1) {
        const client = connect();
        client.socket.pause();
        await new Promise<void>((sent) => {
          client.socket.write(post('/', 'x'.repeat(4 << 20)), () => sent());
        });
        client.socket.resume();
        t.match(readResponse(await client.ended()), {
          status: 413,
          fields: { connection: 'close' },
        });
        t.equal(client.error, undefined, 'no reset');
        client.close();
      }
    },
  );
}

t.test('an immediate 431 reaches a client whose head is endless', async (t) => {
  const { connect } = await serve(t, hello);
  const client = connect();
  client.socket.pause();
  client.send(`GET / HTTP/1.1\r\n${'x-pad: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(50_000)}`);
  await new Promise<void>((sent) => client.socket.write('\r\n', () => sent()));
  client.socket.resume();
  t.equal(readResponse(await client.ended()).status, 431);
  t.equal(client.error, undefined, 'no reset');
});

t.test('an error comes after the answers to earlier requests, and nothing after it', async (t) => {
  const { connect } = await serve(t, async (exchange) => {
    await turns(Number(exchange.path.slice(1)));
    exchange.respond(200, {}, exchange.path);
  });
  const client = connect().send(`${get('/20')}${get('/1')}GET / HTTP/9.9\r\n\r\n${get('/0')}`);
  const responses = readResponses(await client.ended());
  t.same(
    responses.map(({ status }) => status),
    [200, 200, 505],
  );
  t.same(
    responses.slice(0, 2).map(({ body }) => body),
    ['/20', '/1'],
  );
});

t.test('a request behind the last one is not read as a request', async (t) => {
  const { connect, server } = await serve(t, hello);
  await connect()
    .send(get('/', 'connection: close') + get('/smuggled'))
    .ended();
  t.equal(server.stats().requests, 1);
});

// ── crashes ──────────────────────────────────────────────────────────────────────────────────

t.test(
  'clients that vanish in every state are normal ends: nothing is thrown, all is freed',
  async (t) => {
    const requests: Record<string, (exchange: Exchange) => unknown> = {
      '/held': () => undefined,
      '/body': (exchange) => exchange.body.text(),
      '/stream': async (exchange) => {
        const body = exchange.stream(200);
        while (await body.write('x'.repeat(1_000))) await turns(1);
      },
      '/events': (exchange) => exchange.eventStream(),
      '/raw': (exchange) => exchange.stream(200, {}, { framing: 'none' }),
      '/hijack': (exchange) => exchange.hijack().socket.resume(),
      '/big': (exchange) => exchange.respond(200, {}, Buffer.alloc(20_000_000)),
      '/quick': hello,
    };
    const { connect, server, errors, time } = await serve(t, (exchange) =>
      requests[exchange.path]!(exchange),
    );
    const openings = ['', 'GE', 'GET / HTTP/1.1\r\nho', 'nonsense\r\n\r\n'];
    for (const path of Object.keys(requests)) {
      openings.push(path === '/body' ? post(path, 'xxxx').slice(0, -2) : get(path));
    }
    for (const opening of openings) {
      for (const leave of ['destroy', 'resetAndDestroy'] as const) {
        const client = connect().send(opening);
        await turns(4);
        client.socket[leave]();
      }
    }
    await turns(10);
    time.advance(60_000);
    await eventually(() => server.stats().openConnections === 0);
    t.same(errors, []);
    t.equal(server.settings.wheel.length, 0, 'no deadline is left');
  },
);

for (const sharedReadBuffer of [true, false]) {
  for (const [what, behind] of [
    ['pipelines more than is read ahead', get('/').repeat(20_000)],
    ['has a body that nobody reads', post('/', 'x'.repeat(500_000))],
    ['has ended its side', ''],
  ] as const) {
    t.test(
      `a client that ${what} and resets is noticed within a second (shared buffer: ${sharedReadBuffer})`,
      async (t) => {
        const aborted: unknown[] = [];
        const { connect, server, time } = await serve(t, {
          sharedReadBuffer,
          maxUnreadBytes: 65_536,
          halfCloseTimeoutMs: 600_000,
          request(exchange) {
            exchange.signal.addEventListener('abort', () =>
              aborted.push(exchange.signal.reason.reason),
            );
          },
        });
        const client = connect().send(get('/held') + behind);
        await eventually(() => server.stats().requests === 1);
        if (behind === '') {
          client.socket.end();
          await eventually(() => aborted.length === 1);
        }
        await turns(20);
        client.socket.resetAndDestroy();
        await turns(20);
        t.equal(server.stats().openConnections, 1);
        time.advance(1_100);
        await eventually(() => server.stats().openConnections === 0);
        t.same(aborted, [behind === '' ? 'peer-ended' : 'reset']);
        t.equal(server.stats().clientsGone['reset'], 1);
      },
    );
  }
}

t.test('TLS clients that vanish in the handshake are counted, and nothing is thrown', async (t) => {
  const { port, server, errors } = await serve(t, {
    tls: { key: PRIVATE_KEY, cert: CERTIFICATE },
    request: hello,
  });
  const silent = new RawClient(port);
  await eventually(() => server.stats().openConnections === 1);
  silent.socket.resetAndDestroy();
  const rude = new RawClient(port).send(get('/'));
  await rude.ended();
  const socket = tlsConnect({ port, host: '127.0.0.1', ca: CERTIFICATE });
  await new Promise((secure) => socket.once('secureConnect', secure));
  socket.on('error', () => undefined);
  socket.write(get('/').slice(0, 5));
  socket.destroy();
  await eventually(() => server.stats().openConnections === 0);
  t.same(errors, []);
});

t.test(
  'a hundred thousand hostile reads end in answers or in silence, never in a throw',
  async (t) => {
    const { server, errors } = await serve(t, async (exchange) => {
      if (exchange.path === '/body') await exchange.body.bytes();
      exchange.respond(200, {}, 'x');
    });
    const seeds = [
      get('/'),
      post('/body', 'hello'),
      'POST /body HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n',
      get('/', 'upgrade: websocket', 'connection: upgrade'),
    ].map((seed) => Buffer.from(seed));
    let state = 1;
    const random = (bound: number): number => {
      state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
      return state % bound;
    };
    for (let connection = 0; connection < 2_000; connection += 1) {
      const [ours, theirs] = duplexPair();
      server.serve(ours);
      theirs.resume();
      for (let read = 0; read < 50; read += 1) {
        const bytes = Buffer.from(seeds[random(seeds.length)]!);
        for (let change = random(4); change > 0; change -= 1)
          bytes[random(bytes.length)] = random(256);
        theirs.write(bytes.subarray(0, random(3) === 0 ? random(bytes.length) : bytes.length));
      }
      if (connection % 3 === 0) theirs.end();
      if (connection % 3 === 1) theirs.destroy();
      if (connection % 100 === 0) await turns(1);
    }
    await turns(20);
    t.same(errors, []);
    t.ok(server.stats().requests > 1_000);
    t.ok(Object.keys(server.stats().violations).length > 5);
  },
);

// ── the end ──────────────────────────────────────────────────────────────────────────────────

t.test('a server that is told to close closes in time, whatever its clients do', async (t) => {
  const { connect, server, time } = await serve(t, (exchange) => {
    if (exchange.path === '/stream') exchange.stream(200);
    if (exchange.path === '/events') exchange.eventStream();
    if (exchange.path === '/hijack') exchange.hijack();
  });
  const clients = ['/held', '/stream', '/events', '/hijack'].map((path) =>
    connect().send(get(path)),
  );
  clients.push(connect().send('GET / HT'));
  await eventually(() => server.stats().requests === 4 && server.stats().openConnections === 5);
  const closing = server.close({ deadlineMs: 3_000 });
  await turns(5);
  time.advance(4_000);
  const { cut } = await closing;
  t.ok(cut >= 3 && cut <= 5, `${cut} were cut`);
  t.equal(server.stats().openConnections, 0);
});
