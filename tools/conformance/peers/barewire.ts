/**
 * Our own server and client, as they come: nothing is lifted, nothing is set but compression.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'barewire';
import { connectWebSocket } from 'barewire/client';
import type { EchoServer, ForeignPeer, MessageHandler } from './peer.ts';

const manifest = new URL('../../../../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

async function serve(port = 0): Promise<EchoServer> {
  const server = createServer({
    websocket: {
      deflate: true,
      message(peer, data) {
        peer.send(data);
      },
    },
  });
  const address = await server.listen(port, '127.0.0.1');
  return { port: address.port, close: async () => void (await server.close({ deadlineMs: 0 })) };
}

async function connect(url: string, onMessage: MessageHandler): Promise<void> {
  try {
    const peer = await connectWebSocket(url, { parallelHandshakes: true });
    peer.attach({ message: (_, data) => onMessage(data, (answer) => void peer.send(answer)) });
    await peer.closed;
  } catch {
    // A handshake that failed is an end like any other: the fuzzer knows what to think of it.
  }
}

/** barewire. */
export const barewire: ForeignPeer = { agent: `barewire ${version}`, serve, connect };
