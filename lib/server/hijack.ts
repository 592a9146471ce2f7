/**
 * Giving a socket away.
 *
 * The server writes nothing and forgets the connection. One thing it still does: most hijackers end
 * the socket when they have answered and never read it, and a socket that nobody reads never
 * notices that its peer has ended too. So such a socket is read to its end, within the linger
 * timeout. And one whose peer had ended before it was taken hears of no end and no reset any more:
 * it is asked after, see reset.ts, and ended after the time in which such a peer is still answered.
 */
import type { Duplex } from 'node:stream';
import { Deadline } from './clock.ts';
import { ResetProbe } from './reset.ts';
import type { ServerSettings } from './server-settings.ts';
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
  settings: ServerSettings,
  onClose: () => void,
): Duplex {
  const { wheel } = settings;
  const socket = pump.release();
  // What everybody expects of a socket: when the peer ends, it ends.
  socket.allowHalfOpen = false;
  // Nothing would tell that it is closed, and stop what follows.
  if (socket.closed) {
    onClose();
    return socket;
  }
  const deadline = new Deadline(wheel, socket, whenDue);
  // An end that has come already does not come again, and nothing is read that would tell more.
  const probe = pump.hasPeerEnded ? new ResetProbe(wheel, socket) : undefined;
  if (pump.hasPeerEnded && !settings.allowHalfOpen) deadline.setIn(settings.halfCloseTimeoutMs);
  socket.once('finish', () => {
    if (socket.readableFlowing !== null || socket.listenerCount('readable') > 0) return;
    socket.resume();
    deadline.setIn(settings.lingerTimeoutMs);
  });
  socket.once('close', () => {
    deadline.clear();
    probe?.stop();
    onClose();
  });
  return socket;
}

function whenDue(socket: Duplex): void {
  if (socket.writableFinished) socket.destroy();
  else if (!socket.allowHalfOpen) socket.end();
}
