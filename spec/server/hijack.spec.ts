import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Exchange } from 'barewire';
import t from 'tap';
import { askedAndGone, get, post, serve } from '../support/serving.ts';
import { duplexPair, eventually, listen, RawClient } from '../support/sockets.ts';

t.test('reads a socket to its end that was ended and is never read', async (t) => {
  const { connect, server } = await serve(t, (exchange) => exchange.hijack().socket.end('bye'));
  const client = connect().send(get('/'));
  t.equal(await client.ended(), 'bye');
  client.socket.end('more that nobody reads');
  await eventually(() => server.stats().openConnections === 0);
  t.pass('the connection is not held for ever');
});

for (const end of ['resume', 'destroy'] as const) {
  t.test(`tells earlier answers that have not left what becomes of them: ${end}`, async (t) => {
    const reasons: unknown[] = [];
    let hijacked: Duplex | undefined;
    const { server } = await serve(t, (exchange) => {
      if (exchange.path === '/1') {
        exchange.onClose(({ reason }) => reasons.push(reason));
        exchange.respond(200, {}, 'x'.repeat(50_000));
      } else {
        hijacked = exchange.hijack().socket;
        hijacked.write('raw');
      }
    });
    const [ours, theirs] = duplexPair();
    let length = 0;
    let text = '';
    theirs.write(get('/1') + get('/2'));
    server.serve(ours);
    await eventually(() => hijacked !== undefined);
    await new Promise((next) => setImmediate(next));
    t.same(reasons, [], 'the answer is still on its way');
    if (end === 'destroy') {
      hijacked!.destroy();
    } else {
      theirs.on('data', (bytes: Buffer) => {
        length += bytes.length;
        text = bytes.toString().slice(-3);
      });
      await eventually(() => text === 'raw');
      t.ok(length > 50_000);
      hijacked!.end();
    }
    await eventually(() => reasons.length === 1);
    t.same(reasons, [end === 'destroy' ? 'cut' : 'completed']);
    theirs.destroy();
    ours.destroy();
  });
}

t.test('closes it at last when the client does not', async (t) => {
  const { connect, server, time } = await serve(t, (exchange) =>
    exchange.hijack().socket.end('bye'),
  );
  const client = connect().send(get('/'));
  await client.ended();
  t.equal(server.stats().openConnections, 1);
  time.advance(3_000);
  await eventually(() => server.stats().openConnections === 0);
  t.pass();
});

t.test('leaves a socket alone that somebody reads', async (t) => {
  let socket: Socket | undefined;
  let text = '';
  const { connect, server, time } = await serve(t, (exchange: Exchange) => {
    socket = exchange.hijack().socket as Socket;
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    socket.allowHalfOpen = true;
    socket.end('I am done');
  });
  const client = connect().send(get('/'));
  await client.ended();
  time.advance(60_000);
  client.send('but I am not');
  await eventually(() => text === 'but I am not');
  t.equal(server.stats().openConnections, 1);
  t.equal(server.settings.wheel.length, 0, 'no deadline of ours');
});

for (const sharedReadBuffer of [true, false]) {
  t.test(`can be read on 'readable' (shared buffer: ${sharedReadBuffer})`, async (t) => {
    let text = '';
    const { connect } = await serve(t, {
      sharedReadBuffer,
      request(exchange) {
        const { socket, head } = exchange.hijack();
        text = head.toString();
        socket.on('readable', () => {
          for (let bytes = socket.read(); bytes !== null; bytes = socket.read()) text += bytes;
        });
        socket.on('end', () => socket.end('bye'));
        socket.write('go on');
      },
    });
    const client = connect().send(`${get('/')}early`);
    await client.until('go on');
    client.send(' late');
    await eventually(() => text === 'early late');
    client.socket.end(' last');
    t.match(await client.ended(), /bye$/);
    t.equal(text, 'early late last');
  });
}

t.test('ends when its peer ends, as sockets do', async (t) => {
  const { connect, server } = await serve(t, (exchange) => {
    exchange.hijack().socket.resume();
  });
  const client = connect().send(get('/'));
  await eventually(() => server.stats().handedOver === 1);
  client.socket.end();
  await once(client.socket, 'close');
  await eventually(() => server.stats().openConnections === 0);
  t.pass();
});

for (const allowHalfOpen of [false, true]) {
  const how = allowHalfOpen ? 'with allowHalfOpen' : 'without allowHalfOpen';
  t.test(`does not hold a socket for ever that ended before it was taken, ${how}`, async (t) => {
    let socket: Socket | undefined;
    const { server, time } = await serve(t, {
      allowHalfOpen,
      async request(exchange) {
        await eventually(() => socket!.readableEnded);
        exchange.hijack().socket.resume().write('answer');
      },
    });
    const attached = createServer((accepted) => {
      socket = accepted;
    });
    const port = await listen(attached);
    t.teardown(() => attached.close());
    server.attach(attached);
    const ask = async (): Promise<RawClient> => {
      const client = new RawClient(port).send(get('/'));
      client.socket.end();
      await client.until('answer');
      return client;
    };

    const patient = await ask();
    time.advance(29_000);
    t.equal(socket!.writable, true, 'it is still answered');
    time.advance(2_000);
    if (allowHalfOpen) socket!.end(', late');
    t.equal(await patient.ended(), allowHalfOpen ? 'answer, late' : 'answer');
    await eventually(() => server.stats().openConnections === 0);

    const gone = await ask();
    gone.socket.resetAndDestroy();
    await once(gone.socket, 'close');
    t.equal(server.stats().openConnections, 1, 'nobody has told it');
    time.advance(1_200);
    await eventually(() => server.stats().openConnections === 0);
    t.equal(server.settings.wheel.length, 0, 'no deadline is left');
  });
}

t.test('survives errors that nobody listens to', async (t) => {
  const { connect, server } = await serve(t, (exchange) => {
    exchange.hijack().socket.resume();
  });
  const client = connect().send(get('/'));
  await eventually(() => server.stats().handedOver === 1);
  client.socket.resetAndDestroy();
  await eventually(() => server.stats().openConnections === 0);
  t.pass('the process lives');
});

t.test('fails the body that went to whoever took the socket', async (t) => {
  for (const expect of [[], ['expect: 100-continue']]) {
    const seen: unknown[] = [];
    const { connect } = await serve(t, async (exchange) => {
      const { socket, head } = exchange.hijack();
      seen.push(await exchange.body.text().catch(({ code }) => code), head.toString());
      socket.end('mine');
    });
    const client = connect().send(post('/', '12345', ...expect));
    t.equal(await client.ended(), 'mine');
    t.same(seen, ['hijacked', '12345']);
  }
});

t.test('gives away a socket that is gone as what it is, and says that it is over', async (t) => {
  const { exchange, server, errors } = await askedAndGone(t);
  const { socket, head } = exchange.hijack();
  t.equal(socket.closed, true);
  t.equal(head.length, 0);
  const reports: unknown[] = [];
  exchange.onClose(({ reason }) => reports.push(reason));
  t.strictSame(reports, ['reset'], 'for the reason that it went');
  t.strictSame(errors, []);
  t.equal(server.settings.wheel.length, 0, 'no deadline is left');
});

t.test('gives nobody a socket with a body that was read in part', async (t) => {
  const seen: unknown[] = [];
  let attempts = 0;
  const { connect } = await serve(t, async (exchange) => {
    const { body } = exchange;
    const whole = exchange.path === '/left' ? undefined : body.bytes();
    for await (const piece of whole === undefined ? body.pieces() : []) {
      seen.push(piece.toString());
      break;
    }
    t.throws(() => exchange.hijack(), { code: 'already-reading' });
    attempts += 1;
    if (whole !== undefined) {
      seen.push((await whole).toString());
      const { socket, head } = exchange.hijack();
      socket.end(`mine ${head}`);
    } else {
      exchange.respond(200, { connection: 'close' }, 'yours');
    }
  });
  for (const [path, answer] of [
    ['/left', /yours$/],
    ['/whole', /^mine behind$/],
  ] as const) {
    const client = connect().send(post(path, '12345').slice(0, -2));
    await eventually(() => attempts === (path === '/left' ? 1 : 2));
    client.send(path === '/left' ? '45' : '45behind');
    t.match(await client.ended(), answer, path);
  }
  t.same(seen, ['123', '12345']);
});

t.test('keeps no time for a socket that ended and was closed before it was taken', async (t) => {
  let exchange: Exchange | undefined;
  const { server } = await serve(t, (asked) => {
    exchange = asked;
  });
  const [ours, theirs] = duplexPair();
  server.serve(ours);
  theirs.end(get('/'));
  await eventually(() => exchange !== undefined && ours.readableEnded);
  theirs.destroy();
  await eventually(() => ours.closed);
  const { socket } = exchange!.hijack();
  t.equal(socket.closed, true);
  t.equal(server.settings.wheel.length, 0, 'no deadline is left');
});
