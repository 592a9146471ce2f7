/** What a peer costs that waits for a message: the bench is P7, this is its bound. */
import { type Transport, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { needsFastPath } from '../support/fast-paths.ts';
import { usedMemory } from '../support/memory.ts';

const NOTHING: Transport = {
  ownsBytes: true,
  neverThrows: true,
  bufferedBytes: 0,
  isCongested: false,
  start() {},
  write: () => true,
  pause() {},
  resume() {},
  end() {},
  destroy() {},
};
const TICKER = { now: () => 0, add() {}, delete() {} };
const HANDLER = { message() {} };
const COUNT = 10_000;
/** Eight objects of 704 bytes together, a place in the list, and what the engine makes meanwhile. */
const MOST_BYTES = 880;

function openMany(touch: (peer: WebSocketPeer) => void): number {
  const before = usedMemory();
  const peers = Array.from({ length: COUNT }, () => {
    const peer = new WebSocketPeer(NOTHING, { role: 'server', ticker: TICKER });
    peer.attach(HANDLER);
    touch(peer);
    return peer;
  });
  return (usedMemory() - before) / peers.length;
}

t.test('an idle peer is eight small objects', needsFastPath('message-reader'), (t) => {
  const bytes = openMany(() => {});
  t.ok(bytes > 400, `${bytes} bytes: they are there`);
  t.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  t.end();
});

t.test('it is no more after it has ticked', needsFastPath('message-reader'), (t) => {
  const bytes = openMany((peer) => {
    peer.tick(1000);
    peer.tick(2000.5);
  });
  t.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  t.end();
});
