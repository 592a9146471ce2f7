import t from 'tap';
import { AcceptedBytes } from '../../lib/client/accepted-bytes.ts';

const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

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

t.test('remembers what waited behind the last message, until it is taken', async (t) => {
  const peer = { bufferedAmount: 0 };
  const bytes = new AcceptedBytes(peer);
  bytes.add(10);
  peer.bufferedAmount = 12;
  bytes.add(20);
  peer.bufferedAmount = 34;
  await turn();
  peer.bufferedAmount = 0; // The connection is lost.
  t.equal(bytes.takeLast(), 30);
  t.equal(bytes.takeLast(), 0);
  bytes.add(10);
  await turn();
  t.equal(bytes.takeLast(), 0, 'what left at once does not count');
});
