/** What a server does with requests, rule by rule [RFC 9110 §3, §6 – §10], [RFC 9112 §3.3, §9]. */
import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import type { Exchange } from 'barewire';
import t from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { recordTypes, relay } from '../support/relay.ts';
import { get, post, readResponse, readResponses, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

const HANDSHAKE = [
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
];
const ordinary = { websocket: {}, request: (exchange: Exchange) => exchange.respond(200, {}, 'x') };

t.test('nobody is asked before the head is complete [9110-5.3-5]', async (t) => {
  let calls = 0;
  const { connect } = await serve(t, (exchange) => {
    calls += 1;
    exchange.respond(200, {}, exchange.path);
  });
  const client = connect().send(`${get('/1')}${get('/2').slice(0, -2)}`);
  await client.until('/1');
  t.equal(calls, 1);
  client.send('\r\n');
  await client.until('/2');
  t.equal(calls, 2);
});

t.test('each request speaks for itself only [9110-3.3-1]', async (t) => {
  const { connect } = await serve(t, (exchange) =>
    exchange.respond(200, {}, `<${exchange.header('authorization')}>`),
  );
  const fields = ['Authorization: a', 'Authorization: b', undefined, 'Authorization: a', undefined];
  const client = connect();
  for (const field of fields) client.send(field === undefined ? get('/') : get('/', field));
  await eventually(() => client.text.split('<').length === 6);
  const bodies = readResponses(client.text).map(({ body }) => body);
  t.strictSame(bodies, ['<a>', '<b>', '<undefined>', '<a>', '<undefined>']);
});

t.test(
  'the target URI: target, or scheme of the connection and Host [9112-3.3-1 9112-3.3-2]',
  async (t) => {
    const tell = (exchange: Exchange): void =>
      exchange.respond(
        200,
        {},
        `${exchange.isSecure} ${exchange.host} ${exchange.path} ${exchange.query}`,
      );
    const { connect } = await serve(t, tell);
    for (const [target, expected] of [
      ['/p?q=1', 'false a /p q=1'],
      ['http://b:8/p?q=1', 'false b:8 /p q=1'],
      ['HTTP://b', 'false b / '],
    ] as const) {
      const client = connect().send(get(target, 'Connection: close'));
      t.equal(readResponse(await client.ended()).body, expected, target);
    }
    const { port } = await serve(t, {
      tls: { key: PRIVATE_KEY, cert: CERTIFICATE },
      request: tell,
    });
    const socket = tlsConnect({ port, host: '127.0.0.1', ca: CERTIFICATE });
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes;
    });
    socket.write(get('https://b/p', 'Connection: close'));
    await once(socket, 'end');
    t.equal(readResponse(text).body, 'true b /p ');
    socket.destroy();
  },
);

t.test('GET and HEAD are served alike, but for the content [9110-9.1-1]', async (t) => {
  const { connect } = await serve(t, (exchange) => exchange.respond(200, { etag: '"x"' }, 'hello'));
  const client = connect().send(get('/', 'Connection: close'));
  const head = connect().send(get('/', 'Connection: close').replace('GET', 'HEAD'));
  const full = await client.ended();
  t.match(full, /\r\n\r\nhello$/);
  t.equal(await head.ended(), full.slice(0, -'hello'.length));
});

t.test('final responses have a Date, those to broken requests too [9110-6.6.1-2]', async (t) => {
  const { connect } = await serve(t, (exchange) =>
    exchange.respond(Number(exchange.path.slice(1))),
  );
  const good = ['/200', '/204', '/301', '/304', '/404', '/500'].map((path) =>
    get(path, 'Connection: close'),
  );
  for (const wire of [
    ...good,
    'GET / HTTP/1.1\r\n\r\n',
    'x\r\n\r\n',
    get('/', `X: ${'y'.repeat(20_000)}`),
  ]) {
    const { fields } = readResponse(await connect().send(wire).ended());
    t.match(fields['date'], /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/, wire.slice(0, 20));
  }
});

t.test('Upgrade in an HTTP/1.0 request is ignored [9110-7.8-13]', async (t) => {
  const { connect } = await serve(t, ordinary);
  const wire = get('/', ...HANDSHAKE);
  const old = connect().send(wire.replace('HTTP/1.1', 'HTTP/1.0'));
  t.match(await old.ended(), /^HTTP\/1\.1 200 OK\r\n/);
  t.equal(readResponse(old.text).body, 'x');
  t.match(await connect().send(wire).until('\r\n\r\n'), /^HTTP\/1\.1 101 /, 'but not in HTTP/1.1');
});

t.test(
  '101 names the protocol, and nothing that is a client’s to say [9110-7.8-5 9110-7.8-6 9110-7.8-12 ' +
    '9110-15.2.2-1 9110-2.2-2]',
  async (t) => {
    const { connect } = await serve(t, ordinary);
    const { status, fields } = readResponse(
      await connect()
        .send(get('/', ...HANDSHAKE))
        .until('\r\n\r\n'),
    );
    t.equal(status, 101);
    t.equal(fields['upgrade'], 'websocket');
    t.match(fields['connection'], /^upgrade$/i);
    for (const name of [
      'sec-websocket-key',
      'sec-websocket-version',
      'host',
      'origin',
      'te',
      'expect',
    ]) {
      t.equal(fields[name], undefined, name);
    }
  },
);

t.test('Upgrade is a list of names, with versions or without [9110-7.8-3]', async (t) => {
  const { connect } = await serve(t, ordinary);
  for (const [list, status] of [
    ['h2c, WebSocket', 101],
    [', websocket ,x', 101],
    ['websocket/13', 200],
    ['x/1', 200],
  ] as const) {
    const client = connect().send(get('/', `Upgrade: ${list}`, ...HANDSHAKE.slice(1)));
    t.equal(readResponse(await client.until('\r\n\r\n')).status, status, list);
  }
});

t.test(
  'no protocol is switched to that was not asked for, or not by GET [9110-7.8-7 9110-7.8-11]',
  async (t) => {
    const { connect } = await serve(t, { request: (exchange) => void exchange.accept() });
    const wires = [
      get('/'),
      get('/', ...HANDSHAKE.slice(1)),
      get('/', 'Upgrade: h2c', ...HANDSHAKE.slice(1)),
      get('/', HANDSHAKE[0]!, ...HANDSHAKE.slice(2)),
      post('/', 'body', ...HANDSHAKE),
      `${get('/', 'Content-Length: 4', ...HANDSHAKE)}body`,
    ];
    for (const wire of wires) {
      const text = await connect().send(wire).until('\r\n\r\n');
      t.match(text, /^HTTP\/1\.1 4\d\d /, wire);
    }
  },
);

t.test('426 names the protocol that is wanted [9110-7.8-9 9110-15.5.22-1]', async (t) => {
  const { connect } = await serve(t, { websocket: {} });
  const text = await connect().send(get('/')).until('\r\n\r\n');
  const { status, fields } = readResponse(text);
  t.match([status, fields], [426, { upgrade: 'websocket', connection: 'upgrade' }]);
});

t.test(
  'an upgrade with a body, expected or not, is refused before 101 [9110-7.8-15]',
  async (t) => {
    const { connect } = await serve(t, ordinary);
    const fields = ['Expect: 100-continue', 'Content-Length: 4', ...HANDSHAKE];
    const client = connect().send(get('/', ...fields));
    t.match(await client.until('\r\n\r\n'), /^HTTP\/1\.1 400 /);
  },
);

t.test(
  'who expects 100 gets it, or an answer, before the body [9110-10.1.1-1 9110-10.1.1-10 9110-10.1.1-12 ' +
    '9110-10.1.1-13]',
  async (t) => {
    const { connect } = await serve(t, async (exchange) => {
      if (exchange.path === '/no') return exchange.reject(413);
      return exchange.respond(200, {}, await exchange.body.bytes());
    });
    for (const value of ['100-continue', '100-Continue', ' ,100-CONTINUE,']) {
      const head = post('/', 'body', `Expect: ${value}`).slice(0, -'body'.length);
      const client = connect().send(head);
      t.match(
        await client.until('\r\n\r\n'),
        /^HTTP\/1\.1 100 Continue\r\n\r\n$/,
        'before any of the body',
      );
      client.send('body');
      t.match(await client.until('body'), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    }
    const refused = connect().send(post('/no', 'body', 'Expect: 100-continue').slice(0, -4));
    t.match(await refused.until('\r\n\r\n'), /^HTTP\/1\.1 413 /);
  },
);

t.test(
  'other expectations are answered with 417, and old clients have none [9110-10.1.1-8 9110-15.5.18-1]',
  async (t) => {
    const { connect } = await serve(t, async (exchange) =>
      exchange.respond(200, {}, await exchange.body.bytes()),
    );
    for (const value of ['x', '100-continue, x', '200-ok']) {
      const client = connect().send(post('/', 'body', `Expect: ${value}`));
      t.match(await client.ended(), /^HTTP\/1\.1 417 /, value);
    }
    const old = post('/', 'body', 'Expect: 100-continue').replace('HTTP/1.1', 'HTTP/1.0');
    t.match(await connect().send(old).ended(), /^HTTP\/1\.1 200 /);
  },
);

t.test('a server that keeps no connection says so [9112-9.3-6]', async (t) => {
  const { connect } = await serve(t, {
    maxRequestsPerConnection: 1,
    request: (exchange) => exchange.respond(exchange.path === '/no' ? 404 : 200),
  });
  for (const path of ['/', '/no']) {
    const client = connect().send(get(path) + get('/second'));
    const text = await client.ended();
    t.equal(readResponses(text).length, 1);
    t.equal(readResponse(text).fields['connection'], 'close');
  }
});

t.test('over TLS everything is TLS, to the closure alert [9112-9.7-1 9112-9.8-7]', async (t) => {
  const { port } = await serve(t, {
    tls: { key: PRIVATE_KEY, cert: CERTIFICATE, maxVersion: 'TLSv1.2' },
    request: (exchange) => exchange.respond(200, {}, 'a secret'),
  });
  const { connections, port: relayPort } = await relay(t, port);
  const socket = tlsConnect({ port: relayPort, host: '127.0.0.1', ca: CERTIFICATE });
  let text = '';
  socket.on('data', (bytes: Buffer) => {
    text += bytes;
  });
  socket.write(get('/', 'Connection: close'));
  await once(socket, 'end');
  await eventually(() => connections[0]!.isOver);
  t.match(text, /a secret$/);
  const types = recordTypes(Buffer.concat(connections[0]!.fromServer));
  t.ok(
    types.every((type) => type >= 20 && type <= 23),
    String(types),
  );
  t.equal(types.at(-1), 21, 'an alert is the last');
  t.equal(Buffer.concat(connections[0]!.fromServer).includes('a secret'), false);
  socket.destroy();
});
