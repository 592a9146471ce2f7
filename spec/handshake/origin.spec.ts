import { checkHost, checkOrigin, type HostPolicy, type OriginPolicy } from 'barewire/handshake';
import t from 'tap';
import { checkHostPolicy, checkOriginPolicy } from '../../lib/handshake/origin.ts';

const SAME: readonly (readonly [origin: string, host: string])[] = [
  ['https://example.com', 'example.com'],
  ['http://example.com', 'example.com'],
  ['https://EXAMPLE.com', 'Example.COM'],
  ['https://example.com', 'example.com:443'],
  ['http://example.com', 'example.com:80'],
  ['http://example.com:80', 'example.com'],
  ['http://localhost:8080', 'localhost:8080'],
  ['http://127.0.0.1:3000', '127.0.0.1:3000'],
  ['http://[::1]:3000', '[::1]:3000'],
  ['https://[2001:DB8::1]', '[2001:db8::1]'],
  ['https://xn--bcher-kva.example', 'xn--bcher-kva.example'],
];

for (const [origin, host] of SAME) {
  t.test(`takes a page of ${origin} and a server at ${host} for the same origin`, (t) => {
    t.ok(checkOrigin(origin, host));
    t.end();
  });
}

const FOREIGN: readonly (readonly [title: string, origin: string, host: string])[] = [
  ['another host', 'https://evil.example', 'example.com'],
  ['a longer host', 'https://example.com.evil.example', 'example.com'],
  ['a host with something in front', 'https://evilexample.com', 'example.com'],
  ['a subdomain', 'https://www.example.com', 'example.com'],
  ['the parent domain', 'https://example.com', 'www.example.com'],
  ['a trailing dot', 'https://example.com.', 'example.com'],
  ['another port', 'https://example.com:8443', 'example.com'],
  ["the other scheme's port", 'http://example.com', 'example.com:443'],
  ['another port of the same host', 'http://localhost:3000', 'localhost:8080'],
  ['an opaque origin', 'null', 'null'],
  ['an empty origin', '', 'example.com'],
  ['a host without a scheme', 'example.com', 'example.com'],
  ['another scheme', 'file://example.com', 'example.com'],
  ['an extension', 'chrome-extension://example.com', 'example.com'],
  ['a path behind the host', 'https://example.com/', 'example.com'],
  ['credentials in front of the host', 'https://example.com@evil.example', 'evil.example'],
  ['a backslash', 'https://example.com\\evil', 'example.com\\evil'],
  ['a second origin behind a comma', 'https://example.com, https://a', 'example.com'],
  ['a space', 'https://example.com https://a', 'example.com'],
  ['an unbracketed address', 'http://::1', '::1'],
  ['another address', 'http://[::2]', '[::1]'],
  [
    'an international name that is not encoded',
    'https://b\u00fccher.example',
    'b\u00fccher.example',
  ],
  ['a look-alike in another script', 'https://\u0435xample.com', 'example.com'],
  ['no host at all', 'https://', ''],
  ['a port that is no number', 'https://example.com:x', 'example.com:x'],
];

for (const [title, origin, host] of FOREIGN) {
  t.test(`refuses ${title}: ${JSON.stringify(origin)} at ${JSON.stringify(host)}`, (t) => {
    t.notOk(checkOrigin(origin, host));
    t.end();
  });
}

t.test('lets requests pass that no page has sent [6455-4.2.1-9 6455-10.1-1]', (t) => {
  t.ok(checkOrigin(undefined, 'example.com'));
  t.ok(checkOrigin(undefined, 'example.com', ['https://example.com']));
  t.end();
});

t.test('takes no page of http: for the same origin where TLS is known', (t) => {
  t.ok(checkOrigin('https://example.com', 'example.com', 'same-origin', true));
  t.notOk(checkOrigin('http://example.com', 'example.com', 'same-origin', true));
  t.end();
});

t.test('compares with the entries of a list as browsers write them [6455-10.2-1]', (t) => {
  const list = ['https://example.com', 'HTTPS://b\u00fccher.example:443', 'http://localhost:8080/'];
  for (const origin of [
    'https://example.com',
    'https://xn--bcher-kva.example',
    'http://localhost:8080',
  ]) {
    t.ok(checkOrigin(origin, 'elsewhere.example', list), origin);
  }
  for (const origin of [
    'http://example.com',
    'https://example.com:8443',
    'https://example.com.evil.example',
    'http://localhost',
    'null',
    '',
    'https://elsewhere.example',
  ]) {
    t.notOk(checkOrigin(origin, 'elsewhere.example', list), origin);
  }
  t.ok(checkOrigin('null', 'a', ['null']), 'only when it is asked for by name');
  t.end();
});

t.test('asks a function, also when there is no origin', (t) => {
  const seen: unknown[] = [];
  const policy: OriginPolicy = (origin) => seen.push(origin) > 1;
  t.notOk(checkOrigin(undefined, 'a', policy));
  t.ok(checkOrigin('https://b', 'a', policy));
  t.same(seen, [undefined, 'https://b']);
  t.ok(checkOrigin('https://b', 'a', 'any'));
  t.end();
});

t.test('takes only true of a function for a yes: a promise would let every page in', async (t) => {
  for (const answer of [
    Promise.resolve(false),
    Promise.reject(new Error('no')),
    1,
    'yes',
    undefined,
  ]) {
    const policy = (() => answer) as unknown as OriginPolicy;
    t.throws(() => checkOrigin('https://evil.example', 'a', policy), { code: 'invalid-argument' });
  }
  await new Promise((next) => setImmediate(next));
});

t.test('refuses a list entry that is no origin', (t) => {
  for (const entry of [
    'example.com',
    '',
    'https://example.com/path',
    'https://example.com?query',
    '*',
    'mailto:a@b',
    // Without a host it would stand for the opaque origin, which any page can have.
    'file:///',
    'data:,',
  ]) {
    t.throws(() => checkOrigin('https://a', 'a', [entry]), { code: 'invalid-option' }, entry);
  }
  t.end();
});

const HOSTS: readonly (readonly [host: string, policy: HostPolicy | undefined, known: boolean])[] =
  [
    ['anything', undefined, true],
    ['localhost:3000', 'loopback', true],
    ['app.localhost', 'loopback', true],
    ['127.0.0.1:3000', 'loopback', true],
    ['127.8.9.1', 'loopback', true],
    ['[::1]:3000', 'loopback', true],
    ['rebound.example:3000', 'loopback', false],
    ['127.0.0.1.evil.example', 'loopback', false],
    ['localhost.evil.example', 'loopback', false],
    ['evillocalhost', 'loopback', false],
    ['example.com', ['example.com'], true],
    ['EXAMPLE.com:8080', ['example.com'], true],
    ['example.com:8080', ['example.com:8080'], true],
    ['example.com:8081', ['example.com:8080'], false],
    ['example.com', ['example.com:8080'], false],
    ['evil.example', ['example.com'], false],
    ['example.com@evil.example', ['example.com'], false],
    ['', ['example.com'], false],
  ];

for (const [host, policy, known] of HOSTS) {
  const verb = known ? 'goes by' : 'does not go by';
  t.test(
    `a server of ${JSON.stringify(policy) ?? 'any name'} ${verb} ${JSON.stringify(host)}`,
    (t) => {
      t.equal(checkHost(host, policy), known);
      t.end();
    },
  );
}

t.test('refuses a policy that is none', (t) => {
  const word = 'https://a' as unknown as 'any';
  t.throws(() => checkOriginPolicy(word), { code: 'invalid-option' });
  t.throws(() => checkOriginPolicy(['a']), { code: 'invalid-option' });
  t.throws(() => checkOrigin('https://a', 'a', word), { code: 'invalid-option' });
  t.throws(() => checkHostPolicy(word), { code: 'invalid-option' });
  t.throws(() => checkHostPolicy(['https://a']), { code: 'invalid-option' });
  t.throws(() => checkHost('a', word), { code: 'invalid-option' });
  for (const policy of [undefined, 'any', 'same-origin', ['https://a'], () => true] as const) {
    t.doesNotThrow(() => checkOriginPolicy(policy));
  }
  for (const policy of [undefined, 'any', 'loopback', ['a', 'b:8080']] as const) {
    t.doesNotThrow(() => checkHostPolicy(policy));
  }
  t.end();
});

t.test('refuses a list entry that is no host', (t) => {
  t.throws(() => checkHost('a', ['https://a']), { code: 'invalid-option' });
  t.end();
});
