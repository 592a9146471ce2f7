import t from 'tap';
import { joinOnce } from '../../lib/connection/shared-frames.ts';

const [one, two, three] = ['one', 'two', 'three'].map((text) => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
];

t.test('joins, and gives the same again for the same buffers in the same order', (t) => {
  const first = joinOnce([one, two], 6);
  t.equal(first.toString(), 'onetwo');
  t.equal(joinOnce([one, two], 6), first);
  for (const [parts, text] of [
    [[two, one], 'twoone'],
    [[one, two, three], 'onetwothree'],
    [[one, two], 'onetwo'],
    [[one], 'one'],
    [[one, Buffer.from('two')], 'onetwo'],
  ] as const) {
    const joined = joinOnce(parts, text.length);
    t.equal(joined.toString(), text);
    t.not(joined, first, 'only the last is remembered');
  }
  t.end();
});
