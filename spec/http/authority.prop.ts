import { isIPv6 } from 'node:net';
import t from 'tap';
import { isAuthority, isAuthorityWithPort } from '../../lib/http/authority.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const group = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('0', '1', 'ab', 'FFFF', '0db8') },
  { weight: 2, arbitrary: fc.constantFrom('', '1.2.3.4', '255.255.255.255') },
  { weight: 1, arbitrary: fc.constantFrom('12345', 'g', '1.2.3', '01.2.3.4', '1.2.3.256', '.') },
);
/** Addresses, and what is nearly one. */
const literals = fc
  .tuple(
    fc.array(group, { minLength: 1, maxLength: 9 }),
    fc.array(group, { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([head, tail, isCut]) => [head.join(':'), ...(isCut ? [tail.join(':')] : [])].join('::'));

t.test('takes the IPv6 addresses that Node takes', (t) => {
  let taken = 0;
  fc.assert(
    fc.property(literals, (text) => {
      if (isIPv6(text)) taken += 1;
      return isAuthority(`[${text}]`) === isIPv6(text);
    }),
    runs(2000),
  );
  t.ok(taken > 200, `${taken} of them were addresses`);
  t.end();
});

t.test('takes every port there is, however it is padded, and no other', (t) => {
  const hosts = fc.constantFrom('a', 'example.org', '127.0.0.1', '[::1]');
  fc.assert(
    fc.property(hosts, fc.nat(140_000), fc.nat(3), (host, port, zeros) => {
      const text = `${host}:${'0'.repeat(zeros)}${port}`;
      const isPort = port <= 65_535;
      return isAuthority(text) === isPort && isAuthorityWithPort(text) === (isPort && port > 0);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('looks at its part of the text only', (t) => {
  const words = fc.constantFrom('', 'a', 'a:1', 'a:', ':1', '[::1]', '[::1]:2', '%41', '%4', '@');
  fc.assert(
    fc.property(words, words, words, (before, text, after) => {
      const whole = before + text + after;
      const end = before.length + text.length;
      return isAuthority(whole, before.length, end) === isAuthority(text);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});
