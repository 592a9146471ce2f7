import t from 'tap';
import { HeadScan } from '../../lib/http/head-scan.ts';
import { resolveHttpLimits } from '../../lib/http/http-limits.ts';
import { RequestLine } from '../../lib/http/request-line.ts';
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

/** Cuts in all sizes up to that of a line, so that each read begins somewhere else. */
function crumbs(text: string): readonly (readonly Buffer[])[] {
  const input = Buffer.from(text, 'latin1');
  return Array.from({ length: 12 }, (_, size) =>
    cutAt(
      input,
      Array.from({ length: input.length }, (_, index) => index * (size + 1)),
    ),
  );
}

t.test('sees a target that has to be looked at whole, in whatever pieces it came', (t) => {
  for (const [line, expected] of [
    ['GET http://b:81/x?y HTTP/1.1', 'http://b:81/x?y b:81'],
    ['OPTIONS * HTTP/1.1', '* undefined'],
    ['CONNECT b:443 HTTP/1.1', 'b:443 undefined'],
    ['GET http:/b HTTP/1.1', 'bad-target'],
    ['CONNECT b HTTP/1.1', 'bad-target'],
  ] as const) {
    const text = `\r\n${line}\r\nHost: a\r\n\r\n`;
    for (const chunks of [[Buffer.from(text)], ...crumbs(text)]) {
      const { messages, failure } = recordRequests(chunks);
      const head = messages[0]?.head;
      const found = failure?.code ?? `${head?.['target']} ${head?.['authority']}`;
      t.equal(found, expected, `${line} in ${chunks.length} pieces`);
    }
  }
  t.end();
});

t.test('reads trailers, and a head behind them, in whatever pieces they come', (t) => {
  const chunked = 'POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const text = `${chunked}1\r\nb\r\n0\r\nX-Sum: 1\r\nY:\t2 \r\n\r\n${chunked}0\r\n\r\n`;
  for (const chunks of [[Buffer.from(text)], ...crumbs(text)]) {
    const { messages } = recordRequests(chunks);
    t.strictSame(
      messages.map(({ body, trailers, isComplete }) => ({ body, trailers, isComplete })),
      [
        { body: 'b', trailers: [['X-Sum', '1'], ['Y', '2']], isComplete: true },
        { body: '', trailers: [], isComplete: true },
      ], // biome-ignore format: one message a line
    );
  }
  t.end();
});

t.test('reads a section that comes again as it read it first, whole or in pieces', (t) => {
  const section = 'Host: a\r\nAccept:  b\r\n\r\n';
  const lines = ['GET /1 HTTP/1.1', 'PUT /2 HTTP/1.1', 'GET /3 HTTP/1.1', 'OPTIONS * HTTP/1.1'];
  const text = lines.map((line) => `${line}\r\n${section}`).join('');
  for (const chunks of [[Buffer.from(text)], ...crumbs(text), ...crumbs(text).slice(2, 3)]) {
    const { messages } = recordRequests(chunks);
    t.strictSame(
      messages.map(({ head }) => `${head['method']} ${head['target']} HTTP/${head['version']}`),
      lines,
    );
    for (const { head } of messages) {
      t.strictSame(head['headers'], [['Host', 'a'], ['Accept', 'b']]); // biome-ignore format: short
    }
  }
  t.end();
});

t.test('lets go of a head when it is cleared, in one piece or in several', (t) => {
  const limits = resolveHttpLimits();
  const text = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
  for (const cut of [0, 10, text.length - 1]) {
    const scan = new HeadScan(new RequestLine());
    scan.beginHead();
    for (const chunk of [Buffer.from(text.slice(0, cut)), Buffer.from(text.slice(cut))]) {
      scan.read(chunk, 0, chunk.length, limits);
    }
    t.equal(scan.isDone, true);
    t.equal(scan.text, text);
    scan.clear();
    t.equal(scan.text, '');
    t.equal(scan.held.length, 0);
  }
  t.end();
});
