import { UsageError } from 'barewire/base';
import t from 'tap';
import { orSyntaxError } from '../../lib/client/syntax-error.ts';

t.test('makes a bad argument a SyntaxError, and leaves everything else as it is', (t) => {
  t.equal(
    orSyntaxError(() => 1),
    1,
  );
  const fail = (error: Error) => () =>
    orSyntaxError(() => {
      throw error;
    });
  const bad = new UsageError('invalid-argument', 'no URL');
  t.throws(fail(bad), { name: 'SyntaxError', message: 'no URL' });
  const option = new UsageError('invalid-option', 'no option');
  t.throws(fail(option), { name: 'UsageError', message: 'no option' });
  t.throws(fail(new TypeError('mine')), TypeError);
  t.end();
});
