import assert from 'node:assert/strict';
import { ENTRY_OVERHEAD_BYTES } from 'barewire/base';
import { Backlog, type Waiting } from 'barewire/peer';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const MAX_BYTES = 6 * (ENTRY_OVERHEAD_BYTES + 10);

/** What is done to a backlog. */
type Step =
  | { readonly kind: 'add'; readonly bytes: number; readonly key: string | undefined }
  | { readonly kind: 'remove'; readonly which: number }
  | { readonly kind: 'release'; readonly count: number }
  | { readonly kind: 'clear' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      bytes: fc.nat(30),
      key: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), count: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
);

/** An array, and what the table of policies says, word by word. */
class NaiveBacklog {
  readonly #doesConflate: boolean;
  list: Waiting[] = [];

  constructor(doesConflate: boolean) {
    this.#doesConflate = doesConflate;
  }

  get heldBytes(): number {
    return this.list.reduce((sum, { bytes }) => sum + bytes + ENTRY_OVERHEAD_BYTES, 0);
  }

  add(message: Waiting): number {
    const old = this.list.findIndex(({ key }) => key === message.key);
    let dropped = 0;
    if (this.#doesConflate && message.key !== undefined && old !== -1) {
      this.list.splice(old, 1);
      dropped += 1;
    }
    this.list.push(message);
    while (this.heldBytes > MAX_BYTES) {
      this.list.shift();
      dropped += 1;
    }
    return dropped;
  }
}

t.test('law: a backlog is an array whose messages are replaced, dropped and sent', (t) => {
  let dropped = 0;
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(step, { maxLength: 200, size: 'max' }),
      (doesConflate, steps) => {
        const backlog = new Backlog(doesConflate ? 'conflate' : 'drop-oldest', MAX_BYTES);
        const naive = new NaiveBacklog(doesConflate);
        const added: Waiting[] = [];
        let sent: Waiting[] = [];
        const left = new Set<Waiting>();
        for (const one of steps) {
          sent = [];
          if (one.kind === 'add') {
            const message: Waiting = {
              bytes: one.bytes,
              key: one.key,
              send: () => sent.push(message),
              left: () => left.add(message),
            };
            added.push(message);
            const count = naive.add(message);
            assert.equal(backlog.add(message), count);
            dropped += count;
            assert.ok(backlog.keeps(message));
          } else if (one.kind === 'remove' && added.length > 0) {
            const message = added[one.which % added.length]!;
            const at = naive.list.indexOf(message);
            if (at !== -1) naive.list.splice(at, 1);
            assert.equal(backlog.remove(message), at !== -1);
          } else if (one.kind === 'release') {
            backlog.release(() => sent.length < one.count);
            assert.deepEqual(sent, naive.list.splice(0, one.count));
          } else if (one.kind === 'clear') {
            assert.equal(backlog.clear(), naive.list.splice(0).length);
          }
          assert.equal(backlog.length, naive.list.length);
          assert.equal(backlog.heldBytes, naive.heldBytes);
          assert.equal(left.size, added.length - naive.list.length);
        }
      },
    ),
    runs(200),
  );
  t.ok(dropped > 1000, `${dropped} messages were replaced or dropped`);
  t.end();
});
