import { hasElement, listElements } from 'barewire/http';
import t from 'tap';
import { isPersistent } from '../../lib/http/lists.ts';

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

t.test('lets close win, and HTTP/1.0 ask for what 1.1 has anyway', (t) => {
  for (const [connection, in11, in10] of [
    [undefined, true, false],
    ['', true, false],
    ['upgrade', true, false],
    ['keep-alive', true, true],
    ['Upgrade, Keep-Alive', true, true],
    ['keep-alives', true, false],
    ['close', false, false],
    ['closed', true, false],
    ['keep-alive, CLOSE', false, false],
    ['close,keep-alive', false, false],
  ] as const) {
    t.equal(isPersistent('1.1', connection), in11, `1.1 ${connection}`);
    t.equal(isPersistent('1.0', connection), in10, `1.0 ${connection}`);
  }
  t.end();
});
