/**
 * What a peer of the fuzzer is made of: a way out for its bytes, somebody who listens, a clock.
 */
import type { Clock } from './clock.ts';
import type { Deflating } from './message-deflate.ts';
import type { Role } from './model.ts';
import type { WireLog } from './wire-log.ts';

/** How the bytes leave. */
export interface Transport {
  /** @param sync the bytes want a write of their own. */
  write(bytes: Buffer, sync: boolean): void;
  /** Calls `run` later, when nothing that was written waits in this process any more. */
  whenTaken(run: () => void): void;
  /** Reads on, or leaves what comes to the kernel, and so to the testee. */
  setReading(isReading: boolean): void;
  /** Drops TCP in order: what was written still arrives. */
  end(): void;
  /** Drops TCP at once. */
  abort(): void;
}

/** Who is told. */
export interface PeerListener {
  message(payload: Buffer, isBinary: boolean): void;
  pong(payload: Buffer): void;
  /** More has come than anybody asked for; `what` says how much. The rest is not looked at. */
  flooded(what: string): void;
  /** TCP is gone. Called once, nothing after it. */
  gone(): void;
}

/** What the peer is made of. */
export interface PeerParts {
  readonly role: Role;
  readonly clock: Clock;
  readonly log: WireLog;
  readonly transport: Transport;
  readonly listener: PeerListener;
  /** A masking key a frame; as client only. */
  readonly nextMaskingKey: () => number;
  /** Octets that the testee may send; any number when left out. */
  readonly mostOctets?: number | undefined;
  /** Set when permessage-deflate was negotiated. */
  readonly deflate?: Deflating | undefined;
}
