/** WebSocket URLs, rule by rule [RFC 6455 §3, §11.1]. */
import { parseWebSocketUrl } from 'barewire/client';
import t from 'tap';

t.test('a scheme in any case says whether TLS comes first [6455-3-3 6455-2.1-2]', (t) => {
  for (const scheme of ['ws', 'WS', 'Ws']) {
    t.match(parseWebSocketUrl(`${scheme}://a/`), { isSecure: false, port: 80 });
  }
  for (const scheme of ['wss', 'WSS', 'wSs']) {
    t.match(parseWebSocketUrl(`${scheme}://a/`), { isSecure: true, port: 443 });
  }
  // Only the 26 letters of ASCII have two cases: the long s and the Kelvin sign are others.
  for (const scheme of ['wſ', 'wſs', 'w\u212a']) {
    t.throws(() => parseWebSocketUrl(`${scheme}://a/`), { code: 'invalid-argument' }, scheme);
  }
  t.end();
});

t.test('a URL is scheme, host, port, path and query, and nothing less [6455-3-1]', (t) => {
  t.match(parseWebSocketUrl('ws://host.example:8080/a/b?c=d'), {
    hostname: 'host.example',
    port: 8080,
    host: 'host.example:8080',
    target: '/a/b?c=d',
  });
  for (const bad of [
    '',
    'ws:',
    'ws://',
    '//a/',
    '/path',
    'ws://:80/',
    'ws://a:99999/',
    'wss://[::g]/',
  ]) {
    t.throws(() => parseWebSocketUrl(bad), { code: 'invalid-argument' }, bad);
  }
  t.end();
});

t.test('the resource name is the path or "/", and the query if there is one [6455-3-4]', (t) => {
  const names = [
    ['ws://a', '/'],
    ['ws://a/', '/'],
    ['ws://a?', '/'],
    ['ws://a?x', '/?x'],
    ['ws://a/b', '/b'],
    ['ws://a/b/?', '/b/'],
    ['ws://a/b?c=d&e=/?', '/b?c=d&e=/?'],
  ] as const;
  for (const [url, target] of names) t.equal(parseWebSocketUrl(url).target, target, url);
  t.end();
});

t.test('a fragment is refused; a # that is none stands as %23 [6455-3-5 6455-3-6]', (t) => {
  for (const url of ['ws://a/b#c', 'ws://a/b?c#d', 'ws://a#', 'ws://a/#b#c']) {
    t.throws(() => parseWebSocketUrl(url), { code: 'invalid-argument' }, url);
  }
  t.equal(parseWebSocketUrl('ws://a/b%23c?d%23').target, '/b%23c?d%23');
  t.end();
});

t.test(
  'what a host or a path cannot hold is written in ASCII [6455-11.1.1-1 6455-11.1.1-2]',
  (t) => {
    t.match(parseWebSocketUrl('ws://bücher.example/straße?größe=7 €'), {
      hostname: 'xn--bcher-kva.example',
      host: 'xn--bcher-kva.example',
      target: '/stra%C3%9Fe?gr%C3%B6%C3%9Fe=7%20%E2%82%AC',
    });
    t.end();
  },
);

t.test('the same with TLS [6455-11.1.2-1 6455-11.1.2-2]', (t) => {
  t.match(parseWebSocketUrl('wss://日本.example/道 路'), {
    hostname: 'xn--wgv71a.example',
    target: '/%E9%81%93%20%E8%B7%AF',
  });
  t.end();
});
