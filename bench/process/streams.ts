/** Clients of event streams: sockets that ask once and then only take. */
import { connect, type Socket } from 'node:net';

/** Opens many streams, 100 at a time. */
export async function openStreams(port: number, count: number): Promise<Socket[]> {
  const streams: Socket[] = [];
  while (streams.length < count) {
    const batch = Math.min(100, count - streams.length);
    const opened = Array.from({ length: batch }, () => openStream(port, '/events'));
    streams.push(...(await Promise.all(opened)));
  }
  return streams;
}

/** Sends one request and resolves when an answer begins. */
export function openStream(port: number, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.once('data', () => {
      socket.on('data', () => {});
      resolve(socket);
    });
  });
}

/** Resolves when each stream has got something. */
export function everybody(streams: readonly Socket[]): Promise<void> {
  return new Promise((resolve) => {
    let missing = streams.length;
    for (const stream of streams) {
      stream.once('data', () => {
        missing -= 1;
        if (missing === 0) resolve();
      });
    }
  });
}
