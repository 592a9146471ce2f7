/**
 * Cases that act: what such a case may do, and what it is told.
 *
 * ```
 * case.act(stage) ──▶ acting     stage.play, stage.decide, …   the case does something
 *                                acting.message, acting.gone   something has happened
 * ```
 */
import type { CloseFacts } from './close-facts.ts';
import type { Behavior, Step } from './model.ts';

/** What a case that acts may do with its connection: see `case-run.ts`. */
export interface Stage {
  /** Whether permessage-deflate came out of the opening handshake. */
  readonly isCompressed: boolean;
  /** Octets that have come from the testee, whatever they were. */
  readonly octetsReceived: number;
  /** Plays steps now. */
  play(steps: readonly Step[]): void;
  /** Sends a data message, compressed when that was negotiated, cut every `fragmentBytes`. */
  sendMessage(payload: Buffer, isBinary: boolean, fragmentBytes: number): void;
  /** Calls `run` when what was played has left this process, if the connection is open then. */
  whenTaken(run: () => void): void;
  /** Calls `run` after `seconds`, unless the connection has gone. */
  after(seconds: number, run: () => void): void;
  /** Reads on, or lets what comes pile up at the testee. */
  setReading(isReading: boolean): void;
  /** Starts the closing handshake with code 1000. */
  close(): void;
  /** Sets the verdict; the last call counts. */
  decide(behavior: Behavior, because: string): void;
}

/** A case that acts: its verdict comes from `decide`, not from a list of events. */
export interface Acting {
  open(): void;
  message(payload: Buffer, isBinary: boolean): void;
  pong?(payload: Buffer): void;
  /** TCP is gone: the last moment to decide. */
  gone?(facts: CloseFacts): void;
}
