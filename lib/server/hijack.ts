/**
 * Giving a socket away.
 *
 * The server writes nothing and forgets the connection. One thing it still does: most hijackers end
 * the socket when they have answered and never read it, and a socket that nobody reads never
 * notices that its peer has ended too. So such a socket is read to its end, within the linger
 * timeout.
 */
import type { Duplex } from 'node:stream';
import { Deadline, type TimerWheel } from './clock.ts';
import type { SocketPump } from './socket-pump.ts';

/** A socket that is yours. */
export interface HijackedSocket {
  /** Not flowing; nothing has been written for this request. It is yours to end. */
  readonly socket: Duplex;
  /** Bytes that came behind the request's head; yours. */
  readonly head: Buffer;
}

/** Takes the socket out of its pump; `onClose` is called when it is closed. */
export function releaseSocket(
  pump: SocketPump,
  wheel: TimerWheel,
  lingerTimeoutMs: number,
  onClose: () => void,
): Duplex {
  const socket = pump.release();
  // What everybody expects of a socket: when the peer ends, it ends.
  socket.allowHalfOpen = false;
  const deadline = new Deadline(wheel, socket, destroy);
  socket.once('finish', () => {
    if (socket.readableFlowing !== null || socket.listenerCount('readable') > 0) return;
    socket.resume();
    deadline.setIn(lingerTimeoutMs);
  });
  socket.once('close', () => {
    deadline.clear();
    onClose();
  });
  if (socket.closed) onClose();
  return socket;
}

function destroy(socket: Duplex): void {
  socket.destroy();
}
