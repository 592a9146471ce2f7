import { type ResponseHead, ResponseReader } from 'barewire/http';
import t from 'tap';
import { response, verdict } from '../support/http-verdicts.ts';

t.test('tells a body that broke off from one that is complete', (t) => {
  t.equal(
    verdict(response('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab', 'GET', true)),
    'premature-eof',
  );
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n';
  t.equal(verdict(response(chunked, 'GET', true)), 'premature-eof');
  t.equal(verdict(response(`${chunked}0\r\n\r\n`)), 'ok');
  t.end();
});

t.test('reads several responses, each to the method it answers', (t) => {
  const heads: [number, string][] = [];
  const methods = ['HEAD', 'GET'];
  const reader: ResponseReader = new ResponseReader({
    head: (head: ResponseHead) => heads.push([head.status, head.reason]),
    body: () => {},
    end: () => {
      const method = methods.shift();
      if (method !== undefined) reader.expect(method);
    },
    failed: (error) => t.fail(error.code),
  });
  reader.expect(methods.shift()!);
  const text =
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n';
  reader.receive(Buffer.from(text));
  t.strictSame(heads, [
    [200, 'OK'],
    [404, ''],
  ]);
  t.end();
});

t.test('refuses a response that nobody asked for', (t) => {
  const codes: string[] = [];
  const reader = new ResponseReader({
    head: () => {},
    body: () => {},
    end: () => {},
    failed: (error) => codes.push(error.code),
  });
  reader.receive(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  t.strictSame(codes, ['unsolicited-response']);
  t.end();
});

/** Writes down which scans it borrows. */
class WatchedReader extends ResponseReader {
  readonly #scans: unknown[];

  constructor(scans: unknown[]) {
    super({ head() {}, body() {}, end() {}, failed() {} });
    this.#scans = scans;
  }

  protected override borrowScan(): ReturnType<ResponseReader['borrowScan']> {
    const scan = super.borrowScan();
    this.#scans.push(scan);
    return scan;
  }
}

t.test('hands its scan on to whoever reads next, and at most four wait for that', (t) => {
  const half = Buffer.from('HTTP/1.1 204 No');
  const rest = Buffer.from(' Content\r\n\r\n');
  const scans: unknown[] = [];
  const round = (): Set<unknown> => {
    scans.length = 0;
    const readers = Array.from({ length: 6 }, () => new WatchedReader(scans));
    for (const reader of readers) {
      reader.expect('GET');
      reader.receive(half);
    }
    for (const reader of readers) reader.receive(rest);
    return new Set(scans);
  };
  const before = round();
  const after = round();
  t.equal(before.size, 6, 'each has its own while it needs it');
  t.equal(after.size, 6);
  t.equal([...after].filter((scan) => before.has(scan)).length, 4);
  t.end();
});

t.test('expects answers to methods only', (t) => {
  const reader = new ResponseReader({ head() {}, body() {}, end() {}, failed() {} });
  for (const bad of [undefined, null, 5, '', 'G T']) {
    t.throws(() => reader.expect(bad as string), { name: 'UsageError', code: 'invalid-argument' });
  }
  t.end();
});
