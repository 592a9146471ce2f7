import type { Exchange } from 'barewire';
import { HandshakeRejected, ProtocolError } from 'barewire/base';
import t from 'tap';
import { get, post, readResponse, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

const fail = (error: unknown): never => {
  throw error;
};

t.test(
  'answers 500 when a handler throws or rejects before it answers, and reports it',
  async (t) => {
    const { connect, errors } = await serve(t, (exchange) =>
      exchange.path === '/sync' ? fail(new Error('one')) : Promise.reject(new Error('two')),
    );
    for (const path of ['/sync', '/async']) {
      const client = connect().send(get(path));
      const { status, body } = readResponse(await client.until('Error\n'));
      t.equal(status, 500);
      t.equal(body, '500 Internal Server Error\n', 'tells nothing of the inside');
    }
    t.match(errors, [{ message: 'one' }, { message: 'two' }]);
  },
);

t.test('keeps the connection after a 500', async (t) => {
  const { connect } = await serve(t, (exchange) =>
    exchange.path === '/bad' ? fail('a string') : exchange.respond(200, {}, 'fine'),
  );
  await connect()
    .send(get('/bad') + get('/'))
    .until('fine');
  t.pass();
});

t.test('cuts an answer that has begun, without a final chunk', async (t) => {
  const { connect, errors } = await serve(t, async (exchange) => {
    await exchange.stream(200).write('half');
    fail(new Error('in the middle'));
  });
  const wire = await connect().send(get('/')).ended();
  t.notMatch(wire, /0\r\n\r\n$/);
  t.match(errors, [{ message: 'in the middle' }]);
});

t.test(
  'answers with the status of an error that is the client’s fault, and reports nothing',
  async (t) => {
    const { connect, errors } = await serve(t, (exchange) =>
      exchange.path === '/rule'
        ? exchange.body.json()
        : fail(new HandshakeRejected(401, 'log in', { 'www-authenticate': 'Basic' })),
    );
    const client = connect().send(get('/rule') + get('/policy'));
    client.socket.end();
    const first = readResponse(await client.ended());
    t.equal(first.status, 415);
    t.match(readResponse(first.rest), {
      status: 401,
      body: 'log in\n',
      fields: { 'www-authenticate': 'Basic' },
    });
    t.same(errors, []);
  },
);

t.test('does not blame a client for what an upstream did, and reports it', async (t) => {
  const upstream = new ProtocolError('bad-content-length', 'of the upstream');
  const { connect, errors, server } = await serve(t, async (exchange) => {
    if (exchange.path === '/after') exchange.respond(200, {}, 'fine');
    throw upstream;
  });
  const client = connect().send(get('/before') + get('/after'));
  const first = readResponse(await client.until('fine'));
  t.equal(first.status, 500);
  t.equal(first.body, '500 Internal Server Error\n', 'tells nothing of the inside');
  await eventually(() => errors.length === 2);
  t.strictSame(errors, [upstream, upstream]);
  t.equal(server.stats().handlerErrors, 2);
});

t.test('does not blame a client for the body of another one', async (t) => {
  let other: Exchange | undefined;
  const { connect, errors } = await serve(t, async (exchange) => {
    if (exchange.path === '/first') other = exchange;
    else exchange.respond(200, {}, (await other!.body.json()) as string);
  });
  const first = connect().send(post('/first', 'no JSON'));
  await eventually(() => other !== undefined);
  const second = connect().send(get('/second'));
  t.equal(readResponse(await second.until('\r\n\r\n')).status, 500);
  t.match(errors, [{ code: 'unsupported-media-type' }]);
  first.close();
});

t.test(
  'cuts, and reports nothing, when the client’s fault shows after the answer has begun',
  async (t) => {
    const { connect, errors, server } = await serve(t, {
      maxBodyBytes: 10,
      async request(exchange) {
        const body = exchange.stream(200);
        await body.write('begun');
        await body.write(await exchange.body.bytes());
        body.end();
      },
    });
    const wire = await connect().send(post('/', 'more than ten bytes')).ended();
    t.match(wire, /^HTTP\/1\.1 200 [\s\S]*begun/);
    t.notMatch(wire, /0\r\n\r\n$/);
    t.same(errors, []);
    t.equal(server.stats().handlerErrors, 0);
  },
);

t.test('reports a failure that comes after the answer', async (t) => {
  const { connect, errors } = await serve(t, async (exchange) => {
    exchange.respond(200, {}, 'fine');
    await Promise.resolve();
    fail(new Error('afterwards'));
  });
  const client = connect().send(get('/') + get('/'));
  await client.until(/fine[\s\S]*fine/);
  await eventually(() => errors.length === 2);
  t.match(errors, [{ message: 'afterwards' }, { message: 'afterwards' }]);
});

t.test('reports an error whose own answer is bad, and cuts', async (t) => {
  const { connect, errors } = await serve(t, () =>
    fail(new HandshakeRejected(403, 'no', { 'a b': '' })),
  );
  t.equal(await connect().send(get('/')).ended(), '');
  t.match(errors, [{ code: 'invalid-header' }]);
});

t.test('says nothing about a handler that was aborted because its client has gone', async (t) => {
  const { connect, errors, server } = await serve(t, async (exchange) => {
    await new Promise((_resolve, reject) =>
      exchange.signal.addEventListener('abort', () => reject(exchange.signal.reason)),
    );
  });
  const client = connect().send(get('/'));
  await eventually(() => server.stats().requests === 1);
  client.socket.end();
  await client.ended();
  await eventually(() => server.stats().openConnections === 0);
  t.same(errors, []);
  t.same(server.stats().clientsGone, {}, 'cut by us');
});

t.test('answers 500 to a client that has only ended its side [9112-9.6-12]', async (t) => {
  const { connect, errors } = await serve(t, async (exchange) => {
    await new Promise((heard) => exchange.signal.addEventListener('abort', heard));
    if (exchange.path === '/mistake') fail(new Error('a mistake'));
    exchange.signal.throwIfAborted();
  });
  for (const path of ['/mistake', '/aborted']) {
    const client = connect().send(get(path));
    client.socket.end();
    const wire = await client.ended();
    t.equal(wire === '' ? 0 : readResponse(wire).status, 500, path);
  }
  t.match(errors, [{ message: 'a mistake' }], 'one that was aborted is no mistake');
});

t.test('reports what a handler throws for another reason after its client has gone', async (t) => {
  const { connect, errors, server } = await serve(t, async (exchange) => {
    await new Promise((done) => exchange.signal.addEventListener('abort', done));
    fail(new TypeError('a real mistake'));
  });
  const client = connect().send(get('/'));
  await eventually(() => server.stats().requests === 1);
  client.socket.resetAndDestroy();
  await eventually(() => errors.length === 1);
  t.match(errors, [{ message: 'a real mistake' }]);
});

t.test('takes a returned function for a clean-up', async (t) => {
  const seen: string[] = [];
  const { connect } = await serve(t, (exchange) => {
    exchange.respond(200, {}, 'ok');
    return exchange.path === '/sync'
      ? () => seen.push('sync')
      : Promise.resolve(() => seen.push('async'));
  });
  await connect()
    .send(get('/sync') + get('/async'))
    .until(/ok[\s\S]*ok/);
  await eventually(() => seen.length === 2);
  t.same(seen, ['sync', 'async']);
});

t.test('lets an exchange wait that was not answered when the handler returned', async (t) => {
  let held: Exchange | undefined;
  const { connect } = await serve(t, async (exchange) => {
    held = exchange;
  });
  const client = connect().send(get('/'));
  await eventually(() => held !== undefined);
  await new Promise((next) => setImmediate(next));
  t.equal(client.text, '');
  held!.respond(200, {}, 'at last');
  await client.until('at last');
});

t.test('destroys a hijacked socket whose hijacker throws', async (t) => {
  const { connect, errors } = await serve(t, (exchange) => {
    exchange.hijack();
    fail(new Error('after hijacking'));
  });
  t.equal(await connect().send(get('/')).ended(), '');
  t.match(errors, [{ message: 'after hijacking' }]);
});

t.test('says nothing about a handler that was told that HEAD needs no body', async (t) => {
  const { connect, errors, server } = await serve(t, async (exchange) => {
    const body = exchange.stream(200);
    await new Promise((_resolve, reject) => {
      if (body.signal.aborted) reject(body.signal.reason);
    });
  });
  const client = connect().send(`HEAD / HTTP/1.1\r\nhost: a\r\n\r\n${get('/', 'x: 1')}`);
  await client.until(/200[\s\S]*200/);
  t.same(errors, []);
  t.equal(server.stats().handlerErrors, 0);
});
