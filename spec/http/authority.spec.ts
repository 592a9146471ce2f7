import t from 'tap';
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
