import type { Exchange, ServerOptions } from 'barewire';
import t from 'tap';
import { get, serve } from '../support/serving.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

/** Shows a request to a spec. */
async function show(t: Parameters<typeof serve>[0], request: string): Promise<Exchange> {
  let shown: Exchange | undefined;
  const { connect } = await serve(t, (exchange) => {
    shown = exchange;
    exchange.respond(200);
  });
  connect().send(request);
  await eventually(() => shown !== undefined);
  return shown!;
}

t.test('keeps method and target as they came', async (t) => {
  const exchange = await show(
    t,
    'm-search /%7euser/?a=%20#b HTTP/1.1\r\nhost: a\r\n\r\n'.replace('#b', ''),
  );
  t.equal(exchange.method, 'm-search');
  t.equal(exchange.target, '/%7euser/?a=%20');
  t.equal(exchange.path, '/%7euser/');
  t.equal(exchange.query.get('a'), ' ');
});

t.test('takes query names that are names of object members for names', async (t) => {
  const { query } = await show(t, get('/?__proto__=a&constructor=b&=c&d'));
  t.same(
    [...query],
    [
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['', 'c'],
      ['d', ''],
    ],
  );
});

t.test('takes what follows the first question mark for the query, whatever it is', async (t) => {
  t.same([...(await show(t, get('/q??a=1'))).query], [['?a', '1']]);
  t.same([...(await show(t, get('/q?a=1?b'))).query], [['a', '1?b']]);
  t.same([...(await show(t, get('/q?'))).query], []);
});

t.test('knows asterisk and authority for what they are', async (t) => {
  const options = await show(t, 'OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n');
  t.same([options.path, options.host], ['*', 'a']);
  const connect = await show(t, 'CONNECT b.example:443 HTTP/1.1\r\nhost: b.example:443\r\n\r\n');
  t.same([connect.path, connect.host, connect.wantsUpgrade], ['', 'b.example:443', true]);
  t.equal(connect.wantsWebSocket, false);
});

t.test('takes the host of CONNECT from its target, whatever Host says [9112-3.3-3]', async (t) => {
  const exchange = await show(t, 'CONNECT b.example:22 HTTP/1.1\r\nhost: a.example\r\n\r\n');
  t.equal(exchange.host, 'b.example:22');
});

t.test('has no host when HTTP/1.0 names none', async (t) => {
  const exchange = await show(t, 'GET / HTTP/1.0\r\n\r\n');
  t.same([exchange.host, exchange.version], ['', '1.0']);
});

t.test('knows the client as long as it asks in time, and its clean-ups always', async (t) => {
  const seen: string[] = [];
  const { connect, server } = await serve(t, (exchange) => {
    exchange.onClose(() => seen.push(exchange.client.address));
    exchange.stream(200);
  });
  const client = connect().send(get('/'));
  await client.until('200');
  client.socket.resetAndDestroy();
  await eventually(() => server.stats().openConnections === 0);
  t.same(seen, ['127.0.0.1']);
});

/** Shows a request that came over a stream of this kind; `undefined` when no handler was asked. */
async function showOver(
  t: Parameters<typeof serve>[0],
  isSecure: boolean,
  request: string,
  options: ServerOptions = {},
): Promise<Exchange | undefined> {
  let shown: Exchange | undefined;
  const { server } = await serve(t, {
    ...options,
    request(exchange) {
      shown = exchange;
      exchange.respond(200);
    },
  });
  const [ours, theirs] = duplexPair();
  server.serve(ours, { isSecure });
  let wire = '';
  theirs.on('data', (bytes: Buffer) => {
    wire += bytes.toString('latin1');
  });
  theirs.write(request);
  await eventually(() => wire.includes('\r\n\r\n'));
  theirs.destroy();
  return shown;
}

t.test('a target of the other scheme is misdirected, unless any scheme will do', async (t) => {
  const asked = (target: string): string => `GET ${target} HTTP/1.1\r\nhost: b\r\n\r\n`;
  const plain = await showOver(t, false, asked('http://b/x?y'));
  t.match(plain, { isSecure: false, isMisdirected: false, path: '/x', host: 'b' });
  const secure = await showOver(t, true, asked('https://b/x'));
  t.match(secure, { isSecure: true, isMisdirected: false });
  t.match(await showOver(t, true, asked('/x')), { isSecure: true, isMisdirected: false });
  t.equal(await showOver(t, false, asked('https://b/x')), undefined);
  t.equal(await showOver(t, true, asked('http://b/x')), undefined);
  const behindProxy = await showOver(t, false, asked('https://b/x'), { allowAnyScheme: true });
  t.match(behindProxy, { isSecure: false, isMisdirected: false, target: 'https://b/x' });
});

t.test('looks fields up case-blind, and knows who wants a WebSocket', async (t) => {
  const wanting = ['upgrade: h2c, WebSocket', 'connection: upgrade', 'X-A: 1', 'x-a: 2'];
  const exchange = await show(t, get('/', ...wanting));
  t.equal(exchange.header('x-A'), '1, 2');
  t.equal(exchange.header('x-b'), undefined);
  t.strictSame([exchange.wantsUpgrade, exchange.wantsWebSocket], [true, true]);
  const other = await show(t, get('/', 'upgrade: h2c', 'connection: upgrade'));
  t.strictSame([other.wantsUpgrade, other.wantsWebSocket], [true, false]);
  const none = await show(t, get('/', 'upgrade: websocket'));
  t.strictSame([none.wantsUpgrade, none.wantsWebSocket], [false, false]);
});
