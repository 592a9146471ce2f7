import t from 'tap';
import { response, verdict } from '../support/http-verdicts.ts';

const line = (text: string): string => verdict(response(`${text}\r\nContent-Length: 0\r\n\r\n`));

t.test('takes three digits and a reason, which may be empty', (t) => {
  for (const text of [
    'HTTP/1.1 200 OK',
    'HTTP/1.1 200 ',
    'HTTP/1.0 599 x y\tz',
    'HTTP/1.1 299 \x80',
  ]) {
    t.equal(line(text), 'ok', text);
  }
  t.end();
});

t.test('refuses status lines that are none', (t) => {
  const bad = ['HTTP/1.1 20 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 2x0 OK', 'HTTP/1.1  200 OK'];
  for (const text of [...bad, 'HTTP/1.1 099 x', 'HTTP/1.1 200 O\0K', 'HTTP/1.1']) {
    t.not(line(text), 'ok', JSON.stringify(text));
  }
  t.end();
});
