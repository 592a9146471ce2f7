/**
 * The close report: who ended the conversation, why, and was it clean [RFC 6455 §7.1.4 – §7.1.7].
 *
 * Three codes never travel and only ever stand in a report [RFC 6455 §7.4.1]: 1005 (the close frame
 * had no code), 1006 (there was no close frame) and 1015 (TLS failed).
 */
import type { ProtocolError } from '../base/index.ts';

/** No close frame came [RFC 6455 §7.4.1]. */
export const ABNORMAL = 1006;

/** How a connection ended. */
export interface CloseReport {
  /** Code of the peer's close frame; 1005 when that had none, 1006 when there was no such frame. */
  readonly code: number;
  /** Reason of the peer's close frame; empty when there was none. */
  readonly reason: string;
  /** True when close frames went both ways before the transport ended. */
  readonly wasClean: boolean;
  /** Who began: `us` (`close()` or a rule that the peer broke), `peer`, or the `transport`. */
  readonly closedBy: 'us' | 'peer' | 'transport';
  /** Code of our close frame; `undefined` when none was sent or it had no code. */
  readonly sentCode: number | undefined;
  /** The rule that was broken or the deadline that passed, when that ended the connection. */
  readonly error: ProtocolError | undefined;
  /** What the transport reported (ECONNRESET, EPIPE, …); a normal end of a network connection. */
  readonly transportError: Error | undefined;
  /** When the connection ended, on the clock that the connection was given, in ms. */
  readonly atMs: number;
}
