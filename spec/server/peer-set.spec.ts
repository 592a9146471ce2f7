import { DuplexTransport, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { PeerSet } from '../../lib/server/peer-set.ts';
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
  const set = new PeerSet();
  const [server, client] = pair(set);
  set.add(server);
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
