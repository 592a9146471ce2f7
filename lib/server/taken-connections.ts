/**
 * Takes the connections of a listening server before it has made them sockets.
 *
 * ```
 *  listening handle ──► handle of a connection ──┬──► socket that reads into the shared buffer
 *                                                └──► no socket yet, see latent-socket.ts
 * ```
 */
import type { Server, Socket } from 'node:net';
import { canBeLatent, type LatentHome, LatentSocket } from './latent-socket.ts';
import { prepareHandle } from './listening.ts';
import { type AnyHandle, belongTo, buildSocket, isSuitable, type OnRead } from './shared-read.ts';

/** The parts of a listening server that are used. */
interface Listener {
  _handle?: { onconnection?: OnConnection } | null;
  _connections?: unknown;
}

/** What a listening handle calls for each connection; `this` is the handle. */
type OnConnection = (this: unknown, status: number, handle?: AnyHandle) => void;

/**
 * From now on builds the sockets of a listening server of ours itself, each once, so that none has
 * to be rebuilt. `server` emits no `'connection'` for those.
 *
 * @param onAccepted takes each socket; it has not begun to read, and has none of the options of the
 *   server, unless `isPrepared` says so. With `onMade`, what has no socket yet, where Node allows
 *   that; it has the options.
 * @param onMade is told when such a one is made a socket.
 * @returns how to stop; `undefined` when this Node offers no way, and nothing has changed then.
 */
export function takeConnections(
  server: Server,
  onRead: OnRead,
  onAccepted: (accepted: Socket | LatentSocket) => void,
  isPrepared = (): boolean => false,
  onMade?: (latent: LatentSocket, socket: Socket) => void,
): (() => void) | undefined {
  const listener = server as unknown as Listener;
  const listening = listener._handle;
  const ordinary = listening?.onconnection;
  if (!listening || typeof ordinary !== 'function' || typeof listener._connections !== 'number') {
    return undefined;
  }
  const home: LatentHome = {
    build: (handle) => buildSocket(handle, onRead, true),
    made(latent, socket) {
      belongTo(socket, server);
      onMade?.(latent, socket);
    },
  };
  listening.onconnection = function onConnection(status, handle): void {
    // Errors, and handles of a kind that we do not know, are the server's business.
    if (status !== 0 || !isSuitable(handle)) return ordinary.call(this, status, handle);
    (listener._connections as number) += 1;
    if (onMade !== undefined && canBeLatent(handle)) {
      if (!isPrepared()) prepareHandle(handle);
      return onAccepted(new LatentSocket(handle, home));
    }
    const socket = buildSocket(handle, onRead, isPrepared());
    belongTo(socket, server);
    onAccepted(socket);
  };
  return () => {
    listening.onconnection = ordinary;
  };
}
