import { CloseEvent, ErrorEvent } from 'barewire/client';
import t from 'tap';
import { EventHandlers } from '../../lib/client/events.ts';

t.test('a close event says code, reason and whether it was clean', (t) => {
  t.match(new CloseEvent('close'), { type: 'close', code: 0, reason: '', wasClean: false });
  const told = { code: 3000, reason: 'bye', wasClean: true };
  t.match(new CloseEvent('close', told), told);
  t.end();
});

t.test('an error event says what went wrong', (t) => {
  const error = new Error('why');
  t.match(new ErrorEvent('error', error), { type: 'error', error, message: 'why' });
  t.end();
});

t.test('a handler attribute keeps its place, and anything but a function removes it', (t) => {
  const target = new EventTarget();
  const handlers = new EventHandlers(target);
  const log: string[] = [];
  t.equal(handlers.get('x'), null);
  handlers.set('x', () => log.push('first'));
  target.addEventListener('x', () => log.push('listener'));
  handlers.set('x', () => log.push('second'));
  target.dispatchEvent(new Event('x'));
  handlers.set('x', 'no function');
  t.equal(handlers.get('x'), null);
  target.dispatchEvent(new Event('x'));
  t.strictSame(log, ['second', 'listener', 'listener']);
  t.end();
});
