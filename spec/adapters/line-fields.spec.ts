import { LineFields } from 'barewire/adapters';
import t from 'tap';

t.test('looks fields up case-blind, line by line as they came', (t) => {
  const fields = new LineFields(['Host', 'a', 'HOST', 'b', '__proto__', 'x']);
  t.strictSame(fields.getAll('host'), ['a', 'b']);
  t.equal(fields.get('host'), 'a, b');
  t.equal(new LineFields(['a', '', 'A', '']).get('a'), ', ', 'empty values are values');
  t.equal(new LineFields(['a', '']).get('a'), '');
  t.equal(fields.get('__proto__'), 'x');
  t.equal(fields.get('constructor'), undefined);
  t.strictSame(fields.getAll('none'), []);
  t.end();
});
