/**
 * The peers of the table of results by name, each loaded when it is wanted.
 */
import type { ForeignPeer } from './peer.ts';

/** How to get them. */
export const PEERS: Readonly<Record<string, () => Promise<ForeignPeer>>> = {
  barewire: async () => (await import('./barewire.ts')).barewire,
  ws: async () => (await import('./ws.ts')).ws,
  'ws-lifted': async () => (await import('./ws.ts')).wsLifted,
  faye: async () => (await import('./faye.ts')).faye,
  websocket: async () => (await import('./websocket.ts')).websocket,
  bun: async () => (await import('./bun.ts')).bun,
  undici: async () => (await import('./undici.ts')).undici,
};
