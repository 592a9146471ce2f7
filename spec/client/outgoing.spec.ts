/** Where a message counts, from being given to `send` to having left, or never leaving. */
import { hasFastPath } from 'barewire/base';
import type { CloseReport } from 'barewire/connection';
import t from 'tap';
import { Outgoing } from '../../lib/client/outgoing.ts';
import { fakePeer } from '../support/fake-transport.ts';
import { FakeWorld } from '../support/fake-world.ts';

const PATIENCE = { closeTimeoutMs: 1000, maxCloseMs: 60_000 };
const report = (wasClean: boolean, closedBy: CloseReport['closedBy']): CloseReport => ({
  ...{ code: 1000, reason: '', sentCode: 1000, atMs: 0, wasClean, closedBy },
  ...{ error: undefined, transportError: undefined },
});

/** A client's output over a transport that has taken nothing of 100 bytes and their headers. */
async function stuck(): Promise<Outgoing> {
  const { peer, transport } = fakePeer();
  transport.write = ({ length }) => {
    transport.bufferedBytes += length;
    return true;
  };
  const outgoing = new Outgoing(0, new FakeWorld());
  outgoing.opened(peer);
  outgoing.send('x'.repeat(40));
  outgoing.send(Buffer.alloc(60));
  t.equal(outgoing.bufferedAmount, 100);
  await transport.written();
  t.equal(transport.bufferedBytes, 104);
  t.equal(outgoing.bufferedAmount, 100);
  return outgoing;
}

t.test('counts what is kept, what is on its way, and what came too late', async (t) => {
  const { peer, transport } = fakePeer();
  const outgoing = new Outgoing(1000, new FakeWorld());
  outgoing.keep('ä');
  outgoing.keep(new Blob(['abc']));
  t.throws(() => outgoing.keep(Buffer.alloc(600)), { code: 'invalid-state' });
  t.equal(outgoing.bufferedAmount, 5);
  const kept = outgoing.takeKept();
  t.equal(outgoing.bufferedAmount, 0);
  outgoing.opened(peer);
  for (const message of kept) outgoing.send(message, true);
  t.equal(outgoing.bufferedAmount, 5);
  for (let turn = 0; turn < 5; turn += 1) await transport.written();
  t.equal(outgoing.bufferedAmount, 0);
  outgoing.drop('too late');
  outgoing.drop(new Blob(['abc']));
  outgoing.drained();
  t.equal(outgoing.bufferedAmount, 11);
});

t.test('tells what a lost connection took along, which counts for ever at the end', async (t) => {
  for (const [isLost, wasClean, closedBy] of [
    [true, false, 'transport'],
    [true, false, 'us'],
    [true, true, 'peer'],
    [false, true, 'us'],
  ] as const) {
    const outgoing = await stuck();
    const bytes = outgoing.lost(report(wasClean, closedBy));
    t.equal(bytes, isLost ? 100 : 0, closedBy);
    t.equal(outgoing.bufferedAmount, 0, 'for who comes back it begins anew');
    outgoing.end(bytes);
    outgoing.end(0);
    t.equal(outgoing.bufferedAmount, bytes);
  }
  t.equal(new Outgoing(0, new FakeWorld()).lost(undefined), 0);
});

t.test('keeps count of what is cut off, and of what no connection came for', async (t) => {
  const cut = await stuck();
  cut.cut();
  cut.cut();
  t.equal(cut.lost(report(false, 'us')), 0, 'it counts already');
  t.equal(cut.bufferedAmount, 100);
  const kept = new Outgoing(1000, new FakeWorld());
  kept.keep('abc');
  kept.end(0);
  t.equal(kept.bufferedAmount, 3);
  t.strictSame(kept.takeKept(), []);
});

t.test('copies what somebody else may change, and nothing that is its own', async (t) => {
  // Where each message is a write, this transport has copied it by then.
  const isKept = hasFastPath('outbox') && hasFastPath('one-write');
  for (const isOurs of [false, true]) {
    const { peer, transport } = fakePeer();
    const outgoing = new Outgoing(0, new FakeWorld());
    outgoing.opened(peer);
    const bytes = Buffer.alloc(5000, 1);
    outgoing.send(bytes, isOurs);
    bytes.fill(2);
    t.equal((await transport.written()).at(-1), isOurs && isKept ? 2 : 1);
  }
});

t.test('closing comes behind iterables', async (t) => {
  const { peer, transport } = fakePeer();
  const outgoing = new Outgoing(0, new FakeWorld());
  outgoing.opened(peer);
  let isSent = false;
  const pieces = async function* (): AsyncGenerator<string> {
    yield 'piece';
  };
  const sending = outgoing.sendPieces(pieces(), undefined);
  outgoing.whenSent(PATIENCE, () => {
    isSent = true;
  });
  t.equal(isSent, false);
  t.equal(await sending, true);
  t.equal(isSent, true);
  t.match((await transport.written()).toString('latin1'), /piece/);
});

t.test('a Blob that is lost with its connection is told then, and counts no longer', async (t) => {
  for (const when of ['on its way', 'broken off before']) {
    const { peer, transport } = fakePeer();
    const outgoing = new Outgoing(0, new FakeWorld());
    outgoing.opened(peer);
    outgoing.send(new Blob(['abc']));
    t.equal(outgoing.bufferedAmount, 3);
    transport.sink.closed(undefined);
    for (let turn = 0; turn < 3 && when !== 'on its way'; turn += 1) {
      await new Promise((next) => setImmediate(next));
    }
    t.equal(outgoing.bufferedAmount, 3, when);
    const bytes = outgoing.lost(report(false, 'transport'));
    t.equal(bytes, 3);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((next) => setImmediate(next));
    t.equal(outgoing.bufferedAmount, 0, 'for who comes back it begins anew');
    outgoing.end(bytes);
    t.equal(outgoing.bufferedAmount, 3);
  }
});
