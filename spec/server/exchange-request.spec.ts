import type { Exchange } from 'barewire';
import t from 'tap';
import { get, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

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
