/**
 * What a broken peer is: one flaw, and the cases that must show it.
 *
 * A case is *red* when its verdict is FAILED or its connection does not close as it should; it is
 * *pale* when the verdict is NON-STRICT. Both lists are exact: no case more, no case fewer.
 *
 * ```
 * 6.4.* 3.2     ids, by pattern             @echo    a message must come back, and a clean close
 * -6.1.1        all but these               @first   a message before something that is refused
 *                                           @pong    a pong must come back
 *                                           @1002    the testee must fail the connection
 *                                           @1007    the same because of text
 *                                           @clean   the connection must close cleanly
 *                                           @code    the close frame must have been refused
 * ```
 */
import type { Role } from '../model.ts';
import type { PeerClass } from './simulate.ts';

/** One deliberately broken peer. */
export interface BrokenPeer {
  readonly name: string;
  /** What it does wrong. */
  readonly flaw: string;
  readonly Peer: PeerClass;
  /** Patterns of case ids, separated by spaces. */
  readonly red: string;
  /** Where the peer as client is red, when that differs. */
  readonly redAsClient?: string;
  readonly pale?: string;
  /** The roles in which the peer can have the flaw; both when left out. */
  readonly roles?: readonly Role[];
  /** Patterns of the large cases that this peer is also given. */
  readonly heavy?: string;
}

/** Writes one down. */
export function broken(
  name: string,
  flaw: string,
  Peer: PeerClass,
  red: string,
  more: Omit<BrokenPeer, 'name' | 'flaw' | 'Peer' | 'red'> = {},
): BrokenPeer {
  return { name, flaw, Peer, red, ...more };
}
