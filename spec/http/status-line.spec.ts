import { ResponseReader } from 'barewire/http';
import t from 'tap';
import { feedings } from '../support/feeding.ts';
import { recordResponses } from '../support/http-driver.ts';
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

t.test('reads the same status and reason, or finds the same fault, wherever it is cut', (t) => {
  for (const [text, expected] of [
    ['HTTP/1.1 200 OK\r\n', '1.1 200 OK'],
    ['HTTP/1.0 100 \r\n', '1.0 100 '],
    ['HTTP/1.1 999\r\n', '1.1 999 '],
    ['HTTP/1.1 204  a\tb\xff \r\n', '1.1 204  a\tb\xff '],
    ['HTTP/1.1 200 12345678\r\n', '1.1 200 12345678'],
    ['HTTP/1.1 200 123456789\r\n', 'status-line-too-long'],
    ['HTTP/1.1 200 12345678\0\r\n', 'bad-status-line'],
    ['\r\nHTTP/1.1 200 OK\r\n', 'bad-status-line'],
    ['\n', 'bare-lf'],
    ['http/1.1 200 OK\r\n', 'bad-status-line'],
    ['HTTP/1.1\n', 'bare-lf'],
    ['HTTP/1.1\r\n', 'bad-status-line'],
    ['HTTP/1,1 200 OK\r\n', 'bad-status-line'],
    ['HTTP/x.1 200 OK\r\n', 'bad-status-line'],
    ['HTTP/1.2 200 OK\r\n', 'unsupported-version'],
    ['HTTP/2.0 200 OK\r\n', 'unsupported-version'],
    ['HTTP/0.9 200 OK\r\n', 'unsupported-version'],
    ['HTTP/1.1 099 OK\r\n', 'bad-status-line'],
    ['HTTP/1.1 20 OK\r\n', 'bad-status-line'],
    ['HTTP/1.1 2000 OK\r\n', 'bad-status-line'],
    ['HTTP/1.1 200\tOK\r\n', 'bad-status-line'],
    ['HTTP/1.1 200\n', 'bare-lf'],
    ['HTTP/1.1 200\rx', 'bare-cr'],
    ['HTTP/1.1 200 OK\n', 'bare-lf'],
    ['HTTP/1.1 200 O\0K\r\n', 'bad-status-line'],
    ['HTTP/1.1 200 O\x7fK\r\n', 'bad-status-line'],
    ['HTTP/1.1 200 OK\rx', 'bare-cr'],
  ] as const) {
    for (const { name, chunks } of feedings(Buffer.from(`${text}\r\n`, 'latin1'))) {
      const recording = recordResponses(chunks, { limits: { maxReasonBytes: 8 } });
      const head = recording.messages[0]?.head;
      const found = `${head?.['version']} ${head?.['status']} ${head?.['reason']}`;
      const title = `${JSON.stringify(text)} ${name}`;
      t.equal(head === undefined ? verdict(recording) : found, expected, title);
    }
  }
  t.end();
});

t.test('has begun with its first octet', (t) => {
  const reader = new ResponseReader({ head() {}, body() {}, end() {}, failed() {} });
  reader.expect('GET');
  for (const [text, phase] of [
    ['', 'idle'],
    ['H', 'start-line'],
    ['TTP/1.1 200 OK\r', 'start-line'],
    ['\n', 'headers'],
    ['Content-Length: 0\r\n\r\n', 'idle'],
  ] as const) {
    reader.receive(Buffer.from(text));
    t.equal(reader.phase, phase, JSON.stringify(text));
  }
  t.end();
});
