/** What a pump tells whoever speaks a protocol on its socket, and why a transport ends. */

/** Why a transport is gone. */
export type TransportEnd =
  /** Both sides ended it. */
  | 'ended'
  /** The peer ended its side, and ours was not waited for. */
  | 'peer-ended'
  /** ECONNRESET, EPIPE and the like: a normal thing on a network. */
  | 'reset'
  /** The peer did not take our output in time. */
  | 'write-timeout'
  /** More output was piled up than is allowed. */
  | 'slow-consumer'
  /** The peer did not send in time. */
  | 'read-timeout'
  /** We gave up on purpose: the answer was broken, or the server closes. */
  | 'cut';

/** Where a pump's results go. */
export interface PumpSink {
  /** Bytes came; they are valid until the call returns. */
  receive(bytes: Buffer): void;
  /** The peer ended its side (FIN). */
  receiveEnd(): void;
  /** Output that was congested is not any more. */
  drained(): void;
  /** The transport is gone; nothing follows. `error` is the socket's, if it had one. */
  closed(end: TransportEnd, error: Error | undefined): void;
}
