/**
 * `undici`, the client that Node ships as its global `WebSocket`; here as a package.
 */
import { createRequire } from 'node:module';
import { WebSocket } from 'undici';
import type { ForeignPeer, MessageHandler } from './peer.ts';

const require = createRequire(import.meta.url);
const { version } = require('undici/package.json') as { version: string };

function connect(url: string, onMessage: MessageHandler): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }: { data: unknown }) => {
      const message = typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer);
      onMessage(message, (answer) => socket.send(answer));
    });
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', () => resolve());
  });
}

/** undici. */
export const undici: ForeignPeer = { agent: `undici ${version}`, connect };
