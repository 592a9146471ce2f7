/** The law of announced lengths: a number is what all its digits say, whatever the limit is. */
import assert from 'node:assert/strict';
import { type BodyFraming, RequestReader, ResponseReader } from 'barewire/http';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const MOST = BigInt(Number.MAX_SAFE_INTEGER);

/** What a head with this field announces in bytes, or the code of its refusal. */
function announced(digits: string, maxBodyBytes: number, isRequest: boolean): number | string {
  let found: number | string = 'nothing';
  const sink = {
    head({ framing }: { readonly framing: BodyFraming }): void {
      found = framing.kind === 'length' ? framing.length : framing.kind;
    },
    body() {},
    end() {},
    failed({ code }: { readonly code: string }): void {
      found = code;
    },
  };
  const field = `Content-Length: ${digits}\r\n\r\n`;
  if (isRequest) {
    const reader = new RequestReader(sink, { maxBodyBytes });
    reader.receive(Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\n${field}`));
  } else {
    const reader = new ResponseReader(sink, { maxBodyBytes });
    reader.expect('GET');
    reader.receive(Buffer.from(`HTTP/1.1 200 OK\r\n${field}`));
  }
  return found;
}

/** Digits, and a limit that is drawn beside what some of them would be without the rest. */
const cases = fc
  .tuple(
    fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 70n })),
    fc.nat(3),
    fc.nat(25),
    fc.integer({ min: -1, max: 1 }),
  )
  .map(([value, zeros, kept, beside]) => {
    const digits = '0'.repeat(zeros) + value;
    const near = BigInt(digits.slice(0, Math.max(1, digits.length - kept))) + BigInt(beside);
    const limit = near < 0n ? 0n : near > MOST ? MOST : near;
    return { digits, value, limit };
  });

t.test('law: a length is all of its digits, and is taken exactly up to the limit', (t) => {
  fc.assert(
    fc.property(cases, fc.boolean(), ({ digits, value, limit }, isRequest) => {
      const wanted = value > limit ? 'body-too-large' : Number(value);
      assert.equal(announced(digits, Number(limit), isRequest), wanted);
    }),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});
