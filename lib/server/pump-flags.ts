/** What is yes or no about a pump. */
import { Flags } from '../base/index.ts';

const NAMES = [
  ...(['isLatent', 'isPlain', 'isDirect', 'isDirectWaiting', 'usesStream'] as const),
  ...(['isBlocked', 'hasLostOutput', 'isScheduled', 'isCongested', 'isEnding'] as const),
  ...(['isInTurn', 'hasEnded', 'isOver', 'isShared', 'endIsMeaningful'] as const),
  ...(['isHolding', 'isWaking', 'hasPeerEnded'] as const),
] as const;

/** The flags of one pump; all begin with no. */
export abstract class PumpFlags extends Flags {
  /** There is no socket yet. */
  declare protected isLatent: boolean;
  /** A plain socket that is empty after a write has given everything to the kernel. */
  declare isPlain: boolean;
  /** Written to by its handle, see direct-write.ts. */
  declare protected isDirect: boolean;
  /** libuv holds a part of what was written directly. */
  declare protected isDirectWaiting: boolean;
  /** Something was given to the stream, which may hold it. */
  declare protected usesStream: boolean;
  /** The socket is full and will tell. */
  declare protected isBlocked: boolean;
  /** The transport went before everything written had left. */
  declare hasLostOutput: boolean;
  /** A flush will come. */
  declare protected isScheduled: boolean;
  declare isCongested: boolean;
  declare protected isEnding: boolean;
  /** A turn is on: its end will flush. */
  declare protected isInTurn: boolean;
  declare protected hasEnded: boolean;
  /** The transport is gone, cut or released. */
  declare protected isOver: boolean;
  /** The socket reads into the shared buffer and emits no `'data'`. */
  declare protected isShared: boolean;
  /** What was written is complete only when the connection ends: an end must not be faked. */
  declare endIsMeaningful: boolean;
  /** @internal What comes while it is paused, as it may with TLS, waits in the stream. */
  declare isHolding: boolean;
  declare protected isWaking: boolean;
  /** The peer has ended its side. */
  declare hasPeerEnded: boolean;

  static {
    PumpFlags.define(PumpFlags.prototype, NAMES);
  }
}
