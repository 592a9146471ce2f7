import { hasElement, listElements } from 'barewire/http';
import t from 'tap';

t.test('splits lists at commas, around empty elements and white space (9110-5.6.1.2-2)', (t) => {
  t.strictSame(listElements('a, b ,\tc,,'), ['a', 'b', 'c']);
  t.strictSame(listElements(' , ,'), []);
  t.strictSame(listElements('a'), ['a']);
  t.strictSame(listElements(''), []);
  t.end();
});

t.test('finds whole elements only, whatever their case', (t) => {
  t.equal(hasElement('keep-alive, Close', 'close'), true);
  t.equal(hasElement('CLOSE', 'close'), true);
  t.equal(hasElement('closed, enclose', 'close'), false);
  t.equal(hasElement('', 'close'), false);
  t.equal(hasElement(undefined, 'close'), false);
  t.end();
});
