import t, { type Test } from 'tap';
import type { BrokenPeer } from '../../../tools/conformance/broken-peers/broken-peer.ts';
import { expandIds } from '../../../tools/conformance/broken-peers/case-sets.ts';
import { BROKEN_BEYOND, BROKEN_PEERS } from '../../../tools/conformance/broken-peers/index.ts';
import { PLAYABLE_BEYOND, simulateAll } from '../../../tools/conformance/broken-peers/simulate.ts';
import { CATALOGUE, type CatalogueEntry } from '../../../tools/conformance/cases/index.ts';
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

t.test('our own cases see what the original does not', async (t) => {
  for (const peer of BROKEN_BEYOND) {
    for (const role of ['server', 'client'] as const) {
      await checkBroken(t, peer, role, PLAYABLE_BEYOND);
    }
  }
});

async function checkBroken(
  t: Test,
  peer: BrokenPeer,
  role: Role,
  among: readonly CatalogueEntry[] = CATALOGUE,
): Promise<void> {
  const { red, pale } = await simulateAll(peer.Peer, role, peer.heavy ?? '', among);
  const words = role === 'client' ? (peer.redAsClient ?? peer.red) : peer.red;
  const wanted = {
    red: [...expandIds(words, among)],
    pale: [...expandIds(peer.pale ?? '', among)],
  };
  t.same({ red, pale }, wanted, `${peer.name}, as ${role}: ${peer.flaw}`);
  t.ok(red.length + pale.length > 0, 'and it is seen');
}
