/** Broadcasts that are too large for the calling thread, one step of the pool at a time. */
import { deepStrictEqual as same } from 'node:assert';
import { syncBuiltinESMExports } from 'node:module';
import { PassThrough } from 'node:stream';
import zlib from 'node:zlib';
import { DEFLATE_HERE_BYTES, DeflatePool, MessageCodec, sharedDeflatePool } from 'barewire/deflate';
import {
  broadcast,
  DuplexTransport,
  openPeer,
  type PeerOptions,
  PreparedMessage,
  type WebSocketPeer,
} from 'barewire/peer';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Pair } from '../support/connection-pair.ts';
import { DEFAULTS, type SteppedThreads, stepSharedPool } from '../support/deflate-jobs.ts';
import { ONLY_FAST } from '../support/fast-paths.ts';
import { runs } from '../support/laws.ts';

const textOf = (length: number, name = ''): string =>
  name +
  'all work and no play makes a dull broadcast '.repeat(length / 40).slice(name.length, length);
const LARGEST_SMALL = textOf(DEFLATE_HERE_BYTES);
const SMALLEST_LARGE = textOf(DEFLATE_HERE_BYTES + 1);

const turnEnd = (): Promise<void> => new Promise((done) => setImmediate(done));

/** A server's peer, and what its client would read of it. */
class Member {
  readonly writes: Buffer[] = [];
  readonly stream = new PassThrough();
  readonly peer: WebSocketPeer;

  constructor(t: Pick<Test, 'teardown'>, windowBits = 15, options: PeerOptions = {}) {
    this.stream.write = (chunk: unknown) => {
      this.writes.push(Buffer.from(chunk as Buffer));
      return true;
    };
    const parameters = { ...DEFAULTS, serverMaxWindowBits: windowBits };
    const extension = { parameters, response: 'permessage-deflate' };
    const transport = new DuplexTransport(this.stream);
    this.peer = openPeer(transport, { role: 'server', extension }, options);
    t.teardown(() => this.peer.terminate());
  }

  /** What has left: messages, read with one window for all of them, and the word of a close. */
  read(): unknown[] {
    const deflate = new MessageCodec('client', DEFAULTS, { pool: new DeflatePool(0) });
    const { client } = new Pair({ client: { deflate } });
    for (const bytes of this.writes) client.connection.receive(bytes);
    const seen = client.seen.map(([, data]) => data);
    const { isOpen } = client.connection;
    deflate.close();
    return isOpen ? seen : [...seen, 'close'];
  }
}

/** Lets everything that is under way come to its end. */
async function settle(threads: SteppedThreads): Promise<void> {
  do await turnEnd();
  while (threads.step());
}

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

t.test('compresses elsewhere what is large, once for each window', ONLY_FAST, async (t) => {
  const threads = stepSharedPool(t);
  const here = countHere(t);
  const members = [15, 12, 15, 12, 15].map((bits) => new Member(t, bits));
  const peers = members.map(({ peer }) => peer);
  const message = new PreparedMessage(SMALLEST_LARGE);
  const all = { sent: 5, queued: 0, dropped: 0, closed: 0 };
  t.strictSame(broadcast(peers, message), all);
  t.strictSame(broadcast(peers, message), all, 'the same, while it is in the making');
  await turnEnd();
  t.strictSame(threads.begun, [15, 12]);
  t.equal(here.count, 0);
  for (const { writes, peer } of members) {
    t.strictSame(writes, [], 'nothing before the threads have worked');
    t.equal(peer.bufferedAmount, 2 * SMALLEST_LARGE.length);
  }
  await settle(threads);
  broadcast(peers, message);
  await settle(threads);
  t.strictSame(threads.begun, [15, 12], 'kept');
  for (const member of members) {
    t.strictSame(member.read(), [SMALLEST_LARGE, SMALLEST_LARGE, SMALLEST_LARGE]);
    t.ok(Buffer.concat(member.writes).length < 3000, 'compressed');
    t.equal(member.peer.bufferedAmount, 0);
  }
  t.equal(here.count, 0);
});

t.test('compresses on the spot what is small', ONLY_FAST, async (t) => {
  const threads = stepSharedPool(t);
  const here = countHere(t);
  const members = [15, 12, 15].map((bits) => new Member(t, bits));
  broadcast(
    members.map(({ peer }) => peer),
    LARGEST_SMALL,
  );
  await turnEnd();
  t.equal(here.count, 2);
  t.strictSame(threads.begun, []);
  for (const member of members) t.strictSame(member.read(), [LARGEST_SMALL]);
});

t.test('measures text in bytes', ONLY_FAST, async (t) => {
  const threads = stepSharedPool(t);
  const member = new Member(t);
  const text = 'ü'.repeat(DEFLATE_HERE_BYTES / 2 + 1);
  broadcast([member.peer], text);
  await turnEnd();
  t.strictSame(threads.begun, [15]);
  await settle(threads);
  t.strictSame(member.read(), [text]);
});

t.test('closes behind what is being compressed', ONLY_FAST, async (t) => {
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

t.test('goes on for the others when one is gone, and for nobody', ONLY_FAST, async (t) => {
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

t.test('is subject to the policy, and so is what comes behind it', ONLY_FAST, async (t) => {
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

t.test('is sent as it is when there is no memory for zlib', ONLY_FAST, async (t) => {
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
});

type Action =
  | 'small to all'
  | 'large to all'
  | 'small'
  | 'large'
  | 'step'
  | 'turn'
  | 'close'
  | 'terminate';
const actions = fc.tuple(
  fc.constantFrom<Action>(
    ...([
      'small to all',
      'large to all',
      'large to all',
      'small',
      'large',
      'step',
      'step',
    ] as const),
    ...(['turn', 'close', 'terminate'] as const),
  ),
  fc.nat(2),
);

t.test('law: everybody reads in the order in which it was sent', ONLY_FAST, async (t) => {
  const threads = stepSharedPool(t);
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 25 }), async (list) => {
      const ends: (() => void)[] = [];
      const members = [15, 12, 15].map((bits) => ({
        member: new Member({ teardown: (end) => void ends.push(end as () => void) }, bits),
        expected: [] as string[],
        isTerminated: false,
      }));
      for (const [index, [action, which]] of list.entries()) {
        const one = members[which]!;
        const isLarge = action.startsWith('large');
        const text = textOf(isLarge ? DEFLATE_HERE_BYTES + 1 + index : 2000, `${index} `);
        if (action === 'step') threads.step();
        else if (action === 'turn') await turnEnd();
        else if (action === 'close') void one.member.peer.close(1000);
        else if (action === 'terminate') {
          one.member.peer.terminate();
          one.isTerminated = true;
        } else {
          const to = action.endsWith('to all') ? members : [one];
          const open = to.filter(({ member }) => member.peer.isOpen);
          for (const { expected } of open) expected.push(text);
          if (to.length === 1) one.member.peer.send(text);
          else {
            const { closed, dropped } = broadcast(
              to.map(({ member }) => member.peer),
              text,
            );
            same([closed, dropped], [to.length - open.length, 0]);
          }
        }
      }
      const isOpen = members.map(({ member }) => member.peer.isOpen);
      await settle(threads);
      for (const [index, { member, expected, isTerminated }] of members.entries()) {
        const read = member.read();
        const whole = isOpen[index] ? expected : [...expected, 'close'];
        same(read, isTerminated ? whole.slice(0, read.length) : whole);
      }
      for (const end of ends) end();
    }),
    runs(60),
  );
  t.pass('no counterexample');
});
