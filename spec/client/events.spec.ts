import { CloseEvent, ErrorEvent, ReconnectingEvent } from 'barewire/client';
import t from 'tap';
import { defineConstants, EventHandlers } from '../../lib/client/events.ts';

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
  // Once removed it has lost its place.
  handlers.set('x', () => log.push('third'));
  target.dispatchEvent(new Event('x'));
  t.strictSame(log.slice(3), ['listener', 'third']);
  t.end();
});

t.test('constants are on the class and its instances, and cannot be changed', (t) => {
  class Some {}
  defineConstants(Some, { A: 0, B: 1 });
  t.match(Object.getOwnPropertyDescriptor(Some, 'B'), {
    value: 1,
    enumerable: true,
    writable: false,
    configurable: false,
  });
  t.equal((new Some() as { A?: number }).A, 0);
  t.throws(() => {
    (new Some() as { A?: number }).A = 5;
  }, TypeError);
  t.end();
});

t.test('a reconnecting event says when and why', (t) => {
  const cause = { error: undefined, code: 1012, reason: 'restart', wasOpen: true, unsentBytes: 0 };
  const event = new ReconnectingEvent('reconnecting', { attempt: 2, delayMs: 50 }, cause);
  t.match(event, { type: 'reconnecting', attempt: 2, delayMs: 50, cause });
  t.end();
});
