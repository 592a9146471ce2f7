import t from 'tap';
import { request } from '../support/http-verdicts.ts';

t.test('makes one character of each octet, whatever encoding it was meant in', (t) => {
  const octets = Array.from({ length: 128 }, (_, index) => String.fromCharCode(128 + index)).join(
    '',
  );
  const { messages } = request(`GET / HTTP/1.1\r\nHost: a\r\nX: ${octets}\r\n\r\n`);
  t.strictSame(messages[0]!.head['headers'], [
    ['Host', 'a'],
    ['X', octets],
  ]);
  t.end();
});
