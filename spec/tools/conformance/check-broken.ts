/**
 * A broken peer against what it says of itself. Servers and clients have a spec each: the suite
 * runs two hundred times, which is much for one process on a machine that is busy.
 */
import type { Test } from 'tap';
import type { BrokenPeer } from '../../../tools/conformance/broken-peers/broken-peer.ts';
import { expandIds } from '../../../tools/conformance/broken-peers/case-sets.ts';
import { simulateAll } from '../../../tools/conformance/broken-peers/simulate.ts';
import { CATALOGUE, type CatalogueEntry } from '../../../tools/conformance/cases/index.ts';
import type { Role } from '../../../tools/conformance/model.ts';

/** Checks the peers that can have their flaw in this role, and tells how many there were. */
export async function checkAllBroken(
  t: Test,
  peers: readonly BrokenPeer[],
  role: Role,
  among: readonly CatalogueEntry[] = CATALOGUE,
): Promise<number> {
  const able = peers.filter(({ roles }) => roles === undefined || roles.includes(role));
  for (const peer of able) await checkBroken(t, peer, role, among);
  return able.length;
}

async function checkBroken(
  t: Test,
  peer: BrokenPeer,
  role: Role,
  among: readonly CatalogueEntry[],
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
