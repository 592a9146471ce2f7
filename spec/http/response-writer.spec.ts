import { type AnsweredRequest, type FieldsInit, ResponseWriter } from 'barewire/http';
import t from 'tap';

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const writerFor = (method = 'GET', version: AnsweredRequest['version'] = '1.1'): ResponseWriter =>
  new ResponseWriter({ method, version }, () => DATE);

t.test('writes a whole small response', (t) => {
  const writer = writerFor();
  const wire = [
    writer.head(200, { 'content-type': 'text/plain' }, 2, { keepAlive: true }),
    writer.beforeData(2),
    'hi',
    writer.afterData,
    writer.end(),
  ].join('');
  t.equal(
    wire,
    'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n' +
      `date: ${DATE}\r\ncontent-length: 2\r\n\r\nhi`,
  );
  t.equal(writer.isEnded, true);
  t.end();
});

t.test('writes chunks and trailers', (t) => {
  const writer = writerFor();
  writer.head(200, { trailer: 'x-sum' }, 'unknown', { keepAlive: true });
  const body =
    `${writer.beforeData(26)}abcdefghijklmnopqrstuvwxyz${writer.afterData}` +
    writer.end({ 'x-sum': 'ok' });
  t.equal(body, '1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nx-sum: ok\r\n\r\n');
  t.end();
});

t.test('keeps the space after a status code without a phrase', (t) => {
  t.ok(writerFor().head(299, undefined, 0, { keepAlive: true }).startsWith('HTTP/1.1 299 \r\n'));
  t.ok(
    writerFor()
      .head(200, undefined, 0, { keepAlive: true, reason: 'Fine' })
      .startsWith('HTTP/1.1 200 Fine\r\n'),
  );
  t.throws(() => writerFor().head(200, undefined, 0, { keepAlive: true, reason: 'a\r\nb' }), {
    code: 'invalid-header',
  });
  t.end();
});

t.test('keeps a Date that is given', (t) => {
  const head = writerFor().head(200, { Date: 'then' }, 0, { keepAlive: true });
  t.match(head, '\r\nDate: then\r\n');
  t.notMatch(head, DATE);
  t.end();
});

t.test('says close when the server would not go on', (t) => {
  const writer = writerFor();
  t.match(writer.head(200, undefined, 0, { keepAlive: false }), '\r\nconnection: close\r\n');
  t.equal(writer.keepAlive, false);
  t.end();
});

t.test('writes interim responses before the final one', (t) => {
  const writer = writerFor();
  t.equal(writer.interim(100), 'HTTP/1.1 100 Continue\r\n\r\n');
  t.equal(
    writer.interim(103, { link: ['</a>; rel=preload', '</b>; rel=preload'] }),
    'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\nlink: </b>; rel=preload\r\n\r\n',
  );
  t.equal(writer.hasHead, false);
  for (const status of [101, 99, 200, 100.5, Number.NaN]) {
    t.throws(() => writer.interim(status), { code: 'invalid-argument' });
  }
  for (const name of ['Content-Length', 'Transfer-Encoding', 'Connection']) {
    t.throws(() => writer.interim(103, { [name]: '0' }), { code: 'invalid-header' });
  }
  writer.head(200, undefined, 0, { keepAlive: true });
  t.throws(() => writer.interim(103), { code: 'already-answered' });
  t.end();
});

t.test('writes no interim response to HTTP/1.0', (t) => {
  t.equal(writerFor('GET', '1.0').interim(100), '');
  t.throws(() => writerFor('GET', '1.0').interim(103, { 'a b': '' }), { code: 'invalid-header' });
  t.end();
});

t.test('switches protocols', (t) => {
  const writer = writerFor();
  t.throws(() => writer.switchProtocols({}), { code: 'invalid-header' });
  t.throws(() => writer.switchProtocols({ upgrade: 'x', 'content-length': 0 }), {
    code: 'invalid-header',
  });
  t.equal(
    writer.switchProtocols({ Upgrade: 'websocket', 'x-a': 'b' }),
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nx-a: b\r\nconnection: upgrade\r\n\r\n',
  );
  t.throws(() => writer.head(200, undefined, 0, { keepAlive: true }), { code: 'already-answered' });
  t.throws(() => writerFor('GET', '1.0').switchProtocols({ upgrade: 'x' }), {
    code: 'not-supported',
  });
  t.end();
});

t.test('answers once', (t) => {
  const writer = writerFor();
  writer.head(200, undefined, 'unknown', { keepAlive: true });
  t.throws(() => writer.head(200, undefined, 0, { keepAlive: true }), { code: 'already-answered' });
  t.throws(() => writer.switchProtocols({ upgrade: 'x' }), { code: 'already-answered' });
  writer.end();
  t.throws(() => writer.end(), { code: 'invalid-state' });
  t.throws(() => writer.beforeData(1), { code: 'invalid-state' });
  t.end();
});

t.test('refuses a status that is not final', (t) => {
  for (const status of [100, 101, 199, 600, 0, -200, 200.5, Number.NaN]) {
    t.throws(() => writerFor().head(status, undefined, 0, { keepAlive: true }), {
      code: 'invalid-argument',
    });
  }
  t.end();
});

t.test('holds the application to the length it announced', (t) => {
  const writer = writerFor();
  writer.head(200, { 'content-length': 3 }, 'unknown', { keepAlive: true });
  t.equal(writer.beforeData(2), '');
  t.throws(() => writer.beforeData(2), { code: 'invalid-state' }, 'no more than announced');
  t.throws(() => writer.end(), { code: 'invalid-state' }, 'no less either');
  t.equal(writer.beforeData(1), '');
  t.equal(writer.end(), '');
  t.end();
});

t.test('ends an answer without a body, and refuses bytes for it', (t) => {
  const writer = writerFor('HEAD');
  writer.head(200, undefined, 'unknown', { keepAlive: true });
  t.throws(() => writer.beforeData(1), { code: 'invalid-state' });
  t.equal(writer.end({ 'x-sum': 'left out' }), '');
  t.end();
});

t.test('refuses trailers that a recipient must know in advance', (t) => {
  const writer = writerFor();
  writer.head(200, undefined, 'unknown', { keepAlive: true });
  for (const name of ['Content-Length', 'transfer-encoding', 'Host', 'Set-Cookie', 'Trailer']) {
    t.throws(() => writer.end({ [name]: 'x' }), { code: 'invalid-header' });
  }
  t.throws(() => writer.end({ a: 'b\r\n' }), { code: 'invalid-header' });
  t.equal(writer.isEnded, false, 'a refusal changes nothing');
  t.equal(writer.end({ a: 'b' }), '0\r\na: b\r\n\r\n');
  t.end();
});

t.test('leaves trailers out where there is no place, and refuses them in a framed body', (t) => {
  const old = writerFor('GET', '1.0');
  old.head(200, undefined, 'unknown', { keepAlive: true });
  t.equal(old.end({ a: 'b' }), '');
  const framed = writerFor();
  framed.head(200, undefined, 0, { keepAlive: true });
  t.throws(() => framed.end({ a: 'b' }), { code: 'invalid-header' });
  t.end();
});

t.test('has no body before its head', (t) => {
  t.throws(() => writerFor().beforeData(1), { code: 'invalid-state' });
  t.throws(() => writerFor().end(), { code: 'invalid-state' });
  t.end();
});

t.test('adds the type of the body unless the fields tell one', (t) => {
  const head = (fields: FieldsInit | undefined, contentType?: string): string =>
    writerFor().head(200, fields, 0, { keepAlive: true, contentType });
  t.match(head(undefined, 'text/plain'), '\r\ncontent-type: text/plain\r\n');
  const told = head({ 'Content-Type': 'a/b' }, 'text/plain');
  t.match(told, '\r\nContent-Type: a/b\r\n');
  t.notMatch(told, 'text/plain');
  t.notMatch(head(undefined), /content-type/i);
  t.end();
});

t.test('says on its connection line what the fields and the versions ask for', (t) => {
  for (const [version, fields, keepAlive, line] of [
    ['1.1', {}, true, undefined],
    ['1.1', {}, false, 'close'],
    ['1.0', {}, true, 'keep-alive'],
    ['1.0', {}, false, 'close'],
    ['1.1', { connection: 'Close' }, true, 'close'],
    ['1.0', { connection: 'close' }, true, 'close'],
    ['1.1', { upgrade: 'x' }, true, 'upgrade'],
    ['1.1', { upgrade: 'x', connection: 'Upgrade' }, true, 'upgrade'],
    ['1.1', { upgrade: 'x', connection: 'x-a' }, false, 'x-a, upgrade, close'],
    ['1.0', { connection: 'x-a, keep-alive' }, true, 'x-a, keep-alive'],
  ] as const) {
    const writer = writerFor('GET', version);
    const found = /\r\nconnection: (.*)\r\n/.exec(writer.head(200, fields, 0, { keepAlive }));
    t.equal(found?.[1], line, `${version} ${JSON.stringify(fields)} ${keepAlive}`);
    t.equal(writer.keepAlive, keepAlive && !/close/.test(line ?? ''));
  }
  t.end();
});

t.test('frames a body as it tells, and closes behind one that only the close ends', (t) => {
  for (const [method, version, size, framing, wire] of [
    ['GET', '1.1', 2, 'length', 'hi'],
    ['GET', '1.1', 'unknown', 'chunked', '2\r\nhi\r\n0\r\n\r\n'],
    ['GET', '1.0', 'unknown', 'until-close', 'hi'],
    ['GET', '1.1', 'raw', 'raw', 'hi'],
    ['HEAD', '1.1', 2, 'none', ''],
  ] as const) {
    const writer = writerFor(method, version);
    t.equal(writer.framing, 'none', 'nothing is framed before the head');
    writer.head(200, undefined, size, { keepAlive: true });
    t.equal(writer.framing, framing);
    const body = framing === 'none' ? '' : `${writer.beforeData(2)}hi${writer.afterData}`;
    t.equal(body + writer.end(), wire);
    t.equal(writer.isEnded, true);
    t.equal(writer.keepAlive, !['until-close', 'raw'].includes(framing));
  }
  t.end();
});

t.test('refuses trailers in a raw body, and a Transfer-Encoding in 101', (t) => {
  const raw = writerFor();
  raw.head(200, undefined, 'raw', { keepAlive: true });
  t.throws(() => raw.end({ a: 'b' }), { code: 'invalid-header' });
  t.equal(raw.end({}), '');
  const fields = { upgrade: 'x', 'transfer-encoding': 'chunked' };
  t.throws(() => writerFor().switchProtocols(fields), { code: 'invalid-header' });
  t.end();
});

t.test('refuses a status without the field that it demands [9110-10.2.1-1 9110-15.5.6-1]', (t) => {
  const head = (status: number, fields: FieldsInit): string =>
    writerFor().head(status, fields, 0, { keepAlive: true });
  for (const [status, name, value] of [
    [206, 'Content-Range', 'bytes 0-0/1'],
    [401, 'WWW-Authenticate', 'Basic'],
    [405, 'Allow', ''],
    [407, 'Proxy-Authenticate', 'Basic'],
    [426, 'Upgrade', 'websocket'],
  ] as const) {
    t.throws(() => head(status, {}), { name: 'UsageError', code: 'invalid-header' }, `${status}`);
    t.throws(() => head(status, { [`x-${name}`]: value, y: `${name}: z` }), {
      code: 'invalid-header',
    });
    for (const empty of ['', ', ,']) {
      if (name === 'Allow') t.match(head(status, { [name]: empty }), `\r\n${name}: ${empty}\r\n`);
      else t.throws(() => head(status, { [name]: empty }), { code: 'invalid-header' }, name);
    }
    for (const given of [name, name.toLowerCase(), name.toUpperCase()]) {
      t.match(head(status, { a: 'b', [given]: value }), `\r\n${given}: ${value}\r\n`);
    }
  }
  t.match(head(206, { 'content-type': 'multipart/byteranges; boundary=x' }), /^HTTP\/1\.1 206 /);
  t.end();
});
