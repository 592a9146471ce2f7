import assert from 'node:assert/strict';
import t from 'tap';
import { OutputQueue } from '../../lib/server/output-queue.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** Up to so many bytes, and as often so few that many of them are joined or copied. */
const upTo = (most: number, least = 0): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min: least, max: most }),
    fc.integer({ min: least, max: 4_000 }),
    fc.integer({ min: least, max: 60 }),
  );
const which = fc.nat(2);
const action = fc.oneof(
  fc.record({ kind: fc.constant('text'), which, size: upTo(9_000) }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('bytes'), which, size: upTo(60_000) }) },
  fc.record({ kind: fc.constant('take'), which, size: upTo(50_000, 1) }),
  fc.record({ kind: fc.constant('slab'), which, size: fc.nat(1) }),
);

t.test('gives back what was put in, in order, whoever shares the slab', (t) => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: 'max' }), (actions) => {
      const queues = [new OutputQueue(), new OutputQueue(), new OutputQueue()];
      const put = [0, 0, 0];
      const got = [0, 0, 0];
      /** Bytes of a queue count up, so that any loss, double or mixture shows. */
      const make = (which: number, size: number): Buffer => {
        const start = put[which]!;
        put[which]! += size;
        return Buffer.from(Uint8Array.from({ length: size }, (_, index) => (start + index) % 127));
      };
      const check = (which: number, block: Uint8Array): void => {
        for (const byte of block) {
          if (byte !== got[which]! % 127) throw new Error('not the byte that was put');
          got[which]! += 1;
        }
      };
      for (const { kind, which, size } of actions) {
        const queue = queues[which]!;
        if (kind === 'text') queue.pushText(make(which, size).toString('latin1'), 'utf8');
        else if (kind === 'bytes') queue.push(make(which, size));
        else if (kind === 'take') {
          const blocks = queue.take(size);
          const bytes = blocks.reduce((sum, { length }) => sum + length, 0);
          if (bytes > size) throw new Error('more than was asked for');
          if (bytes < size && queue.length > 0) throw new Error('less than there is room for');
          for (const block of blocks) check(which, block);
        } else {
          queue.writeSlab((block) => {
            check(which, block);
            return size === 1;
          }, undefined);
        }
        if (queue.length !== put[which]! - got[which]!) throw new Error('the length is wrong');
      }
      queues.forEach((queue, which) => {
        for (const block of queue.take(Number.POSITIVE_INFINITY)) check(which, block);
        if (got[which] !== put[which]) throw new Error('bytes are missing');
      });
    }),
    runs(60),
  );
  t.pass('every byte came out once');
  t.end();
});

t.test(
  'law: what stands before a piece whose memory is gone leaves, and nothing behind it',
  (t) => {
    const sizes = fc.array(upTo(9_000, 1), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.nat(), upTo(20_000, 1), (sizes, which, room) => {
        const queue = new OutputQueue();
        const pieces = sizes.map((size) => new Uint8Array(size));
        for (const piece of pieces) queue.push(piece);
        const index = which % pieces.length;
        const { buffer } = pieces[index]!;
        structuredClone(buffer, { transfer: [buffer] });
        const before = sizes.slice(0, index).reduce((sum, size) => sum + size, 0);
        let taken = 0;
        const takeAll = (): void => {
          for (;;) {
            const blocks = queue.take(room);
            assert.ok(blocks.length > 0, 'the piece was left out');
            for (const { length } of blocks) taken += length;
          }
        };
        assert.throws(takeAll, { code: 'payload-gone' });
        assert.equal(taken, before);
      }),
      runs(300),
    );
    t.pass('no counterexample');
    t.end();
  },
);
