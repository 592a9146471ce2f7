import t from 'tap';
import { isAuthority, isAuthorityWithPort } from '../../lib/http/authority.ts';
import { judge } from '../support/http-verdicts.ts';

const host = (value: string): string => judge('GET / HTTP/1.1', [`Host: ${value}`]);

t.test('takes names, addresses and ports, and an empty Host', (t) => {
  for (const value of [
    'a',
    'a.b:80',
    '127.0.0.1:0',
    '[::1]',
    '[::1]:65535',
    'a%20b',
    '',
    'x_y~!',
  ]) {
    t.equal(host(value), 'ok', value);
  }
  t.end();
});

t.test('refuses what is no authority, or more than one', (t) => {
  const bad = [
    'a b',
    'user@a',
    'a:b',
    'a:1:2',
    '[::1',
    '::1]',
    '[::1]x',
    'a/b',
    'a?b',
    'a#b',
    '[]',
  ];
  for (const value of [...bad, 'a%2', 'a%zz', '"a"', '<a>', 'a\\b']) {
    t.equal(host(value), 'bad-host', value);
  }
  t.end();
});

t.test('counts the groups of an IPv6 address', (t) => {
  const longest = `${'ffff:'.repeat(6)}255.255.255.255`;
  t.equal(longest.length, 45);
  const good = ['::', '1::', '::8', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8'];
  for (const text of [...good, '::1.2.3.4', '1:2:3:4:5:6:7.8.9.0', '1::7.8.9.0', longest]) {
    t.equal(isAuthority(`[${text}]`), true, text);
  }
  const counts = [
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5:6:7::8',
  ];
  const colons = [':', ':::', '1::2::3', ':1::', '1::2:', '::1:'];
  const groups = ['12345::', 'g::', '::%31', '::1%eth0', `${'0'.repeat(45)}::`];
  const quads = ['1.2.3.4', '1.2.3.4::', '::1.2.3.4:5', '::1.2.3', '::1.2.3.4.5', '::1.2.3.256'];
  const digits = ['::01.2.3.4', '::1.2.3.', '1:2:3:4:5:6:7:1.2.3.4'];
  for (const text of [...counts, ...colons, ...groups, ...quads, ...digits, `${longest}0`]) {
    t.equal(isAuthority(`[${text}]`), false, text);
  }
  t.end();
});

t.test('takes addresses of later versions as they are written', (t) => {
  for (const text of ['v1.a', 'vF0.a:b', "V1.~!$&'()*+,;=-._"]) {
    t.equal(isAuthority(`[${text}]`), true, text);
  }
  for (const text of ['v.a', 'v1.', 'vg.a', 'v1a', 'v1.a/b', 'v1.%41']) {
    t.equal(isAuthority(`[${text}]`), false, text);
  }
  t.end();
});

t.test('asks CONNECT for a port that can be connected to', (t) => {
  for (const [text, isOne, hasPort] of [
    ['a', true, false],
    ['a:', true, false],
    ['a:0', true, false],
    ['a:1', true, true],
    ['a:65535', true, true],
    ['a:65536', false, false],
    ['a:99999999999999999999', false, false],
    ['a:1x', false, false],
    ['[::1]', true, false],
    ['[::1]:443', true, true],
    ['[::1]x443', false, false],
    [':443', false, false],
    ['', false, false],
    ['a%4', false, false],
    ['a%', false, false],
    ['a%4\u0141', false, false],
    ['\u0161', false, false],
  ] as const) {
    t.equal(isAuthority(text), isOne, text);
    t.equal(isAuthorityWithPort(text), hasPort, text);
  }
  t.end();
});
