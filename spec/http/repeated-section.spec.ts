import { hasFastPath } from 'barewire/base';
import { type Fields, RequestReader } from 'barewire/http';
import t from 'tap';
import { RepeatedSection } from '../../lib/http/repeated-section.ts';
import type { RequestHead } from '../../lib/http/request-head.ts';

const HEAD = { method: 'GET', framing: { kind: 'none' } } as RequestHead;
const SECTION = 'Host: a\r\nAccept: text/html\r\n\r\n';

function remembering(section: string): RepeatedSection {
  const repeated = new RepeatedSection();
  repeated.remember(`GET / HTTP/1.1\r\n${section}`, 16, HEAD);
  return repeated;
}

t.test('finds a section again wherever it lies, and only all of it', (t) => {
  const repeated = remembering(SECTION);
  t.same(repeated.head, HEAD);
  const bytes = Buffer.from(`xyz${SECTION}GET`);
  const end = 3 + SECTION.length;
  t.equal(repeated.match(bytes, 3, bytes.length), SECTION.length);
  t.equal(repeated.match(bytes, 3, end), SECTION.length);
  t.equal(repeated.match(bytes, 3, end - 1), 0, 'cut short');
  t.equal(repeated.match(bytes, 2, end), 0, 'an octet off');
  t.equal(new RepeatedSection().match(bytes, 3, end), 0, 'nothing is remembered');
  t.equal(new RepeatedSection().match(Buffer.from('\0'), 0, 1), 0, 'nor a section of nothing');
  t.end();
});

t.test('forgets, and remembers the next one as if it were the first', (t) => {
  const repeated = remembering(SECTION);
  const bytes = Buffer.from(SECTION);
  for (let round = 0; round < 10; round += 1) {
    repeated.forget();
    t.equal(repeated.head, undefined);
    t.equal(repeated.match(bytes, 0, bytes.length), 0);
    repeated.remember(`GET / HTTP/1.1\r\n${SECTION}`, 16, HEAD);
  }
  t.equal(repeated.match(bytes, 0, bytes.length), SECTION.length, 'forgetting is not in vain');
  t.end();
});

t.test('a reader may forget at any time, also in front of a head', (t) => {
  const text = Buffer.from(`\r\n\r\nGET / HTTP/1.1\r\n${SECTION}`.repeat(4));
  for (let cut = 0; cut <= text.length; cut += 1) {
    const seen: unknown[] = [];
    const reader = new RequestReader({
      head: ({ fields }) => seen.push([...fields]),
      body: () => undefined,
      end: () => undefined,
      failed: ({ code }) => seen.push(code),
    });
    reader.receive(text.subarray(0, cut));
    reader.forget();
    reader.receive(text.subarray(cut));
    t.equal(seen.length, 4, `cut at ${cut}`);
    t.strictSame(seen[3], seen[0]);
  }
  t.end();
});

t.test('takes no section for another one that differs in a single octet', (t) => {
  const repeated = remembering(SECTION);
  for (let at = 0; at < SECTION.length; at += 1) {
    const bytes = Buffer.from(SECTION);
    bytes[at]! ^= 0x20;
    t.equal(repeated.match(bytes, 0, bytes.length), 0, `octet ${at}`);
  }
  t.end();
});

t.test('does not let what becomes of one head decide about the next ones', (t) => {
  const ends: string[] = [];
  const heads: RequestHead[] = [];
  const reader = new RequestReader({
    head(head) {
      heads.push({ ...head, framing: { ...head.framing } } as RequestHead);
      const mine = head as { -readonly [Name in keyof RequestHead]: RequestHead[Name] };
      try {
        (mine.framing as { length: number }).length = 1;
      } catch (error) {
        // What others need is frozen.
        t.type(error, TypeError);
      }
      mine.framing = { kind: 'chunked' };
      mine.wantsUpgrade = true;
      mine.expectContinue = true;
      mine.version = '1.0';
    },
    body: (bytes) => ends.push(bytes.toString()),
    end: () => reader.resume(),
    failed: (error) => t.fail(error.code),
  });
  const request = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
  for (let count = 0; count < 4; count += 1) reader.receive(Buffer.from(request));
  t.same(ends, ['hello', 'hello', 'hello', 'hello']);
  for (const head of heads) {
    const { framing, wantsUpgrade, expectContinue, version } = head;
    t.same(framing, { kind: 'length', length: 5 });
    t.same([wantsUpgrade, expectContinue, version], [false, false, '1.1']);
  }
  t.end();
});

t.test('keeps no more than 2 KiB', (t) => {
  for (const [length, isKept] of [
    [2048, true],
    [2049, false],
  ] as const) {
    const section = `Host: a\r\nX: ${'y'.repeat(length - 16)}\r\n\r\n`;
    t.equal(section.length, length);
    const repeated = remembering(section);
    t.equal(repeated.match(Buffer.from(section), 0, length), isKept ? length : 0);
    t.same(repeated.head, isKept ? HEAD : undefined);
  }
  t.end();
});

t.test('gives up after four sections that did not come again', (t) => {
  const text = (name: string): string => `GET / HTTP/1.1\r\n${name}: a\r\n\r\n`;
  const section = (name: string): Buffer => Buffer.from(text(name)).subarray(16);
  const repeated = new RepeatedSection();
  for (const name of ['b', 'c', 'd', 'e']) repeated.remember(text(name), 16, HEAD);
  t.equal(
    repeated.match(section('e'), 0, 8),
    8,
    'a section that comes again starts the count anew',
  );
  for (const name of ['f', 'g', 'h', 'i']) repeated.remember(text(name), 16, HEAD);
  repeated.remember(text('j'), 16, HEAD);
  t.equal(repeated.match(section('j'), 0, 8), 0);
  t.equal(repeated.head, undefined, 'and lets go of what it had');
  t.end();
});

/** Reads requests on one connection and returns the heads. */
function heads(chunks: readonly string[]): RequestHead[] {
  const found: RequestHead[] = [];
  const reader = new RequestReader({
    head: (head) => found.push(head),
    body() {},
    end() {},
    failed(error) {
      throw error;
    },
  });
  for (const chunk of chunks) reader.receive(Buffer.from(chunk));
  return found;
}

/** For each head, the index of the first one that has the same fields object. */
function owners(found: readonly RequestHead[]): number[] {
  const fields: Fields[] = found.map((head) => head.fields);
  return fields.map((one) => fields.indexOf(one));
}

t.test('a connection uses the fields of its second head again, never those of its first', (t) => {
  const ask = (line: string): string => `${line} HTTP/1.1\r\n${SECTION}`;
  const found = heads([ask('GET /1'), ask('GET /2'), ask('HEAD /3'), ask('GET /4')]);
  t.strictSame(owners(found), hasFastPath('repeated-section') ? [0, 1, 1, 1] : [0, 1, 2, 3]);
  t.strictSame(
    found.map(({ method, target }) => `${method} ${target}`),
    ['GET /1', 'GET /2', 'HEAD /3', 'GET /4'],
  );
  t.strictSame(owners(heads([ask('GET /1')])), [0]);
  t.end();
});

t.test('reads on behind a line that changes what fields mean', (t) => {
  const section = 'Host: a\r\nConnection: x\r\n\r\n';
  const found = heads([
    `GET / HTTP/1.1\r\n${section}`,
    `GET / HTTP/1.1\r\n${section}`,
    `OPTIONS * HTTP/1.1\r\n${section}`,
    `GET http://b/ HTTP/1.1\r\n${section}`,
    `GET / HTTP/1.0\r\n${section}`,
  ]);
  t.strictSame(owners(found), [0, 1, 2, 3, 4]);
  t.equal(found[2]!.targetForm, 'asterisk');
  t.equal(found[3]!.authority, 'b');
  t.equal(found[4]!.keepAlive, false);
  t.end();
});

t.test('two connections never share what they remember', (t) => {
  const request = `GET / HTTP/1.1\r\n${SECTION}`;
  const one = heads([request, request, request]);
  const other = heads([request, request, request]);
  t.notOk(other.some(({ fields }) => one.some((head) => head.fields === fields)));
  t.end();
});
