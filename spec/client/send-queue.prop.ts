/** The law of messages that wait for a connection: a list with a bound. */
import assert from 'node:assert/strict';
import { ENTRY_OVERHEAD_BYTES } from 'barewire/base';
import t from 'tap';
import { byteLength, type Sendable, SendQueue } from '../../lib/client/send-queue.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const message = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ maxLength: 20 }).map((text) => new Blob([text])),
);
const step = fc.oneof({ weight: 6, arbitrary: message }, fc.constant('take' as const));

t.test('law: keeps what fits, as it was, in its order; what does not fit changes nothing', (t) => {
  const seen = { kept: 0, refused: 0, taken: 0 };
  const law = fc.property(fc.nat(1600), fc.array(step, { maxLength: 30 }), (maxBytes, steps) => {
    const queue = new SendQueue(maxBytes);
    let list: Sendable[] = [];
    const total = (): number => list.reduce((sum, kept) => sum + byteLength(kept), 0);
    for (const item of steps) {
      if (item === 'take') {
        assert.deepEqual(queue.takeAll(), list);
        seen.taken += list.length;
        list = [];
      } else {
        const held = total() + (list.length + 1) * ENTRY_OVERHEAD_BYTES;
        if (held + byteLength(item) <= maxBytes) {
          queue.push(item);
          list.push(item instanceof Uint8Array ? Buffer.from(item) : item);
          // The caller has it back.
          if (item instanceof Uint8Array) item.fill(0xaa);
          seen.kept += 1;
        } else {
          assert.throws(() => queue.push(item), { code: 'invalid-state' });
          seen.refused += 1;
        }
      }
      assert.equal(queue.bytes, total());
    }
  });
  fc.assert(law, runs(500));
  for (const [what, count] of Object.entries(seen)) t.ok(count > 100, `${what}: ${count}`);
  t.end();
});
