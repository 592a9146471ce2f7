import t from 'tap';
import { readTarget } from '../../lib/http/request-target.ts';
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

t.test('reads the form of a target, of which CONNECT and OPTIONS have their own', (t) => {
  for (const [method, text, form, authority] of [
    ['GET', '/', 'origin', undefined],
    ['OPTIONS', '/a?b', 'origin', undefined],
    ['OPTIONS', '*', 'asterisk', undefined],
    ['GET', '*', undefined, undefined],
    ['OPTIONS', '**', undefined, undefined],
    ['CONNECT', 'a:1', 'authority', undefined],
    ['CONNECT', 'a', undefined, undefined],
    ['CONNECT', 'a:0', undefined, undefined],
    ['CONNECT', 'http://a:1', undefined, undefined],
    ['CONNECT', '*', undefined, undefined],
    ['GET', 'http://a', 'absolute', 'a'],
    ['GET', 'HTTP://a:80/b?c', 'absolute', 'a:80'],
    ['GET', 'ws+x-y.9://[::1]?b/c', 'absolute', '[::1]'],
    ['GET', 'a://b://c', 'absolute', 'b:'],
    ['GET', 'a:1', undefined, undefined],
    ['GET', '', undefined, undefined],
    ['GET', '://a', undefined, undefined],
    ['GET', '9http://a', undefined, undefined],
    ['GET', '+x://a', undefined, undefined],
    ['GET', 'ht_tp://a', undefined, undefined],
    ['GET', 'http://', undefined, undefined],
    ['GET', 'http:///b', undefined, undefined],
    ['GET', 'http://?b', undefined, undefined],
    ['GET', 'http://:80/', undefined, undefined],
    ['GET', 'http://user@a/', undefined, undefined],
    ['GET', 'http:/a', undefined, undefined],
  ] as const) {
    const parts = readTarget(method, text);
    t.strictSame([parts?.form, parts?.authority], [form, authority], `${method} ${text}`);
  }
  t.end();
});
