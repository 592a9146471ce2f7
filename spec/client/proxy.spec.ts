import { once } from 'node:events';
import { type AddressInfo, createServer, type LookupFunction } from 'node:net';
import { UsageError } from 'barewire/base';
import { HandshakeRefused } from 'barewire/client';
import t from 'tap';
import { parseWebSocketUrl } from '../../lib/client/address.ts';
import { dial } from '../../lib/client/dial.ts';
import { openTunnel, resolveProxy } from '../../lib/client/proxy.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { rawServer } from '../support/raw-server.ts';

const calm = new AbortController().signal;

t.test('reads the settings of a proxy, credentials of its URL included', (t) => {
  t.match(resolveProxy('http://p'), { isSecure: false, hostname: 'p', port: 80 });
  t.match(resolveProxy('https://[::1]:8443'), { isSecure: true, hostname: '::1', port: 8443 });
  const { fields } = resolveProxy({ url: 'http://u:s@p', headers: { 'x-a': 'b' } });
  t.equal(fields.get('proxy-authorization'), `Basic ${Buffer.from('u:s').toString('base64')}`);
  t.equal(fields.get('x-a'), 'b');
  for (const bad of ['p', 'ftp://p', '']) t.throws(() => resolveProxy(bad), UsageError);
  t.end();
});

t.test('asks for a tunnel to host and port, and gets the bytes behind the answer', async (t) => {
  const { port, requests } = await rawServer(t, (request) => {
    request.socket.write('HTTP/1.1 200 OK\r\n\r\nbehind');
  });
  const proxy = resolveProxy(`http://127.0.0.1:${port}`);
  const stream = await openTunnel(parseWebSocketUrl('ws://far.example/x'), proxy, {}, calm);
  t.match(requests[0]!.head, /^CONNECT far\.example:80 HTTP\/1\.1\r\nHost: far\.example:80\r\n/);
  const behind = new Promise((resolve) => stream.once('data', resolve));
  stream.resume();
  t.equal(String(await behind), 'behind');
  stream.destroy();
});

t.test('rejects with what the proxy said', async (t) => {
  const { port } = await rawServer(t, (request) => {
    request.socket.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n');
  });
  const proxy = resolveProxy(`http://127.0.0.1:${port}`);
  const attempt = openTunnel(parseWebSocketUrl('ws://far.example'), proxy, {}, calm);
  await t.rejects(attempt, HandshakeRefused);
});

t.test('reaches the proxy from the address and by the names that the caller gave', async (t) => {
  const { port, requests } = await rawServer(t, (request) => {
    request.socket.write('HTTP/1.1 200 OK\r\n\r\n');
  });
  const asked: string[] = [];
  const lookup: LookupFunction = (name, { all }, done) => {
    asked.push(name);
    if (all) done(null, [{ address: '127.0.0.1', family: 4 }]);
    else done(null, '127.0.0.1', 4);
  };
  const options = { proxy: `http://proxy.invalid:${port}`, localAddress: '127.0.0.9', lookup };
  const stream = await dial(parseWebSocketUrl('ws://far.example'), undefined, options, calm);
  t.strictSame(asked, ['proxy.invalid']);
  t.equal(requests[0]!.socket.remoteAddress, '127.0.0.9');
  stream.destroy();
});

t.test('leaves no connection to a proxy whose TLS options are bad', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const ended = once(server, 'connection').then(([socket]) => once(socket.resume(), 'close'));
  const proxy = resolveProxy({ url: `https://127.0.0.1:${port}`, tls: { key: 'no key' } });
  await t.rejects(openTunnel(parseWebSocketUrl('ws://far.example'), proxy, {}, calm), Error);
  await t.resolves(ended);
});

t.test('takes a URL or settings with one, and the ports of the schemes', (t) => {
  t.match(resolveProxy('https://p'), { isSecure: true, port: 443 });
  t.match(resolveProxy(new URL('http://p:81')), { isSecure: false, port: 81 });
  const tls = { ca: CERTIFICATE };
  t.match(resolveProxy({ url: new URL('https://p:1'), tls }), { port: 1, tls });
  for (const bad of [null, 5, true, undefined, () => 'http://p', {}, { url: 'p' }, { host: 'p' }]) {
    t.throws(() => resolveProxy(bad as never), { name: 'UsageError', code: 'invalid-option' });
  }
  const smuggled = { url: 'http://p', headers: { 'x-a': 'b\r\nc: d' } };
  t.throws(() => resolveProxy(smuggled), { code: 'invalid-header' });
  t.end();
});

t.test('reaches a proxy by TLS, in which its credentials travel', async (t) => {
  const tls = { cert: CERTIFICATE, key: PRIVATE_KEY };
  const { port, requests } = await rawServer(
    t,
    (request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n\r\n');
    },
    tls,
  );
  const settings = { headers: { 'x-a': 'b' }, tls: { ca: CERTIFICATE } };
  const proxy = resolveProxy({ url: `https://u:s@localhost:${port}`, ...settings });
  const stream = await openTunnel(parseWebSocketUrl('ws://[2001:db8::1]:81'), proxy, {}, calm);
  t.equal('encrypted' in stream, true);
  stream.destroy();
  const credentials = Buffer.from('u:s').toString('base64');
  t.equal(
    requests[0]!.head,
    'CONNECT [2001:db8::1]:81 HTTP/1.1\r\nHost: [2001:db8::1]:81\r\nx-a: b\r\n' +
      `Proxy-Authorization: Basic ${credentials}\r\n\r\n`,
  );
  const stranger = resolveProxy(`https://localhost:${port}`);
  const misled = openTunnel(parseWebSocketUrl('ws://a'), stranger, {}, calm);
  await t.rejects(misled, { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } as never);
  t.equal(requests.length, 1, 'nothing is said to a proxy that nobody vouches for');
});
