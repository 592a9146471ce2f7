/**
 * How a connection ended: the facts that the closing verdict is made of [RFC 6455 §7.1].
 */

/** What is known about the end so far. */
export interface CloseFacts {
  /** The fuzzer has sent a close frame before one came. */
  closedByMe: boolean;
  /** The fuzzer has failed the connection. */
  failedByMe: boolean;
  /** The fuzzer has dropped TCP. */
  droppedByMe: boolean;
  /** Both close frames were exchanged, and TCP went away in time. */
  wasClean: boolean;
  wasNotCleanReason: string | undefined;
  wasCloseHandshakeTimeout: boolean;
  wasServerConnectionDropTimeout: boolean;
  localCloseCode: number | undefined;
  localCloseReason: string | undefined;
  remoteCloseCode: number | undefined;
  /** No endpoint may send that code. */
  hasIllegalCloseCode: boolean;
  remoteCloseReason: string | undefined;
}

/** The facts of a connection on which nothing has happened yet. */
export function noCloseFacts(): CloseFacts {
  return {
    closedByMe: false,
    failedByMe: false,
    droppedByMe: false,
    wasClean: false,
    wasNotCleanReason: undefined,
    wasCloseHandshakeTimeout: false,
    wasServerConnectionDropTimeout: false,
    localCloseCode: undefined,
    localCloseReason: undefined,
    remoteCloseCode: undefined,
    hasIllegalCloseCode: false,
    remoteCloseReason: undefined,
  };
}
