/**
 * The foreign peers by name, each loaded when it is wanted.
 */
import type { ForeignPeer } from './peer.ts';

/** How to get them. */
export const PEERS: Readonly<Record<string, () => Promise<ForeignPeer>>> = {
  ws: async () => (await import('./ws.ts')).ws,
  'ws-lifted': async () => (await import('./ws.ts')).wsLifted,
};
