import t from 'tap';
import { FlushNotices } from '../../lib/server/flush-notices.ts';

function setUp() {
  const notices = new FlushNotices();
  const told: string[] = [];
  const backs: ((error?: Error | null) => void)[] = [];
  return {
    notices,
    told,
    backs,
    add: (name: string) => notices.add(() => told.push(name)),
    mark: () =>
      notices.mark(
        (back) => backs.push(back),
        () => told.push('lost'),
      ),
  };
}

t.test('tells everybody once, in their order', (t) => {
  const { notices, told, add } = setUp();
  notices.run();
  add('a');
  add('b');
  t.equal(notices.hasUnmarked, true);
  t.equal(notices.hasMarked, false);
  notices.run();
  notices.run();
  t.strictSame(told, ['a', 'b']);
  t.equal(notices.hasUnmarked, false);
  t.end();
});

t.test('an empty write tells those who were there before it, and no others', (t) => {
  const { notices, told, add, mark, backs } = setUp();
  add('a');
  mark();
  t.equal(notices.hasUnmarked, false);
  t.equal(notices.hasMarked, true);
  add('b');
  mark();
  add('c');
  backs[0]!();
  t.strictSame(told, ['a']);
  backs[0]!();
  t.strictSame(told, ['a'], 'once');
  notices.run();
  t.strictSame(told, ['a', 'b', 'c']);
  backs[1]!();
  t.strictSame(told, ['a', 'b', 'c'], 'it comes back too late');
  t.end();
});

t.test('an empty write that fails tells nobody, until it is over', (t) => {
  const { notices, told, add, mark, backs } = setUp();
  add('a');
  mark();
  backs[0]!(new Error('EPIPE'));
  t.strictSame(told, ['lost']);
  notices.run();
  t.strictSame(told, ['lost', 'a']);
  t.end();
});

t.test('whoever is told may add others', (t) => {
  const { notices, told, add } = setUp();
  notices.add(() => add('later'));
  notices.run();
  t.strictSame(told, []);
  notices.run();
  t.strictSame(told, ['later']);
  t.end();
});
