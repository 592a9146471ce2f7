/** An answer written by hand on a socket, a line at a time, for everybody to watch. */
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The whole answer. Status 299 has no meaning of its own, so the reader sees that nobody but the
 * application chose it; without `content-length` the end of the connection ends the body.
 */
const LINES = [
  'HTTP/1.1 299 Written By Hand\r\n',
  'content-type: text/plain; charset=utf-8\r\n',
  'cache-control: no-store\r\n',
  'connection: close\r\n',
  '\r\n',
  'These bytes never met a response object.\n',
  'The application took the request together with its socket,\n',
  'wrote every line of this itself, and ends both: now.\n',
] as const;

/**
 * Writes the answer and ends the socket.
 *
 * @param told called with each piece as it is written.
 * @param pauseMs between two lines.
 */
export async function answerByHand(
  socket: Duplex,
  told: (text: string, isFirst: boolean) => void,
  pauseMs: number,
): Promise<void> {
  // From now on nobody else looks after this socket: a client that has gone is no accident.
  socket.on('error', () => socket.destroy());
  for (const [index, line] of LINES.entries()) {
    if (index > 0) await sleep(pauseMs);
    if (socket.destroyed) return;
    socket.write(line);
    told(line, index === 0);
  }
  socket.end();
}
