/**
 * The interface of browsers: `undici`, Node's and Bun's built-in clients, Chromium's pages.
 *
 * The function uses nothing from outside, so that its text can be taken into a page.
 */

interface StandardEvent {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
}

interface StandardSocket {
  binaryType: string;
  onmessage: ((event: StandardEvent) => void) | null;
  onclose: ((event: StandardEvent) => void) | null;
  send(data: unknown): void;
  close(code?: number, reason?: string): void;
}

/** A class with the interface of browsers. */
export type StandardClass = new (url: string) => StandardSocket;

/** Calls a URL, echoes, obeys `!close`, and tells how it ended. */
export function callAndEcho(
  Socket: StandardClass,
  url: string,
  ended: (code: number, reason: string) => void,
): void {
  const socket = new Socket(url);
  socket.binaryType = 'arraybuffer';
  socket.onmessage = ({ data }) => {
    if (typeof data !== 'string' || !data.startsWith('!close')) return socket.send(data);
    const [, code, ...reason] = data.split(' ');
    if (code === undefined) return socket.close();
    return socket.close(Number(code), reason.join(' '));
  };
  socket.onclose = ({ code, reason }) => ended(code!, reason!);
}
