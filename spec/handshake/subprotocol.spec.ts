import { formatSubprotocols, parseSubprotocols, selectSubprotocol } from 'barewire/handshake';
import t from 'tap';

t.test('reads names in order of preference [6455-4.2.1-10 6455-4.3-4]', (t) => {
  t.same(parseSubprotocols(undefined), []);
  t.same(parseSubprotocols('chat'), ['chat']);
  t.same(parseSubprotocols(' v2.chat\t,chat , __proto__'), ['v2.chat', 'chat', '__proto__']);
  t.end();
});

const REFUSED = ['', ' ', ',', 'a,,b', 'a,', ',a', 'a b', 'ch@t', '"a"', 'a/b', 'é', 'a, a', 'a\0'];

for (const value of REFUSED) {
  t.test(`refuses the list ${JSON.stringify(value)} [6455-4.2.1-1]`, (t) => {
    t.throws(() => parseSubprotocols(value), { code: 'handshake-subprotocol', status: 400 });
    t.end();
  });
}

t.test("selects the first of the client's names that the server supports", (t) => {
  t.equal(selectSubprotocol(['a', 'b', 'c'], ['c', 'b']), 'b');
  t.equal(selectSubprotocol(['a', 'b', 'c'], new Set(['c'])), 'c');
  t.equal(selectSubprotocol(['Chat'], ['chat']), undefined, 'case counts');
  t.equal(selectSubprotocol(['__proto__', 'constructor'], ['chat']), undefined);
  t.equal(selectSubprotocol([], ['chat']), undefined);
  t.end();
});

t.test('looks at each supported name once, however many are offered', (t) => {
  const names = Array.from({ length: 500 }, (_, at) => `p${at}`);
  let reads = 0;
  const supported = new Proxy(names, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^[0-9]+$/.test(key)) reads += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  const offered = names.map((name) => `${name}-not`);
  t.equal(selectSubprotocol(offered, supported), undefined);
  t.equal(reads, names.length);
  t.equal(selectSubprotocol([...offered, 'p499'], supported), 'p499');
  t.end();
});

t.test('writes names, and refuses what it would not read [6455-4.1-37 6455-4.1-38]', (t) => {
  t.equal(formatSubprotocols([]), undefined);
  t.equal(formatSubprotocols(['v2', 'v1']), 'v2, v1');
  for (const names of [[''], ['a b'], ['a,b'], ['é'], ['a\r\nb'], ['a', 'b', 'a']]) {
    t.throws(() => formatSubprotocols(names), { code: 'invalid-argument' });
  }
  t.end();
});
