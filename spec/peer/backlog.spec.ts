import { ENTRY_OVERHEAD_BYTES, UsageError } from 'barewire/base';
import { Backlog, emptyBacklog, type SlowConsumerPolicy } from 'barewire/peer';
import t from 'tap';

/** A message that counts so many thousands, with what each one counts anyway. */
const thousands = (count: number): number => count * 1000 - ENTRY_OVERHEAD_BYTES;

function fill(
  policy: SlowConsumerPolicy,
  sizes: readonly number[],
  keys: readonly string[] = [],
): { backlog: Backlog; sent: number[]; dropped: number[] } {
  const backlog = new Backlog(policy, 10_000);
  const sent: number[] = [];
  const dropped = sizes.map((size, index) =>
    backlog.add({ bytes: thousands(size), key: keys[index], send: () => sent.push(index) }),
  );
  return { backlog, sent, dropped };
}

t.test('tells whether a message was kept', (t) => {
  const message = (size: number) => ({
    bytes: thousands(size),
    key: undefined,
    send: () => undefined,
  });
  for (const [policy, bytes, isKept] of [
    ['drop-newest', 1, false],
    ['drop-oldest', 10, true],
    ['drop-oldest', 11, false],
    ['conflate', 10, true],
    ['conflate', 11, false],
  ] as const) {
    const { backlog } = fill(policy, [9]);
    const added = message(bytes);
    backlog.add(added);
    t.equal(backlog.keeps(added), isKept, `${policy} ${bytes}`);
  }
  t.end();
});

t.test('drops the newest', (t) => {
  const { backlog, dropped } = fill('drop-newest', [1, 1]);
  t.strictSame(dropped, [1, 1]);
  t.equal(backlog.length, 0);
  t.end();
});

t.test('drops the oldest beyond the bound, and not at it', (t) => {
  const { backlog, sent, dropped } = fill('drop-oldest', [4, 6, 1, 10]);
  t.strictSame(dropped, [0, 0, 1, 2]);
  t.equal(backlog.bytes, thousands(10));
  t.equal(backlog.heldBytes, 10_000);
  backlog.release(() => true);
  t.strictSame(sent, [3]);
  t.equal(backlog.bytes, 0);
  t.end();
});

t.test('drops a message that would never fit, and keeps the others', (t) => {
  const { backlog, dropped } = fill('drop-oldest', [4, 11]);
  t.strictSame(dropped, [0, 1]);
  t.equal(backlog.length, 1);
  t.end();
});

t.test('replaces older messages of the same key, and none without a key', (t) => {
  const { backlog, sent, dropped } = fill('conflate', [1, 1, 1, 1, 1], ['a', 'b', 'a']);
  t.strictSame(dropped, [0, 0, 1, 0, 0]);
  backlog.release(() => true);
  t.strictSame(sent, [1, 2, 3, 4]);
  t.end();
});

t.test('finds the message of a key without looking at the others', (t) => {
  const backlog = new Backlog('conflate');
  let looks = 0;
  const count = 2000;
  const add = (index: number): number =>
    backlog.add({
      bytes: 1,
      get key() {
        looks += 1;
        return `key ${index}`;
      },
      send() {},
    });
  let dropped = 0;
  for (let index = 0; index < 2 * count; index += 1) dropped += add(index % count);
  t.equal(dropped, count);
  t.equal(backlog.length, count);
  t.ok(looks <= 10 * 2 * count, `${looks} looks`);
  t.end();
});

t.test('releases as long as there is room, and counts what it forgets', (t) => {
  const { backlog, sent } = fill('drop-oldest', [1, 1, 1]);
  backlog.release(() => sent.length < 2);
  t.strictSame(sent, [0, 1]);
  t.equal(backlog.clear(), 1);
  t.equal(backlog.length + backlog.bytes, 0);
  t.end();
});

t.test('refuses unknown policies and bad bounds', (t) => {
  t.throws(() => new Backlog('hope' as 'wait'), UsageError);
  t.throws(() => new Backlog('wait', -1), UsageError);
  t.throws(() => new Backlog('wait', 1.5), UsageError);
  t.end();
});

t.test('replacing costs no more when many wait', (t) => {
  const backlog = new Backlog('conflate', Number.POSITIVE_INFINITY);
  // If each had to look at all that wait, it would take hours, and the runner would end it.
  const count = 1_000_000;
  const add = (index: number): number =>
    backlog.add({ bytes: 1, key: String(index), send: () => {} });
  for (let index = 0; index < count; index += 1) add(index);
  let dropped = 0;
  // The one in the middle is the farthest from both ends.
  for (let index = 0; index < count; index += 1) dropped += add((index + count / 2) % count);
  t.equal(dropped, count);
  t.equal(backlog.length, count);
  t.end();
});

t.test('what was replaced is not kept in memory', (t) => {
  const backlog = new Backlog('conflate', Number.POSITIVE_INFINITY);
  const sent: number[] = [];
  const left: number[] = [];
  const add = (index: number, key: string): number =>
    backlog.add({
      bytes: 1,
      key,
      send: () => sent.push(index),
      left: () => left.push(index),
    });
  add(-1, 'first');
  for (let index = 0; index < 1000; index += 1) add(index, 'k');
  t.equal(backlog.length, 2);
  t.equal(backlog.bytes, 2);
  backlog.release(() => true);
  t.strictSame(sent, [-1, 999]);
  t.equal(left.length, 1001);
  t.end();
});

t.test('gives up a peer by two policies, and is over its bound one byte beyond it', (t) => {
  const policies = ['wait', 'drop-newest', 'drop-oldest', 'conflate', 'close'] as const;
  const givesUp = policies.filter((policy) => new Backlog(policy).givesUp);
  t.strictSame(givesUp, ['wait', 'close']);
  const { backlog } = fill('drop-oldest', [4]);
  for (const [bytes, elsewhere, isOver] of [
    [6000, 0, false],
    [6001, 0, true],
    [1, 5999, false],
    [1, 6000, true],
    [0, 6000, false],
  ] as const) {
    t.equal(backlog.isOver(bytes, elsewhere), isOver, `${bytes} and ${elsewhere} of 10,000`);
  }
  t.end();
});

t.test(
  'is one empty backlog for all with the same policy and bound, who keep in their own',
  (t) => {
    const empty = emptyBacklog('conflate', 1000);
    t.equal(emptyBacklog('conflate', 1000), empty);
    t.not(emptyBacklog('conflate', 1001), empty);
    t.not(emptyBacklog('drop-oldest', 1001), emptyBacklog('conflate', 1001));
    t.equal(emptyBacklog(), emptyBacklog('wait'));
    t.throws(() => emptyBacklog('none' as never), { code: 'invalid-option' });

    const message = { bytes: 1, key: 'k', send: () => {} };
    t.throws(() => empty.add(message), /keeps nothing/);
    t.equal(empty.length, 0);
    const own = empty.own();
    t.not(own, empty);
    t.equal(own.own(), own);
    t.match(own, { policy: 'conflate', maxBytes: 1000 });
    t.equal(own.add(message), 0);
    t.equal(own.keeps(message), true);
    t.equal(empty.keeps(message), false);
    t.equal(empty.own().length, 0);
    t.end();
  },
);
