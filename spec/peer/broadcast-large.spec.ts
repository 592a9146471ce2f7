/** Broadcasts that are too large for the calling thread, one step of the pool at a time. */
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';
import { hasFastPath } from 'barewire/base';
import { DEFLATE_HERE_BYTES, sharedDeflatePool } from 'barewire/deflate';
import { broadcast, PreparedMessage } from 'barewire/peer';
import t, { type Test } from 'tap';
import {
  LARGEST_SMALL,
  Member,
  SMALLEST_LARGE,
  settle,
  textOf,
  turnEnd,
} from '../support/broadcast-members.ts';
import { stepSharedPool } from '../support/deflate-jobs.ts';
import { needsFastPath } from '../support/fast-paths.ts';

/** Else everybody compresses by himself, with the 13 bits that a codec takes by default. */
const IS_SHARED = hasFastPath('broadcast');

/** Counts what is compressed on the calling thread by Node's own function. */
function countHere(t: Test): { count: number } {
  const calls = { count: 0 };
  const { deflateRawSync } = zlib;
  zlib.deflateRawSync = (...args) => {
    calls.count += 1;
    return deflateRawSync(...args);
  };
  syncBuiltinESMExports();
  t.teardown(() => {
    zlib.deflateRawSync = deflateRawSync;
    syncBuiltinESMExports();
  });
  return calls;
}

t.test('compresses elsewhere what is large, once for each window', async (t) => {
  const threads = stepSharedPool(t);
  const here = countHere(t);
  const members = [15, 12, 15, 12, 15].map((bits) => new Member(t, bits));
  const peers = members.map(({ peer }) => peer);
  const message = new PreparedMessage(SMALLEST_LARGE);
  const all = { sent: 5, queued: 0, dropped: 0, closed: 0 };
  t.strictSame(broadcast(peers, message), all);
  t.strictSame(broadcast(peers, message), all, 'the same, while it is in the making');
  await turnEnd();
  t.strictSame(threads.begun.slice(0, 2), IS_SHARED ? [15, 12] : [13, 12]);
  t.equal(here.count, 0);
  for (const { writes, peer } of members) {
    t.strictSame(writes, [], 'nothing before the threads have worked');
    t.equal(peer.bufferedAmount, 2 * SMALLEST_LARGE.length);
  }
  await settle(threads);
  broadcast(peers, message);
  await settle(threads);
  t.equal(threads.begun.length, IS_SHARED ? 2 : 15, 'kept');
  for (const member of members) {
    t.strictSame(member.read(), [SMALLEST_LARGE, SMALLEST_LARGE, SMALLEST_LARGE]);
    t.ok(Buffer.concat(member.writes).length < 3000, 'compressed');
    t.equal(member.peer.bufferedAmount, 0);
  }
  t.equal(here.count, 0);
});

t.test('compresses on the spot what is small', async (t) => {
  const threads = stepSharedPool(t);
  const here = countHere(t);
  const members = [15, 12, 15].map((bits) => new Member(t, bits));
  broadcast(
    members.map(({ peer }) => peer),
    LARGEST_SMALL,
  );
  await turnEnd();
  t.equal(here.count, IS_SHARED ? 2 : 0);
  t.strictSame(threads.begun, []);
  for (const member of members) t.strictSame(member.read(), [LARGEST_SMALL]);
});

t.test('measures text in bytes', async (t) => {
  const threads = stepSharedPool(t);
  const member = new Member(t);
  const text = 'ü'.repeat(DEFLATE_HERE_BYTES / 2 + 1);
  broadcast([member.peer], text);
  await turnEnd();
  t.strictSame(threads.begun, [IS_SHARED ? 15 : 13]);
  await settle(threads);
  t.strictSame(member.read(), [text]);
});

t.test('closes behind what is being compressed', async (t) => {
  const threads = stepSharedPool(t);
  const [left, right] = [new Member(t), new Member(t)];
  broadcast([left.peer, right.peer], SMALLEST_LARGE);
  left.peer.send('behind');
  void left.peer.close(4000);
  t.strictSame(broadcast([left.peer, right.peer], 'late'), {
    sent: 1,
    queued: 0,
    dropped: 0,
    closed: 1,
  });
  await turnEnd();
  t.strictSame(left.writes, []);
  await settle(threads);
  t.strictSame(left.read(), [SMALLEST_LARGE, 'behind', 'close']);
  t.strictSame(right.read(), [SMALLEST_LARGE, 'late']);
});

t.test('goes on for the others when one is gone, and for nobody', async (t) => {
  const threads = stepSharedPool(t);
  const members = [new Member(t), new Member(t), new Member(t)];
  const peers = members.map(({ peer }) => peer);
  const message = new PreparedMessage(SMALLEST_LARGE);
  broadcast(peers, message);
  await turnEnd();
  peers[0]!.terminate();
  await settle(threads);
  t.strictSame(members[0]!.writes, []);
  for (const member of members.slice(1)) t.strictSame(member.read(), [SMALLEST_LARGE]);
  const other = textOf(40_000);
  broadcast(peers.slice(1), other);
  for (const peer of peers) peer.terminate();
  await settle(threads);
  for (const member of members.slice(1)) t.strictSame(member.read(), [SMALLEST_LARGE]);
  t.equal(sharedDeflatePool().queue.length, 0, 'the pool has come to rest');
  const begun = threads.begun.length;
  t.equal(broadcast(peers, textOf(50_000)).closed, 3);
  await settle(threads);
  t.equal(threads.begun.length, begun, 'nothing is compressed for nobody');
});

t.test('is subject to the policy, and so is what comes behind it', async (t) => {
  const threads = stepSharedPool(t);
  const large = textOf(100_000);
  const options = { maxBufferedBytes: 600 };
  const oldest = new Member(t, 15, { ...options, slowConsumer: 'drop-oldest' });
  const newest = new Member(t, 15, { ...options, slowConsumer: 'drop-newest' });
  const waits = new Member(t);
  const peers = [oldest.peer, newest.peer, waits.peer];
  t.match(broadcast(peers, large), { sent: 0, queued: 3, dropped: 0 });
  for (const name of ['a', 'b', 'c']) {
    t.match(broadcast(peers, name), { sent: 0, queued: 2, dropped: 1 });
  }
  t.match(broadcast(peers, large), { queued: 1, dropped: 2 }, 'more than may be kept');
  await settle(threads);
  t.strictSame(oldest.read(), [large, 'b', 'c']);
  t.strictSame(newest.read(), [large]);
  t.strictSame(waits.read(), [large, 'a', 'b', 'c', large]);
  t.equal(oldest.peer.counters.messagesDropped, 2);
  t.equal(newest.peer.counters.messagesDropped, 4);
});

// A compressor of one's own has the window of those before it, and cannot do without.
t.test(
  'is sent as it is when there is no memory for zlib',
  needsFastPath('broadcast'),
  async (t) => {
    const threads = stepSharedPool(t);
    const members = [new Member(t), new Member(t)];
    const peers = members.map(({ peer }) => peer);
    threads.fault = 'insufficient memory';
    broadcast(peers, SMALLEST_LARGE);
    await settle(threads);
    threads.fault = undefined;
    broadcast(peers, textOf(20_000));
    await settle(threads);
    for (const member of members) {
      t.strictSame(member.read(), [SMALLEST_LARGE, textOf(20_000)]);
      t.equal(member.peer.isOpen, true);
    }
  },
);
