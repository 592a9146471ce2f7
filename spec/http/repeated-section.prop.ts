/** The law of the short cut for repeated fields: what it makes of a request is what reading makes. */
import assert from 'node:assert/strict';
import { hasFastPath } from 'barewire/base';
import { type Fields, RequestReader } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { recordRequests } from '../support/http-driver.ts';
import { validRequests } from '../support/http-generators.ts';
import { anyRequests } from '../support/http-mutations.ts';
import { runs } from '../support/laws.ts';

const LINES = [
  ...['GET / HTTP/1.1', 'GET /a?b HTTP/1.1', 'POST /c HTTP/1.1', 'GET / HTTP/1.0'],
  ...['CONNECT a:1 HTTP/1.1', 'OPTIONS * HTTP/1.1', 'GET http://b/ HTTP/1.1', 'GET * HTTP/1.1'],
];

const texts = fc.oneof(
  { weight: 4, arbitrary: validRequests.map(([first]) => first!.wire) },
  { weight: 2, arbitrary: anyRequests },
  fc.constantFrom('upgrade', 'x, Upgrade').map((options) => {
    return `GET / HTTP/1.1\r\nHost: a\r\nConnection: ${options}\r\nUpgrade: websocket\r\n\r\n`;
  }),
);

/** A text whose section has one octet that is another than in `text`, and the same length. */
function withOneChanged(text: string, where: number, octet: string): string {
  const from = text.indexOf('\r\n');
  const at = from + (where % (text.length - from));
  return /[\r\n]/.test(text[at]!) ? text : text.slice(0, at) + octet + text.slice(at + 1);
}

/** Anywhere, or the first octet of the section: its two that tell most apart are further behind. */
const places = fc.oneof(fc.nat(), fc.constant(2));

/**
 * Requests of one connection: a text, nearly the same text, and another, whose sections come again
 * behind other request lines.
 */
const repeated = fc
  .tuple(
    fc
      .tuple(texts, texts, places, fc.constantFrom('x', 'y', '0', '1', ' '))
      .map(([first, other, where, octet]) => [first, other, withOneChanged(first, where, octet)]),
    fc.array(
      fc.tuple(
        fc.constantFrom(0, 0, 0, 1, 2),
        // The plain lines come more often, or most connections would end before they repeat.
        fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 2 }) }, fc.nat(7)),
      ),
      { minLength: 3, maxLength: 8 },
    ),
  )
  .map(([three, picks]) =>
    picks.map(([which, line]) => {
      const text = three[which]!;
      return Buffer.from(`${LINES[line]}${text.slice(text.indexOf('\r\n'))}`, 'latin1');
    }),
  );

/** Each request in two pieces: the line is cut, or what stands just behind it. */
function cutInLines(chunks: readonly Buffer[], cuts: readonly number[]): Buffer[] {
  return chunks.flatMap((chunk, index) => {
    const at = cuts[index % cuts.length]! % (chunk.indexOf('\r\n') + 4);
    return [chunk.subarray(0, at), chunk.subarray(at)];
  });
}

/** How many heads got the fields of an earlier one. */
function countReuse(chunks: readonly Buffer[], isUpgradeDeclined: boolean): number {
  const seen = new Set<Fields>();
  let count = 0;
  const reader: RequestReader = new RequestReader({
    head({ fields }) {
      if (seen.has(fields)) count += 1;
      seen.add(fields);
    },
    body() {},
    end() {
      if (isUpgradeDeclined) reader.resume();
    },
    failed() {},
  });
  for (const chunk of chunks) reader.receive(chunk);
  return count;
}

t.test('a section that comes again means what it means when it is read again', (t) => {
  let reused = 0;
  const cutting = fc.array(fc.nat(40), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(repeated, fc.boolean(), cutting, (chunks, isUpgradeDeclined, cuts) => {
      const options = { isUpgradeDeclined };
      // In pieces, a head is always read octet by octet.
      const crumbs = chunks.flatMap((chunk) => [...chunk].map((octet) => Buffer.from([octet])));
      const wanted = recordRequests(crumbs, options);
      assert.deepEqual(recordRequests(chunks, options), wanted);
      // Behind a line that came in pieces, the section may still be there as a whole.
      assert.deepEqual(recordRequests(cutInLines(chunks, cuts), options), wanted);
      reused += countReuse(chunks, isUpgradeDeclined);
    }),
    runs(400),
  );
  const isReused = hasFastPath('repeated-section') ? reused > 50 : reused === 0;
  t.ok(isReused, `the short cut was taken ${reused} times`);
  t.end();
});
