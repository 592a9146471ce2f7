/**
 * A socket as the fuzzer's transport: bytes both ways, and one word when it is gone.
 *
 * Nagle's algorithm is off: a case that writes octet by octet means it. Errors of the socket are
 * ends of the connection like any other; the testee may well reset what it does not like.
 */
import type { Socket } from 'node:net';
import type { Transport } from './peer-parts.ts';

/** What a connection tells its owner. */
export interface SocketEvents {
  received(bytes: Buffer): void;
  /** Called once. `reason` is set when it was an error. */
  gone(reason: string | undefined): void;
}

/** Milliseconds that a connection may take to go after both sides have said goodbye. */
const LINGER_MS = 1000;

/** Attaches to a connected socket. */
export function attachSocket(socket: Socket, events: SocketEvents): Transport {
  let isGone = false;
  let reason: string | undefined;
  const gone = (): void => {
    if (isGone) return;
    isGone = true;
    events.gone(reason);
  };
  socket.setNoDelay(true);
  socket.on('data', (bytes: Buffer) => {
    if (!isGone) events.received(bytes);
  });
  // A side that has nothing more to say is gone: WebSocket knows no half-open connection.
  socket.on('end', () => {
    gone();
    socket.destroy();
  });
  socket.on('error', (error) => {
    reason = describeSocketError(error);
    gone();
  });
  socket.on('close', gone);
  return {
    write(bytes) {
      if (!isGone && socket.writable) socket.write(bytes);
    },
    whenTaken(run) {
      // The loop turns once more: who has refused is heard before it is written to again, since a
      // write to a socket that has been reset throws away what has not been read.
      const soon = (): void => void setImmediate(() => setImmediate(run));
      if (socket.writableNeedDrain) socket.once('drain', soon);
      else soon();
    },
    setReading(isReading) {
      if (isReading) socket.resume();
      else socket.pause();
    },
    end() {
      const timer = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once('close', () => clearTimeout(timer));
      socket.end(gone);
    },
    abort() {
      socket.destroy();
      gone();
    },
  };
}

/** What an error of a socket means for the user. */
export function describeSocketError(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `Nobody listens there (${error.message}).`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `There is no such host (${error.message}).`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `The target reset the connection (${error.message}).`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_HAS_EXPIRED':
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The certificate is not trusted (${error.message}); --insecure accepts it.`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'The target does not speak TLS: try ws://.';
    default:
      // What a library of C says may come in several lines.
      return `The connection broke (${error.message.trim().replace(/\s+/g, ' ')}).`;
  }
}
