import t, { type Test } from 'tap';
import type { BrokenPeer } from '../../../tools/conformance/broken-peers/broken-peer.ts';
import { expandIds } from '../../../tools/conformance/broken-peers/case-sets.ts';
import { BROKEN_PEERS } from '../../../tools/conformance/broken-peers/index.ts';
import { simulateAll } from '../../../tools/conformance/broken-peers/simulate.ts';
import type { Role } from '../../../tools/conformance/model.ts';

t.test('a broken peer turns exactly the expected cases red', async (t) => {
  t.ok(BROKEN_PEERS.length >= 40, `${BROKEN_PEERS.length} of them`);
  t.equal(new Set(BROKEN_PEERS.map(({ name }) => name)).size, BROKEN_PEERS.length);
  for (const peer of BROKEN_PEERS) {
    for (const role of peer.roles ?? (['server', 'client'] as const)) {
      await checkBroken(t, peer, role);
    }
  }
});

async function checkBroken(t: Test, peer: BrokenPeer, role: Role): Promise<void> {
  const { red, pale } = await simulateAll(peer.Peer, role, peer.heavy ?? '');
  const words = role === 'client' ? (peer.redAsClient ?? peer.red) : peer.red;
  const wanted = { red: [...expandIds(words)], pale: [...expandIds(peer.pale ?? '')] };
  t.same({ red, pale }, wanted, `${peer.name}, as ${role}: ${peer.flaw}`);
  t.ok(red.length + pale.length > 0, 'and it is seen');
}
