import { ProtocolError } from 'barewire/base';
import { Closing } from 'barewire/connection';
import t from 'tap';

t.test('tells what happened, and who began', (t) => {
  const closing = new Closing();
  t.equal(closing.isOpen, true);
  closing.begin('peer');
  closing.begin('us');
  closing.heard({ code: 3000, reason: 'bye' });
  closing.move('receive-close');
  t.equal(closing.isOpen, false);
  t.equal(closing.isReadable, false);
  t.equal(closing.isWritable, true);
  closing.sentCode = 3000;
  closing.move('send-close');
  t.equal(closing.state, 'exchanged');
  t.strictSame(closing.report(undefined, true, 42), {
    code: 3000,
    reason: 'bye',
    wasClean: true,
    closedBy: 'peer',
    sentCode: 3000,
    error: undefined,
    transportError: undefined,
    atMs: 42,
  });
  t.end();
});

t.test('measures each wait from its beginning, and nothing before the first', (t) => {
  const closing = new Closing();
  t.equal(closing.awaited, undefined);
  t.equal(closing.waitedMs(1e9), 0);
  closing.await('our-close', 100);
  closing.await('our-close', 105);
  t.equal(closing.waitedMs(110), 10);
  closing.await('peer-close', 110);
  t.equal(closing.awaited, 'peer-close');
  t.equal(closing.waitedMs(111), 1);
  closing.waitOn(115);
  t.equal(closing.waitedMs(117), 2, 'something has moved');
  t.end();
});

t.test('measures all of closing from the first wait on', (t) => {
  const closing = new Closing();
  t.equal(closing.lastedMs(1e9), 0);
  closing.await('our-close', 100);
  closing.await('peer-close', 110);
  closing.waitOn(115);
  t.equal(closing.lastedMs(120), 20);
  t.end();
});

t.test('is neither open nor writable once only the transport is waited for', (t) => {
  const closing = new Closing();
  closing.await('transport-end', 0);
  t.equal(closing.state, 'open');
  t.equal(closing.isOpen, false);
  t.equal(closing.isWritable, false);
  t.end();
});

t.test('takes no step that the table does not have', (t) => {
  const closing = new Closing();
  t.equal(closing.allows('fail'), true);
  t.equal(closing.move('fail'), true);
  t.equal(closing.allows('fail'), false);
  t.equal(closing.move('receive-close'), false);
  closing.error = new ProtocolError('reserved-bit');
  t.equal(closing.move('transport-gone'), true);
  t.match(closing.report(undefined, false, 0), { code: 1006, closedBy: 'transport' });
  t.end();
});

t.test('sends no messages once our close frame is waited for', (t) => {
  const closing = new Closing();
  closing.await('our-close', 0);
  t.equal(closing.isOpen, false);
  t.equal(closing.isWritable, true);
  t.end();
});
