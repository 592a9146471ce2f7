import t from 'tap';
import { cutAt } from '../support/feeding.ts';
import { recordRequests } from '../support/http-driver.ts';
import { judge } from '../support/http-verdicts.ts';

t.test('skips empty lines before a request, and only there', (t) => {
  t.equal(judge('\r\n\r\nGET / HTTP/1.1'), 'ok');
  t.equal(judge('\nGET / HTTP/1.1'), 'bare-lf');
  t.equal(judge(' GET / HTTP/1.1'), 'bad-method');
  t.equal(judge('GET / HTTP/1.1', [' Host: a']), 'ws-after-start-line');
  t.end();
});

t.test('reads a head that comes in crumbs as it reads it whole', (t) => {
  const text = '\r\nGET /x HTTP/1.1\r\nHost: a\r\nAccept: b\r\n\r\nGET /y HTTP/1.0\r\n\r\n';
  const input = Buffer.from(text);
  const whole = recordRequests([input]);
  t.equal(whole.messages.length, 2);
  for (let size = 1; size < 8; size += 1) {
    const offsets = Array.from({ length: input.length }, (_, index) => index * size);
    t.strictSame(recordRequests(cutAt(input, offsets)), whole, `crumbs of ${size}`);
  }
  t.end();
});
