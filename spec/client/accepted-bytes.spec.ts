import t from 'tap';
import { AcceptedBytes } from '../../lib/client/accepted-bytes.ts';

t.test('counts no more than was given, and nothing when all has left', (t) => {
  const peer = { bufferedAmount: 0 };
  const bytes = new AcceptedBytes(peer);
  bytes.add(10);
  peer.bufferedAmount = 12; // With a header.
  t.equal(bytes.look(), 10);
  peer.bufferedAmount = 5;
  t.equal(bytes.look(), 5);
  peer.bufferedAmount = 0;
  t.equal(bytes.look(), 0);
  peer.bufferedAmount = 6; // A ping.
  t.equal(bytes.look(), 0);
  t.end();
});

t.test('takes what never left a connection that is over, once', (t) => {
  const peer = { bufferedAmount: 0 };
  const bytes = new AcceptedBytes(peer);
  bytes.add(10);
  peer.bufferedAmount = 12;
  bytes.add(20);
  peer.bufferedAmount = 34;
  t.equal(bytes.look(), 30);
  peer.bufferedAmount = 15; // At the end, which came behind the last look.
  t.equal(bytes.take(), 15);
  t.equal(bytes.take(), 0);
  t.equal(bytes.look(), 0);
  bytes.add(10);
  t.equal(bytes.take(), 10);
  t.end();
});

t.test('looks again behind a send, so that what left at once counts no more', async (t) => {
  const peer = { bufferedAmount: 0 };
  const bytes = new AcceptedBytes(peer);
  bytes.add(10);
  peer.bufferedAmount = 0;
  await new Promise((next) => setImmediate(next));
  peer.bufferedAmount = 1000; // Of an iterable.
  t.equal(bytes.look(), 0);
});

t.test('counts what was given until the task ends, whatever has left', async (t) => {
  const peer = { bufferedAmount: 0 };
  const bytes = new AcceptedBytes(peer);
  bytes.add(10);
  bytes.add(20);
  t.equal(bytes.amount, 30, 'although all of it has left');
  peer.bufferedAmount = 1_000;
  t.equal(bytes.amount, 30);
  peer.bufferedAmount = 0;
  await new Promise((next) => setImmediate(next));
  t.equal(bytes.amount, 0);
  bytes.add(10);
  t.equal(bytes.take(), 0, 'it has left, and was not lost');
  t.equal(bytes.amount, 0);
});
