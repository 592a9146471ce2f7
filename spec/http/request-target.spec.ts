import t from 'tap';
import { judge, request } from '../support/http-verdicts.ts';

const target = (text: string, method = 'GET'): string => judge(`${method} ${text} HTTP/1.1`);

t.test('takes the four forms, each with the methods it belongs to', (t) => {
  for (const text of ['/', '/a?b', '//a', '/%41', '/?', "/!$&'()*+,;=:@", '/a//b']) {
    t.equal(target(text), 'ok', text);
  }
  t.equal(target('http://a/b'), 'ok');
  t.equal(target('http://a'), 'ok');
  t.equal(target('*', 'OPTIONS'), 'ok');
  t.equal(target('a:80', 'CONNECT'), 'ok');
  t.equal(target('*'), 'bad-target');
  t.equal(target('/', 'CONNECT'), 'bad-target');
  t.equal(target('a:80'), 'bad-target');
  t.end();
});

t.test('refuses what no target may hold', (t) => {
  for (const text of ['/a#b', '/\x7f', '/\x80', '/\x01', 'a', '?a', '../a']) {
    t.equal(target(text), 'bad-target', JSON.stringify(text));
  }
  t.end();
});

t.test('gives the authority of an absolute target, which goes before Host', (t) => {
  const { messages } = request('GET http://b:81/x HTTP/1.1\r\nHost: a\r\n\r\n');
  t.equal(messages[0]!.head['authority'], 'b:81');
  t.equal(messages[0]!.head['target'], 'http://b:81/x');
  t.end();
});
