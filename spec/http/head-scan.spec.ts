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

/** How many octets are made into text while `read` runs. */
function octetsDecoded(read: () => void): number {
  const prototype = Buffer.prototype as unknown as {
    latin1Slice(start: number, end: number): string;
  };
  const { latin1Slice } = prototype;
  let octets = 0;
  prototype.latin1Slice = function (start, end) {
    octets += end - start;
    return latin1Slice.call(this, start, end);
  };
  try {
    read();
  } finally {
    prototype.latin1Slice = latin1Slice;
  }
  return octets;
}

t.test('does not begin again with every crumb: each octet is decoded a few times', (t) => {
  const target = `GET /${'a'.repeat(4000)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const fields = `GET / HTTP/1.1\r\nHost: a\r\n${'x: y\r\n'.repeat(60)}\r\n`;
  const value = `GET / HTTP/1.1\r\nHost: a\r\nx: ${'a'.repeat(4000)}\r\n\r\n`;
  for (const text of [target, fields, value]) {
    const crumbs = [...Buffer.from(text)].map((octet) => Buffer.of(octet));
    let isRead = false;
    const octets = octetsDecoded(() => {
      const { messages } = recordRequests(crumbs);
      isRead = messages.length === 1;
    });
    t.ok(isRead);
    t.ok(octets > 0 && octets <= 4 * text.length, `${octets} for ${text.length}`);
  }
  t.end();
});
