import t from 'tap';
import { judge, response, verdict } from '../support/http-verdicts.ts';

t.test('reads the two versions it speaks, and names the others', (t) => {
  t.equal(judge('GET / HTTP/1.1'), 'ok');
  t.equal(judge('GET / HTTP/1.0'), 'ok');
  t.equal(judge('GET / HTTP/3.0'), 'unsupported-version');
  t.equal(judge('GET / HTTP/1'), 'bad-version');
  t.equal(judge('GET / HTTPS/1.1'), 'bad-version');
  t.equal(verdict(response('HTTP/2.0 200 OK\r\n\r\n')), 'unsupported-version');
  t.not(verdict(response('HTTP/1.x 200 OK\r\n\r\n')), 'ok');
  t.end();
});

t.test('does not take one start line for the other', (t) => {
  t.not(judge('HTTP/1.1 200 OK'), 'ok');
  t.not(verdict(response('GET / HTTP/1.1\r\nHost: a\r\n\r\n')), 'ok');
  t.end();
});
