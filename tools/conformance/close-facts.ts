/**
 * How a connection ended: the facts that the closing verdict is made of [RFC 6455 §7.1].
 */
import { ProtocolError } from 'barewire/base';
import { parseClosePayload } from 'barewire/codec';

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

/**
 * Registered with IANA after the original was written, which takes them for illegal. So do we, to
 * come to the same verdict, unless the testee only repeats what the case said (b3.3.6 – b3.3.8).
 */
const LATER_CODES: readonly number[] = [1012, 1013, 1014];

/**
 * What is wrong with the payload of a close frame, if anything is.
 *
 * @param sentCode the code of our own close frame, when it was the first.
 */
export function findCloseFault(
  payload: Buffer,
  sentCode: number | undefined,
): ProtocolError | undefined {
  const code = payload.length < 2 ? undefined : payload.readUInt16BE(0);
  if (code !== undefined && code !== sentCode && LATER_CODES.includes(code)) {
    return new ProtocolError('close-code-invalid');
  }
  try {
    parseClosePayload(payload);
    return undefined;
  } catch (error) {
    return error as ProtocolError;
  }
}
