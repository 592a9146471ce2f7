import assert from 'node:assert/strict';
import { RequestReader } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { runs } from '../support/laws.ts';

/** Parts of a connection, and what is left of one that is cut: a body has been reported by then. */
const PARTS: readonly (readonly [text: string, isBody: boolean])[] = [
  ['POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n', false],
  ['a body of 20 octets.', true],
  ['GET http://b/2 HTTP/1.1\r\nHost: a\r\n\r\n', false],
  ['PUT /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', false],
  ['5\r\nhello\r\n', true],
  ['0\r\nX-Sum: 1\r\n\r\n', true],
  ['GET /4 HTTP/1.1\r\nHost: a\r\n\r\n', false],
];
const TEXT = PARTS.map(([text]) => text).join('');

/** What has not been reported of the first `length` octets. */
function unreported(length: number): string {
  let start = 0;
  for (const [text, isBody] of PARTS) {
    if (length <= start + text.length) {
      const isWhole = length === start + text.length;
      return isBody || isWhole ? '' : TEXT.slice(start, length);
    }
    start += text.length;
  }
  return '';
}

/** Whether so many octets end within a chunk, or within the trailers: then nothing can be given. */
function isDivided(length: number): boolean {
  const [chunk, rest] = [TEXT.indexOf('5\r\nhello'), TEXT.indexOf('0\r\nX-Sum')];
  const end = TEXT.indexOf('GET /4');
  return length > chunk && length < end && length !== rest;
}

const cuts = fc.array(fc.nat(TEXT.length), { maxLength: 10 });

t.test('hands over exactly what it has not reported, wherever it is interrupted', (t) => {
  fc.assert(
    fc.property(fc.nat(TEXT.length), cuts, fc.string({ maxLength: 20 }), (length, places, more) => {
      const reader = new RequestReader({
        head() {},
        body() {},
        end() {},
        failed: ({ code }) => assert.fail(code),
      });
      for (const chunk of cutAt(Buffer.from(TEXT.slice(0, length)), places)) reader.receive(chunk);
      reader.pause();
      reader.receive(Buffer.from(more));
      if (isDivided(length)) {
        assert.throws(() => reader.handOver(), { code: 'invalid-state' });
        assert.equal(reader.waitingBytes, Buffer.byteLength(more), 'and nothing has changed');
        reader.stop();
      } else {
        assert.equal(reader.handOver().toString(), unreported(length) + more);
      }
      assert.equal(reader.isStopped, true);
      assert.equal(reader.waitingBytes, 0);
      assert.equal(reader.handOver().length, 0);
    }),
    runs(1000),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('passes on what the sink throws, stops, and says nothing more', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 14 }), cuts, (last, places) => {
      let calls = 0;
      const call = (): void => {
        calls += 1;
        if (calls === last) throw new RangeError('a bug of the caller');
      };
      const reader = new RequestReader({ head: call, body: call, end: call, failed: call });
      let thrown = 0;
      for (const chunk of cutAt(Buffer.from(TEXT), places)) {
        try {
          reader.receive(chunk);
        } catch (error) {
          assert.ok(error instanceof RangeError);
          thrown += 1;
        }
      }
      reader.receiveEnd();
      assert.equal(thrown, calls === last ? 1 : 0);
      assert.ok(calls <= last, 'a call came after the throw');
      assert.equal(reader.isStopped, true);
    }),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});
