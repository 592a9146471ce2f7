import { UsageError } from 'barewire/base';
import { RequestReader } from 'barewire/http';
import t from 'tap';
import { request } from '../support/http-verdicts.ts';

t.test('reads pipelined requests in order, each with its body', (t) => {
  const text =
    'POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc' +
    'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n' +
    'POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\nX-T: y\r\n\r\n';
  const { messages, phase } = request(text);
  t.strictSame(
    messages.map(({ head, body }) => [head['target'], body]),
    [
      ['/1', 'abc'],
      ['/2', ''],
      ['/3', 'de'],
    ],
  );
  t.strictSame(messages[2]!.trailers, [['X-T', 'y']]);
  t.equal(phase, 'idle');
  t.end();
});

t.test('keeps requests apart that are alike, and sees the one that is not', (t) => {
  const ask = (target: string, host: string): string =>
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const asked = [['/1', 'a'], ['/2', 'a'], ['/3', 'a'], ['/4', 'b'], ['/5', 'a']] as const; // biome-ignore format: short
  const { messages } = request(asked.map(([target, host]) => ask(target, host)).join(''));
  t.strictSame(
    messages.map(({ head, body }) => [head['target'], head['headers'], body]),
    asked.map(([target, host]) => [target, [['Host', host]], '']),
  );
  t.end();
});

t.test('leaves what follows an upgrade, CONNECT or the last request alone', (t) => {
  for (const head of [
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  ]) {
    t.equal(request(`${head}\x00\xffrest`).rest, '\x00\xffrest');
  }
  t.end();
});

t.test('reads nothing behind the last request, also when nobody stops it [9112-9.6-6]', (t) => {
  for (const last of [
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    'GET / HTTP/1.0\r\n\r\n',
  ]) {
    const heads: string[] = [];
    const sink = {
      head: ({ target }: { target: string }) => void heads.push(target),
      body() {},
      end() {},
      failed: () => void heads.push('failed'),
    };
    const reader = new RequestReader(sink);
    reader.receive(Buffer.from(`${last}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n\0`));
    reader.receive(Buffer.from('GET /late HTTP/1.1\r\nHost: a\r\n\r\n'));
    reader.receiveEnd();
    t.strictSame(heads, ['/']);
  }
  t.end();
});

t.test('stops behind an upgrade and CONNECT until it is told how to go on', (t) => {
  for (const asking of [
    'GET /1 HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
  ]) {
    const heads: string[] = [];
    const reader = new RequestReader({
      head: ({ target }) => void heads.push(target),
      body() {},
      end() {},
      failed() {},
    });
    reader.receive(Buffer.from(`${asking}GET /2 HTTP/1.1\r\nHost: a\r\n\r\n`));
    t.strictSame([heads.length, reader.isPaused], [1, true]);
    reader.resume();
    t.strictSame([heads[1], reader.isPaused], ['/2', false]);
  }
  t.end();
});

t.test('refuses limits that are none', (t) => {
  const sink = { head() {}, body() {}, end() {}, failed() {} };
  t.throws(() => new RequestReader(sink, { maxBodyBytes: -1 }), UsageError);
  t.end();
});
