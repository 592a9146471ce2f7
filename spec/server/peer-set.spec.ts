import { DuplexTransport, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { PeerSet } from '../../lib/server/peer-set.ts';
import { FakeTime } from '../support/fake-time.ts';
import { duplexPair } from '../support/sockets.ts';

function pair(owner: PeerSet): [server: WebSocketPeer, client: WebSocketPeer] {
  const [left, right] = duplexPair();
  const server = new WebSocketPeer(new DuplexTransport(left), { role: 'server', owner });
  const client = new WebSocketPeer(new DuplexTransport(right), {
    role: 'client',
    takeMaskingKey: () => 1,
  });
  return [server, client];
}

t.test('knows a peer until it is closed, and not any more in its close handler', async (t) => {
  const set = new PeerSet(new TimerWheel(new FakeTime()));
  const [server, client] = pair(set);
  set.know(server);
  t.equal(set.peers.has(server), true);
  let wasKnown: boolean | undefined;
  server.attach({
    close: () => {
      wasKnown = set.peers.has(server);
    },
  });
  client.attach({});
  await client.close(1000);
  await server.closed;
  t.equal(wasKnown, false);
  t.equal(set.peers.size, 0);
});

/** A set with a clock that is moved by hand, and peers that tell of their ticks. */
function ticking(): {
  set: PeerSet;
  time: FakeTime;
  wheel: TimerWheel;
  peer: (ticked: (now: number) => void) => WebSocketPeer;
} {
  const time = new FakeTime();
  const wheel = new TimerWheel(time);
  const peer = (ticked: (now: number) => void): WebSocketPeer =>
    ({ tick: ticked }) as unknown as WebSocketPeer;
  return { set: new PeerSet(wheel), time, wheel, peer };
}

t.test('ticks its peers about once a second, and only while there are some', (t) => {
  const { set, time, wheel, peer } = ticking();
  const ticks: number[] = [];
  const one = peer((now) => void ticks.push(now));
  t.equal(wheel.length, 0);
  set.know(one);
  t.equal(wheel.length, 1);
  time.advance(10_000);
  t.ok(ticks.length >= 8 && ticks.length <= 10, `${ticks.length} ticks`);
  t.ok(ticks.at(-1)! <= set.now());
  t.equal(set.now(), time.now());
  set.peerClosed(one);
  t.equal(wheel.length, 0);
  ticks.length = 0;
  time.advance(10_000);
  t.same(ticks, []);
  t.end();
});

t.test('lets peers leave and come while it ticks', (t) => {
  const { set, time, peer } = ticking();
  const seen: string[] = [];
  const second = peer(() => void seen.push('second'));
  const first = peer(() => {
    seen.push('first');
    set.peerClosed(first);
    set.peerClosed(second);
  });
  set.know(first);
  set.know(second);
  time.advance(5_000);
  t.same(seen, ['first']);
  set.know(second);
  time.advance(1_500);
  t.same(seen, ['first', 'second']);
  t.end();
});

t.test('is the ticker of its peers: they have its clock, and its ticks', async (t) => {
  const { set, time } = ticking();
  const [left, right] = duplexPair();
  const timing = { idleTimeoutMs: 5000, closeTimeoutMs: 1000, endTimeoutMs: 1000 };
  const transport = new DuplexTransport(left);
  const peer = new WebSocketPeer(transport, { role: 'server', owner: set, ticker: set }, timing);
  right.resume();
  peer.attach({});
  set.know(peer);
  time.advance(4000);
  t.equal(peer.isOpen, true);
  time.advance(3000);
  t.equal(peer.isOpen, false);
  time.advance(10_000);
  t.equal((await peer.closed).error?.code, 'idle-timeout');
  t.equal(set.peers.size, 0);
});

t.test('ticks however often another peer comes', (t) => {
  const { set, time, peer } = ticking();
  const ticks: number[] = [];
  for (let count = 1; count <= 20; count += 1) {
    set.know(peer((now) => void ticks.push(now)));
    time.advance(400);
  }
  t.ok(ticks.length > 40, `${ticks.length} ticks`);
  t.end();
});
