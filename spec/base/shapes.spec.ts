import { settleShape } from 'barewire/base';
import t from 'tap';
import { needsFastPath } from '../support/fast-paths.ts';

t.test('makes the first objects of a class, all at once', needsFastPath('shapes'), (t) => {
  const made: object[] = [];
  settleShape(() => {
    const object = {};
    made.push(object);
    return object;
  });
  t.ok(made.length > 7, `V8 decides with the seventh, and there are ${made.length}`);
  t.equal(new Set(made).size, made.length);
  t.end();
});
