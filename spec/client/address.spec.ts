import { UsageError } from 'barewire/base';
import { parseHttpUrl, parseWebSocketUrl } from 'barewire/client';
import t from 'tap';
import { resolveAtSocket } from '../../lib/client/address.ts';

t.test('reads host, port and target, and knows the default ports [6455-4.1-3]', (t) => {
  const cases = [
    ['ws://a.example/chat?x=1', 'a.example', 80, 'a.example', '/chat?x=1', false],
    ['wss://a.example', 'a.example', 443, 'a.example', '/', true],
    ['ws://a.example:80/', 'a.example', 80, 'a.example', '/', false],
    ['wss://a.example:80/', 'a.example', 80, 'a.example:80', '/', true],
    ['ws://[::1]:9000/x', '::1', 9000, '[::1]:9000', '/x', false],
    ['WS://A.Example/%7Ea b', 'a.example', 80, 'a.example', '/%7Ea%20b', false],
    ['ws://bücher.example/', 'xn--bcher-kva.example', 80, 'xn--bcher-kva.example', '/', false],
    ['ws://127.1/', '127.0.0.1', 80, '127.0.0.1', '/', false],
  ] as const;
  for (const [url, hostname, port, host, target, isSecure] of cases) {
    t.match(parseWebSocketUrl(url), { hostname, port, host, target, isSecure }, url);
  }
  t.end();
});

t.test('takes http: and https: for ws: and wss:', (t) => {
  t.equal(parseWebSocketUrl('http://a:81/b').href, 'ws://a:81/b');
  t.equal(parseWebSocketUrl('https://a/b?d').href, 'wss://a/b?d');
  t.equal(parseWebSocketUrl(new URL('https://a:443/')).origin, 'wss://a');
  t.equal(parseWebSocketUrl('http://a:80/').origin, 'ws://a');
  t.end();
});

t.test('resolves a location against where it came from', (t) => {
  const base = parseWebSocketUrl('wss://a.example/x/y');
  t.equal(parseWebSocketUrl('z', base).href, 'wss://a.example/x/z');
  t.equal(parseWebSocketUrl('//b.example/z', base).href, 'wss://b.example/z');
  t.equal(parseWebSocketUrl('https://c.example/', base).href, 'wss://c.example/');
  t.end();
});

t.test('makes credentials of user and password', (t) => {
  t.equal(parseWebSocketUrl('ws://a/').authorization, undefined);
  const { authorization } = parseWebSocketUrl('ws://j%C3%BCrgen:a%3Ab%20c@a/');
  t.equal(authorization, `Basic ${Buffer.from('jürgen:a:b c').toString('base64')}`);
  t.throws(() => parseWebSocketUrl('ws://a%3Ab:c@a/'), { code: 'invalid-argument' });
  t.throws(() => parseWebSocketUrl('ws://%ff@a/'), { code: 'invalid-argument' });
  t.end();
});

t.test('refuses what is no URL of a WebSocket [6455-4.1-4]', (t) => {
  for (const url of ['', 'a', '/a', 'ws:', 'ws://', 'ws://a:99999/', 'ftp://a/', 'data:,a']) {
    t.throws(() => parseWebSocketUrl(url), UsageError, url);
  }
  t.end();
});

t.test('refuses a host that no Host field can hold', (t) => {
  for (const host of ['a"b', 'a`b', 'a{b', 'a}b', 'a%22b']) {
    t.throws(() => parseWebSocketUrl(`ws://${host}/`), { code: 'invalid-argument' }, host);
    t.throws(() => parseHttpUrl(`http://${host}/`), { code: 'invalid-argument' }, host);
  }
  t.end();
});

t.test('refuses a fragment, and cuts it off a location', (t) => {
  for (const url of ['ws://a/#b', 'ws://a/#', 'https://a/?b#c']) {
    t.throws(() => parseWebSocketUrl(url), { code: 'invalid-argument' }, url);
  }
  t.equal(parseWebSocketUrl('/b#c', parseWebSocketUrl('ws://a/')).href, 'ws://a/b');
  t.equal(parseWebSocketUrl('ws://a/%23').target, '/%23');
  t.end();
});

t.test('reads the URL of an event stream, which keeps its fragment', (t) => {
  t.match(parseHttpUrl('https://u:p@[::1]:8443/a?b#c'), {
    href: 'https://u:p@[::1]:8443/a?b#c',
    origin: 'https://[::1]:8443',
    isSecure: true,
    hostname: '::1',
    port: 8443,
    host: '[::1]:8443',
    target: '/a?b',
    authorization: 'Basic dTpw',
  });
  t.equal(parseHttpUrl('http://a').port, 80);
  t.equal(parseHttpUrl('../c', parseHttpUrl('http://a/b/')).href, 'http://a/c');
  for (const url of ['ws://a/', 'ftp://a/', 'a', '']) {
    t.throws(() => parseHttpUrl(url), { code: 'invalid-argument' }, url);
  }
  t.end();
});

t.test('ws+unix: a path to a socket, a colon, a target', (t) => {
  const cases = [
    ['ws+unix:/run/a.sock:/chat?x=1:2', '/run/a.sock', '/chat?x=1:2', false],
    ['ws+unix:///run/a.sock:/chat', '/run/a.sock', '/chat', false],
    ['wss+unix:/run/a.sock:/', '/run/a.sock', '/', true],
    ['ws+unix:/run/a.sock', '/run/a.sock', '/', false],
    ['ws+unix:/run/a.sock?x=1', '/run/a.sock', '/?x=1', false],
    ['ws+unix:/run/a.sock:', '/run/a.sock', '/', false],
    ['ws+unix:/run/a%3Ab%20c:/d:e%20f', '/run/a:b c', '/d:e%20f', false],
    ['ws+unix:a.sock:/x', 'a.sock', '/x', false],
  ] as const;
  for (const [url, socketPath, target, isSecure] of cases) {
    const address = parseWebSocketUrl(url);
    t.match(address, { socketPath, target, isSecure, host: 'localhost', hostname: 'localhost' });
    t.equal(address.authorization, undefined);
    t.match(
      parseWebSocketUrl(address.href),
      { socketPath, target, isSecure },
      'href says the same',
    );
  }
  t.equal(parseWebSocketUrl('ws://a/').socketPath, undefined);
  for (const bad of [
    ...['ws+unix:', 'ws+unix://', 'ws+unix::/x', 'ws+unix://host/run/a.sock:/x'],
    ...['ws+unix:/a%00b:/x', 'ws+unix:/a%ff:/x', 'ws+unix:/a:/x#y', 'http+unix:/a:/x'],
  ]) {
    t.throws(() => parseWebSocketUrl(bad), { code: 'invalid-argument' }, bad);
  }
  t.throws(() => parseHttpUrl('ws+unix:/a:/x'), { code: 'invalid-argument' });
  const base = parseWebSocketUrl('ws://a/');
  t.throws(
    () => parseWebSocketUrl('ws+unix:/a:/x', base),
    { code: 'invalid-argument' },
    'location',
  );
  t.end();
});

t.test('a location that comes over a unix socket stays there', (t) => {
  const from = parseWebSocketUrl('ws+unix:/run/a.sock:/x/y');
  t.match(resolveAtSocket('z?q', from), { socketPath: '/run/a.sock', target: '/x/z?q' });
  t.match(resolveAtSocket('/z', from), { origin: from.origin, target: '/z' });
  t.match(resolveAtSocket('http://localhost/z', from), { socketPath: '/run/a.sock' });
  for (const away of [
    '//b/z',
    'ws://localhost/z',
    'http://localhost:81/',
    'ws+unix:/b:/z',
    'http://',
  ]) {
    t.equal(resolveAtSocket(away, from), undefined, away);
  }
  t.equal(resolveAtSocket('/z', parseWebSocketUrl('ws://a/')), undefined);
  t.end();
});
