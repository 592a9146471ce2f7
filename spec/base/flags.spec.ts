import { Flags } from 'barewire/base';
import t from 'tap';

/** Has as many flags as fit. */
const NAMES = Array.from({ length: 30 }, (_, index) => `is${index}`);

class Some extends Flags {
  [name: string]: unknown;

  static {
    Some.define(Some.prototype, NAMES);
  }
}

/** The names of those that say yes. */
const yeses = (of: Some): string[] => NAMES.filter((name) => of[name]);

t.test('all begin with no', (t) => {
  const fresh = new Some();
  for (const name of NAMES) t.equal(fresh[name], false, name);
  t.end();
});

t.test('each is apart from all others, the last one too', (t) => {
  for (const name of NAMES) {
    const others = NAMES.filter((other) => other !== name);
    const one = new Some();
    for (const again of ['', ' again']) {
      one[name] = true;
      t.same(yeses(one), [name], `yes${again}`);
    }
    for (const other of others) one[other] = true;
    t.same(yeses(one), NAMES);
    for (const again of ['', ' again']) {
      one[name] = false;
      t.same(yeses(one), others, `no${again}`);
    }
    t.equal(one[name], false, 'false itself');
    for (const other of others) one[other] = false;
    t.same(yeses(one), []);
  }
  t.end();
});

t.test('each object has its own, and none is a field', (t) => {
  const [one, other] = [new Some(), new Some()];
  for (const name of NAMES) one[name] = true;
  t.same(yeses(other), []);
  t.same(Object.getOwnPropertyNames(one), []);
  t.end();
});

t.test('more than fit are refused', (t) => {
  t.throws(() => {
    class More extends Flags {
      static {
        More.define(More.prototype, [...NAMES, 'isTooMuch']);
      }
    }
    return More;
  }, RangeError);
  t.end();
});
