import type { WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { SourceSending } from '../../lib/client/source-sending.ts';
import { FakeWorld } from '../support/fake-world.ts';

/** A peer that finishes each Blob when the spec says so. */
class FakePeer {
  readonly counters = { bytesSent: 0 };
  bufferedAmount = 0;
  readonly ends: ((isSent: boolean) => void)[] = [];

  send(): Promise<boolean> {
    return new Promise((resolve) => this.ends.push(resolve));
  }

  get asPeer(): WebSocketPeer {
    return this as unknown as WebSocketPeer;
  }
}

const PATIENCE = { closeTimeoutMs: 1000, maxCloseMs: 60_000 };
const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

t.test('counts what is on its way, and tells what never left', async (t) => {
  const unsent: number[] = [];
  const blobs = new SourceSending((bytes) => unsent.push(bytes));
  const peer = new FakePeer();
  blobs.send(peer.asPeer, new Blob(['abc']));
  blobs.send(peer.asPeer, new Blob(['de']));
  t.equal(blobs.bytes, 5);
  peer.ends[0]!(true);
  await turn();
  t.equal(blobs.bytes, 2);
  peer.ends[1]!(false);
  await turn();
  t.equal(blobs.bytes, 0);
  t.strictSame(unsent, [2]);
});

t.test('a lost connection takes along what was on its way, told once', async (t) => {
  const unsent: number[] = [];
  const blobs = new SourceSending((bytes) => unsent.push(bytes));
  const [lost, next] = [new FakePeer(), new FakePeer()];
  blobs.send(lost.asPeer, new Blob(['abc']));
  blobs.send(lost.asPeer, new Blob(['de']));
  t.equal(blobs.take(), 5);
  t.equal(blobs.bytes, 0);
  blobs.send(next.asPeer, new Blob(['f']));
  for (const end of lost.ends) end(false);
  await turn();
  t.equal(blobs.bytes, 1, 'only that of the next connection');
  t.strictSame(unsent, []);
  next.ends[0]!(false);
  await turn();
  t.equal(blobs.bytes, 0);
  t.strictSame(unsent, [1]);
});

t.test('calls back at once without Blobs, else behind the last one', async (t) => {
  const world = new FakeWorld();
  const blobs = new SourceSending(() => t.fail('everything has left'));
  const peer = new FakePeer();
  let calls = 0;
  const call = (): void => {
    calls += 1;
  };
  blobs.whenSent(peer.asPeer, world, PATIENCE, call);
  t.equal(calls, 1);
  for (const text of ['a', 'b']) blobs.send(peer.asPeer, new Blob([text]));
  blobs.whenSent(peer.asPeer, world, PATIENCE, call);
  peer.ends[0]!(true);
  await turn();
  t.equal(calls, 1);
  peer.ends[1]!(true);
  await turn();
  t.equal(calls, 2);
  t.strictSame(world.waiting, [], 'and no alarm is left');
});

t.test('waits as long as the peer takes something, and no longer', async (t) => {
  const world = new FakeWorld();
  const blobs = new SourceSending(() => {});
  const peer = new FakePeer();
  let calls = 0;
  blobs.send(peer.asPeer, new Blob(['a']));
  blobs.whenSent(peer.asPeer, world, PATIENCE, () => {
    calls += 1;
  });
  for (const move of [() => (peer.counters.bytesSent += 9), () => (peer.bufferedAmount -= 1)]) {
    move();
    world.advance(1000);
    t.equal(calls, 0);
  }
  peer.counters.bytesSent += 5;
  peer.bufferedAmount += 5; // It waits on our side: that is no progress.
  world.advance(1000);
  t.equal(calls, 1);
  peer.ends[0]!(true);
  await turn();
  t.equal(calls, 1, 'only once');
});

t.test('waits for iterables too, whose bytes nobody knows', async (t) => {
  const world = new FakeWorld();
  const sources = new SourceSending((bytes) => t.equal(bytes, 0));
  const peer = new FakePeer();
  const sending = sources.send(peer.asPeer, fromNothing());
  t.equal(sources.bytes, 0);
  let calls = 0;
  sources.whenSent(peer.asPeer, world, PATIENCE, () => {
    calls += 1;
  });
  t.equal(calls, 0);
  peer.ends[0]!(false);
  t.equal(await sending, false);
  t.equal(calls, 1);
});

async function* fromNothing(): AsyncGenerator<string> {}

t.test('waits for no endless source, and no reader of a byte now and then', (t) => {
  const world = new FakeWorld();
  const sources = new SourceSending(() => {});
  const peer = new FakePeer();
  let calls = 0;
  void sources.send(peer.asPeer, fromNothing());
  sources.whenSent(peer.asPeer, world, PATIENCE, () => {
    calls += 1;
  });
  for (let second = 0; second < 60; second += 1) {
    t.equal(calls, 0, `after ${second} s`);
    peer.counters.bytesSent += 1;
    world.advance(1000);
  }
  t.equal(calls, 1);
  t.strictSame(world.waiting, []);
  t.end();
});
