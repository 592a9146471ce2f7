/**
 * What a connection needs of whatever carries its bytes: a socket, a TLS socket, an HTTP/2 stream.
 *
 * It is less than a `Duplex` on purpose: no objects per read, no events, and a write that tells
 * whether the memory may be used again.
 */

/** Where a transport reports to. */
export interface TransportSink {
  /** Bytes came. Valid until the call returns; they may be overwritten when `ownsBytes` is true. */
  data(bytes: Buffer): void;
  /** The peer ended its side (FIN). */
  end(): void;
  /** Output that had piled up has left. */
  drain(): void;
  /** The transport is gone; with an error when it knows one. Called once, nothing follows. */
  closed(error: Error | undefined): void;
}

/** Carries bytes both ways. */
export interface Transport {
  /** True when no member ever throws: nobody has to stand guard. Left out, each may. */
  readonly neverThrows?: boolean;
  /** True when the bytes given to `data` may be overwritten. */
  readonly ownsBytes: boolean;
  /** Bytes that were written and have not left. */
  readonly bufferedBytes: number;
  /** True while so much output waits that the producer should wait too. */
  readonly isCongested: boolean;
  /** Begins to deliver. Called once. */
  start(sink: TransportSink): void;
  /**
   * Writes. `hasMore`: another write of the same turn follows at once, so this one may be held.
   *
   * @returns true when the bytes are needed no longer and their memory may be used again.
   */
  write(bytes: Buffer, hasMore: boolean): boolean;
  /**
   * Stops reading; the peer's flow control does the rest. Called when something has come that must
   * wait, and not for a pause in which nothing comes.
   */
  pause(): void;
  /** Reads on; also called, once, when somebody wants what comes first. */
  resume(): void;
  /** Ends our side after everything written has left. Calling it again does nothing. */
  end(): void;
  /** Cuts the connection. Calling it again does nothing. */
  destroy(): void;
}
