/** The echoes that are measured: P1 – P3, and again over TLS, compressed, without fast paths. */
import type { EchoLoad } from './load.ts';

const few = { connections: 20, inFlight: 1, kind: 'binary' } as const;
/** P1. */
export const SMALL: EchoLoad = {
  payloadBytes: 20,
  connections: 100,
  inFlight: 1,
  messages: 100_000,
  kind: 'text',
};
/** P2. */
export const BURST: EchoLoad = { ...SMALL, inFlight: 32, messages: 1_000_000 };
/** P10: ten messages on each of very many connections. */
export const ofMany = (many: number): EchoLoad => ({
  ...SMALL,
  connections: many,
  messages: many * 10,
});
/** P3a. */
export const KIB: EchoLoad = { ...few, payloadBytes: 1_024, messages: 60_000 };
/** P3b. */
export const KIB_16: EchoLoad = { ...few, payloadBytes: 16_384, messages: 40_000 };
/** P3c. */
export const KIB_256: EchoLoad = { ...few, payloadBytes: 262_144, messages: 4_000 };
