import { MaskingKeys, takeMaskingKey } from 'barewire/peer';
import t from 'tap';

t.test('gives out each four bytes of the generator once, in order', (t) => {
  let next = 0;
  let fills = 0;
  const keys = new MaskingKeys((target) => {
    fills += 1;
    for (let at = 0; at < target.length; at += 4) {
      next += 1;
      target.writeUInt32BE(next, at);
    }
  });
  t.equal(fills, 0);
  const taken = Array.from({ length: 10_000 }, () => keys.take());
  t.strictSame(
    taken,
    Array.from({ length: 10_000 }, (_, index) => index + 1),
  );
  t.equal(fills, Math.ceil((10_000 * 4) / 8192));
  t.end();
});

t.test('gives keys that do not repeat and do not lean to one side [6455-10.3-2]', (t) => {
  const count = 20_000;
  const seen = new Set<number>();
  const ones = new Array<number>(32).fill(0);
  for (let index = 0; index < count; index += 1) {
    const key = takeMaskingKey();
    seen.add(key);
    for (let bit = 0; bit < 32; bit += 1) ones[bit]! += (key >>> bit) & 1;
  }
  // 20,000 draws from 2³²: 0.05 doubles are to be expected, three never.
  t.ok(seen.size > count - 3);
  // Nine standard deviations of a fair bit.
  const bound = 9 * Math.sqrt(count / 4);
  t.ok(ones.every((sum) => Math.abs(sum - count / 2) < bound));
  t.end();
});
