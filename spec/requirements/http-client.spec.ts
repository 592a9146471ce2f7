/** What our client asks and how it reads answers, rule by rule [RFC 9112 §3, §5, §6, §9]. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ProtocolError } from 'barewire/base';
import { connectWebSocket, EventSource, parseHttpUrl, parseWebSocketUrl } from 'barewire/client';
import { type ResponseHead, ResponseReader } from 'barewire/http';
import t from 'tap';
import { openTunnel, resolveProxy } from '../../lib/client/proxy.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { response, verdict } from '../support/http-verdicts.ts';
import { rawServer } from '../support/raw-server.ts';
import { recordTypes, relay } from '../support/relay.ts';
import { serve } from '../support/serving.ts';
import { eventually, listen } from '../support/sockets.ts';

const calm = new AbortController().signal;

/** The requests of both clients for a URL, each as it came. */
async function ask(t: Parameters<typeof rawServer>[0], path: string, user = ''): Promise<string[]> {
  const texts: string[] = [];
  const server = await rawServer(t, (request) => {
    texts.push(request.text);
    request.socket.end('HTTP/1.1 204 No\r\n\r\n');
  });
  await connectWebSocket(`ws://${user}127.0.0.1:${server.port}${path}`).catch(() => {});
  const source = new EventSource(`http://${user}127.0.0.1:${server.port}${path}`);
  await eventually(() => texts.length === 2);
  source.close();
  return texts.map((text) => text.replaceAll(String(server.port), 'PORT'));
}

t.test(
  'asks by path and Host, in one head [9112-2.2-5 9112-3.2-5 9112-3.2.1-1 9112-3.2.1-2 9110-6.2-2 9110-7.2-2]',
  async (t) => {
    for (const [path, target] of [
      ['', '/'],
      ['?a', '/?a'],
      ['/b/c?d=/?', '/b/c?d=/?'],
    ] as const) {
      for (const text of await ask(t, path)) {
        const [line, host] = text.split('\r\n');
        t.equal(line, `GET ${target} HTTP/1.1`);
        t.equal(host, 'Host: 127.0.0.1:PORT');
        t.equal(text.match(/^host:/gim)?.length, 1);
        t.equal(text.indexOf('\r\n\r\n'), text.length - 4, 'nothing behind it');
      }
    }
  },
);

t.test('tells no password where it does not belong [9112-3.2-6 9110-4.2.4-1]', async (t) => {
  for (const text of await ask(t, '/x', 'user:secret@')) {
    t.match(text, /^GET \/x HTTP\/1\.1\r\nHost: 127\.0\.0\.1:PORT\r\n/);
    t.notMatch(text, /secret|user|@/);
    t.match(text, `\r\nAuthorization: Basic ${Buffer.from('user:secret').toString('base64')}\r\n`);
  }
});

t.test('asks for no URI without a host [9110-4.2.1-1 9110-4.2.2-1]', (t) => {
  for (const rest of ['', '/', ':80/', '?x', ':', 'u@/']) {
    for (const scheme of ['http', 'https', 'ws', 'wss']) {
      const url = `${scheme}://${rest}`;
      const parse = scheme.startsWith('h') ? parseHttpUrl : parseWebSocketUrl;
      t.throws(() => parse(url), { code: 'invalid-argument' }, url);
    }
  }
  t.end();
});

t.test('asks for a secure resource by TLS or not at all [9110-4.2.2-3]', async (t) => {
  const first: (number | undefined)[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (bytes: Buffer) => {
      first.push(bytes[0]);
      socket.end('HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n');
    });
  });
  const port = await listen(server);
  t.teardown(() => server.close());
  for (const scheme of ['wss', 'https']) {
    await t.rejects(connectWebSocket(`${scheme}://127.0.0.1:${port}/`));
  }
  t.strictSame(first, [22, 22], 'a TLS handshake');
});

t.test('says nothing more before the answer [9110-7.8-14]', async (t) => {
  let behind: string | undefined;
  const server = await rawServer(t, (request) => {
    setImmediate(() => {
      behind = request.text.slice(request.head.length);
      request.switch();
    });
  });
  const peer = await connectWebSocket(`ws://127.0.0.1:${server.port}/`);
  t.equal(behind, '');
  peer.send('x');
  await eventually(() => server.requests[0]!.text.length > server.requests[0]!.head.length);
  peer.terminate();
});

t.test(
  'asks a proxy for host and port, and reads no framing in its yes [9112-3.2.3-1 9112-6.3-2 9112-6.3-3 ' +
    '9110-9.3.6-1 9110-9.3.6-7 9110-7.1-1]',
  async (t) => {
    const { port, requests } = await rawServer(t, ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\nbehind');
    });
    const proxy = resolveProxy(`http://127.0.0.1:${port}`);
    for (const [url, target] of [
      ['ws://far.example/x?y', 'far.example:80'],
      ['wss://[::1]/', '[::1]:443'],
    ] as const) {
      const stream = await openTunnel(parseWebSocketUrl(url), proxy, {}, calm);
      t.equal(requests.at(-1)!.head.split('\r\n')[0], `CONNECT ${target} HTTP/1.1`);
      stream.resume();
      t.equal(String((await once(stream, 'data'))[0]), 'behind');
      stream.destroy();
    }
  },
);

/** Reads responses to requests with these methods, and tells what was reported, in order. */
function read(methods: readonly string[], wire: string): unknown[] {
  const seen: unknown[] = [];
  const reader = new ResponseReader({
    head: ({ status, isInterim }: ResponseHead) => seen.push(isInterim ? [status] : status),
    body: (bytes) => seen.push(bytes.toString()),
    end: () => seen.push('end'),
    failed: ({ code }) => seen.push(code),
  });
  for (const method of methods) reader.expect(method);
  reader.receive(Buffer.from(wire, 'latin1'));
  return seen;
}

t.test(
  'each response belongs to the oldest request [9112-9.2-1 9112-9.2-2 9110-15.2-2 9110-6-1]',
  (t) => {
    const length = 'Content-Length: 2\r\n\r\n';
    const wire =
      `HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 x\r\nLink: y\r\n\r\nHTTP/1.1 200 x\r\n${length}` +
      `HTTP/1.1 102 x\r\n\r\nHTTP/1.1 404 x\r\n${length}noHTTP/1.1 200 x\r\n${length}`;
    const expected = [[100], [103], 200, 'end', [102], 404, 'no', 'end', 200, 'end'];
    t.strictSame(read(['HEAD', 'GET', 'HEAD'], wire), expected);
    t.end();
  },
);

t.test('what nobody asked for is no response [9112-9.2-3 9112-6.3-23]', (t) => {
  const ok = 'HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nok';
  t.strictSame(read([], ok), ['unsolicited-response']);
  t.strictSame(read(['GET'], `${ok}${ok}`), [200, 'ok', 'end', 'unsolicited-response']);
  t.strictSame(read(['GET'], `${ok}surplus`), [200, 'ok', 'end', 'unsolicited-response']);
  t.end();
});

t.test('a status that nobody knows is one of its class [9110-15-1]', (t) => {
  t.strictSame(read(['GET'], 'HTTP/1.1 199 x\r\n\r\n'), [[199]]);
  t.match(response('HTTP/1.1 299 x\r\n\r\ntunnel', 'CONNECT').messages, [
    { head: { upgrade: true } },
  ]);
  for (const status of [299, 399, 499, 599]) {
    t.strictSame(read(['GET'], `HTTP/1.1 ${status} x\r\nContent-Length: 1\r\n\r\ny`), [
      status,
      'y',
      'end',
    ]);
  }
  t.end();
});

t.test(
  'a response whose length is in doubt is dropped with its connection [9112-6.3-12]',
  async (t) => {
    const server = await rawServer(t, (request) => {
      request.socket.write('HTTP/1.1 403 No\r\nContent-Length: 5, 6\r\n\r\nhello');
    });
    const attempt = connectWebSocket(`ws://127.0.0.1:${server.port}/`);
    await t.rejects(attempt, { code: 'bad-content-length' } as never);
    await eventually(
      () => server.requests[0]!.socket.destroyed || server.requests[0]!.socket.readableEnded,
    );
    t.equal(new ProtocolError('bad-content-length').source, 'RFC 9112 §6.3');
    t.equal(server.connections(), 1);
  },
);

t.test('a connection that is said to end is used no more [9112-9.6-9]', async (t) => {
  const server = await rawServer(t, (request) => {
    request.socket.write('HTTP/1.1 404 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  await t.rejects(connectWebSocket(`ws://127.0.0.1:${server.port}/`), { status: 404 } as never);
  const { socket, text, head } = server.requests[0]!;
  await eventually(() => socket.destroyed || socket.readableEnded);
  t.equal(text, head);
  t.strictSame(
    read(
      ['GET', 'GET'],
      'HTTP/1.1 200 x\r\nConnection: close\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 x\r\n',
    ),
    [200, 'end'],
  );
  t.equal(verdict(response('HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n')), 'ok');
});

t.test('one connection a stream, and its server is told so [9112-9.3-5 9112-9.6-3]', async (t) => {
  const server = await rawServer(t, (request) => {
    request.socket.write('HTTP/1.1 204 No\r\n\r\n');
  });
  const source = new EventSource(`http://127.0.0.1:${server.port}/`);
  await eventually(() => server.requests.length === 1);
  const { socket, head } = server.requests[0]!;
  t.match(head, /\r\nConnection: close\r\n/);
  await eventually(() => socket.destroyed || socket.readableEnded);
  t.equal(server.connections(), 1);
  source.close();
});

t.test('a WebSocket ends TLS with its alert', async (t) => {
  const tls = { key: PRIVATE_KEY, cert: CERTIFICATE, maxVersion: 'TLSv1.2' } as const;
  const { port } = await serve(t, { tls, websocket: {} });
  const relayed = await relay(t, port);
  const url = `wss://127.0.0.1:${relayed.port}/`;
  const peer = await connectWebSocket(url, { tls: { ca: CERTIFICATE } });
  peer.attach({});
  await peer.close(1000);
  const [connection] = relayed.connections;
  await eventually(() => recordTypes(Buffer.concat(connection!.fromClient)).at(-1) === 21);
  t.equal(relayed.connections.length, 1);
});
