import t from 'tap';
import {
  EMPTY_PIECE,
  MAX_FINAL_BLOCKS,
  ratioLimit,
  TAIL_BYTES,
  TRAILER,
  TRAILER_ENDS,
} from '../../lib/deflate/message-format.ts';
import { naiveInflate } from '../support/naive-inflate.ts';

t.test(
  'the trailer is the tail of an empty block, a final empty block, and a byte too many',
  (t) => {
    const putBack = Buffer.concat([EMPTY_PIECE, TRAILER.subarray(0, TAIL_BYTES)]);
    t.same(naiveInflate(putBack).blocks, [{ type: 0, isFinal: false }]);
    t.same(naiveInflate(TRAILER.subarray(TAIL_BYTES, 9)).blocks, [{ type: 0, isFinal: true }]);
    t.equal(TRAILER.length, 10);
    t.same([...TRAILER_ENDS], [0, 4, 9]);
    t.ok(MAX_FINAL_BLOCKS >= 16);
    t.end();
  },
);

t.test('a ratio counts only beyond 64 KiB', (t) => {
  t.equal(ratioLimit(10, 2), 65536);
  t.equal(ratioLimit(100_000, 2), 200_000);
  t.equal(ratioLimit(10, Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  t.end();
});
