/**
 * Proxies, end to end: what they may see, and what they cannot do by hanging, lying or talking.
 */
import { connect, type Socket } from 'node:net';
import { type ConnectOptions, connectWebSocket, type HandshakeRefused } from 'barewire/client';
import t from 'tap';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { type RawRequest, type RawServer, rawServer } from '../support/raw-server.ts';
import { eventually } from '../support/sockets.ts';

const SECRETS = { Authorization: 'Bearer secret-1', Cookie: 'session=secret-2' };
/** A text message from the server. */
const HI = Buffer.from('81026869', 'hex');
const PROXY_SECRET = Buffer.from('user:secret-3').toString('base64');

/** Joins the client of a CONNECT with a server, after an answer. */
function tunnel(request: RawRequest, port: number, answer = 'HTTP/1.1 200 OK\r\n\r\n'): void {
  const near = request.socket;
  const far = connect(port, '127.0.0.1');
  near.removeAllListeners('data');
  for (const socket of [near, far]) socket.on('error', () => {});
  near.write(answer);
  near.pipe(far).pipe(near);
  far.on('close', () => near.destroy());
  near.on('close', () => far.destroy());
}

/** What an attempt through a proxy that answers so is rejected with. */
async function rejection(
  proxy: RawServer,
  options: ConnectOptions = {},
  world?: FakeWorld,
): Promise<{ name: string; code: string; status: number; by: string; body: Buffer }> {
  const way = { proxy: `http://127.0.0.1:${proxy.port}`, ...options };
  return connectWebSocket('ws://far.example/', way, world).then(
    () => Promise.reject(new Error('it was opened')),
    (error: unknown) => error as never,
  );
}

const answering = (text: string) => (request: RawRequest) => void request.socket.write(text);

for (const isTls of [false, true]) {
  t.test(`a proxy and a server see their own secrets only, TLS ${isTls}`, async (t) => {
    const tls = isTls ? { cert: CERTIFICATE, key: PRIVATE_KEY } : undefined;
    const server = await rawServer(t, (request) => request.switch('', HI), tls);
    const proxy = await rawServer(t, (request) => {
      if (request.field('proxy-authorization') !== `Basic ${PROXY_SECRET}`) {
        return request.socket.end(
          'HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm="p"\r\nContent-Length: 0\r\n\r\n',
        );
      }
      return tunnel(request, server.port);
    });
    const url = `${isTls ? 'wss' : 'ws'}://localhost:${server.port}/path-secret`;
    const options = { headers: SECRETS, tls: { ca: CERTIFICATE } };
    const far = `127.0.0.1:${proxy.port}`;
    const wrong = connectWebSocket(url, { ...options, proxy: `http://user:wrong@${far}` });
    const refusal = await wrong.catch((error: unknown) => error as HandshakeRefused);
    t.match(refusal, { by: 'proxy', status: 407 });
    t.equal((refusal as HandshakeRefused).fields.get('proxy-authenticate'), 'Basic realm="p"');
    await t.rejects(connectWebSocket(url, { ...options, proxy: `http://${far}` }), /407/);
    t.equal(server.connections(), 0, 'nobody came to the server');

    const peer = await connectWebSocket(url, { ...options, proxy: `http://user:secret-3@${far}` });
    const [first] = proxy.requests.slice(-1);
    const { value } = await peer[Symbol.asyncIterator]().next();
    t.equal(value, 'hi');
    peer.terminate();
    t.equal(first!.head.split('\r\n').length, 5, 'target, Host, credentials, and nothing else');
    t.match(first!.head, new RegExp(`^CONNECT localhost:${server.port} HTTP/1.1\r\n`));
    for (const request of proxy.requests) {
      t.notOk(/secret-1|secret-2|path-secret/.test(request.text));
    }
    const [handshake] = server.requests;
    for (const secret of Object.values(SECRETS)) t.ok(handshake!.text.includes(secret), secret);
    t.notOk(handshake!.text.includes(PROXY_SECRET));
    t.notOk(/proxy-auth/i.test(handshake!.text));

    // And who stands in the URL of the server is no business of the proxy either.
    const named = await connectWebSocket(url.replace('//', '//me:secret-4@'), {
      tls: options.tls,
      proxy: `http://user:secret-3@${far}`,
    });
    named.terminate();
    const credentials = Buffer.from('me:secret-4').toString('base64');
    t.notOk(proxy.requests.at(-1)!.text.includes(credentials));
    t.ok(server.requests.at(-1)!.text.includes(credentials));
  });
}

t.test('what is glued to the 200 is the server’s first word, and judged as that', async (t) => {
  for (const [glued, code] of [
    ['garbage\r\n\r\n', 'bad-status-line'],
    // It came before the key was drawn.
    ['HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n', 'bad-accept'],
  ] as const) {
    const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
    const tail = code === 'bad-accept' ? accept : '';
    const proxy = await rawServer(t, answering(`HTTP/1.1 200 OK\r\n\r\n${glued}${tail}`));
    const error = await rejection(proxy);
    t.equal(error.name, 'ProtocolError', glued);
    if (code === 'bad-accept') t.equal(error.code, code);
  }
});

t.test('fields of a 200 frame nothing: the tunnel begins behind the head', async (t) => {
  const server = await rawServer(t, (request) => request.switch());
  for (const fields of ['Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', '']) {
    const answer = `HTTP/1.1 100 Wait\r\n\r\nHTTP/1.1 200 Fine\r\n${fields}\r\n`;
    const proxy = await rawServer(t, (request) => tunnel(request, server.port, answer));
    const way = { proxy: `http://127.0.0.1:${proxy.port}` };
    const peer = await connectWebSocket(`ws://localhost:${server.port}/`, way);
    t.equal(peer.isOpen, true, fields);
    peer.terminate();
  }
});

t.test('an answer that is none, or no, is a refusal; a redirect is not followed', async (t) => {
  for (const [status, more] of [
    ['101 Switching Protocols', 'Upgrade: x\r\nConnection: Upgrade\r\n'],
    ['302 Found', 'Location: http://evil.example/\r\nContent-Length: 0\r\n'],
    ['403 No', 'Content-Length: 6\r\n\r\nbecaus'],
    ['502 Bad', 'Content-Length: 0\r\n'],
  ] as const) {
    const end = more.includes('\r\n\r\n') ? '' : '\r\n';
    const proxy = await rawServer(t, answering(`HTTP/1.1 ${status}\r\n${more}${end}`));
    const error = await rejection(proxy, { maxRedirects: 3 });
    t.ok(error.by === 'proxy' || error.name === 'ProtocolError', `${status}: ${error.name}`);
    t.equal(proxy.connections(), 1);
  }
});

t.test('an endless body of a refusal is cut off', async (t) => {
  let gone = false;
  const proxy = await rawServer(t, ({ socket }) => {
    socket.write('HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n');
    const talk = (): void => {
      while (!socket.destroyed && socket.write('400\r\n'.padEnd(5 + 1024, 'x').concat('\r\n')));
    };
    socket.on('drain', talk).on('close', () => {
      gone = true;
    });
    talk();
  });
  const error = await rejection(proxy);
  t.equal(error.status, 403);
  t.ok(error.body.length <= 4096, `${error.body.length} bytes are kept`);
  await eventually(() => gone);
});

t.test('a proxy that hangs, before or after its answer, is left at the deadline', async (t) => {
  for (const [name, words] of Object.entries({
    'says nothing': '',
    'half a head': 'HTTP/1.1 200 O',
    'interim answers only': 'HTTP/1.1 100 Wait\r\n\r\n',
    'a tunnel to nowhere': 'HTTP/1.1 200 OK\r\n\r\n',
  })) {
    const world = new FakeWorld();
    const sockets: Socket[] = [];
    const proxy = await rawServer(t, ({ socket }) => {
      sockets.push(socket);
      if (words !== '') socket.write(words);
    });
    const attempt = rejection(proxy, { handshakeTimeoutMs: 5_000 }, world);
    await eventually(() => sockets.length === 1);
    world.advance(4_999);
    let isOver = false;
    void attempt.then(() => {
      isOver = true;
    });
    await new Promise(setImmediate);
    t.equal(isOver, false, name);
    world.advance(1);
    t.equal((await attempt).code, 'handshake-timeout', name);
    await eventually(() => sockets[0]!.destroyed || sockets[0]!.readableEnded);
    t.strictSame(world.waiting, [], 'no alarm is left');
  }
});
