/**
 * The server of the soaks that `process/servers/barewire.ts` does not fit: short answers on
 * connections that may be idle for long, and messages without a limit read piece by piece.
 *
 *   server.js [--head-ms 10000]
 */
import { crc32 } from 'node:zlib';
import type { IncomingMessage } from 'barewire/peer';
import { createServer } from 'barewire/server';
import { ready } from '../process/servers/ready.ts';

/** The reader takes a break each time so many bytes have come, so that the sender has to wait. */
const BREAK_BYTES = 16 * 2 ** 20;
const BREAK_MS = 10;

async function sumUp(message: IncomingMessage): Promise<string> {
  let bytes = 0;
  let checksum = 0;
  let breakAt = BREAK_BYTES;
  for await (const piece of message) {
    bytes += piece.length;
    checksum = crc32(piece, checksum);
    if (bytes < breakAt) continue;
    breakAt += BREAK_BYTES;
    await new Promise((resolve) => setTimeout(resolve, BREAK_MS));
  }
  return JSON.stringify({ bytes, checksum });
}

const flag = process.argv.indexOf('--head-ms');
const server = createServer({
  ...(flag === -1 ? {} : { headTimeoutMs: Number(process.argv[flag + 1]) }),
  // The crowd must not be sent home while it is being looked at.
  keepAliveTimeoutMs: 600_000,
  request: (exchange) => exchange.respond(200, {}, 'ok'),
  websocket: {
    delivery: 'pieces',
    maxMessageBytes: Number.POSITIVE_INFINITY,
    async stream(peer, message) {
      peer.send(await sumUp(message));
    },
  },
});
const { port } = await server.listen(0, '127.0.0.1');
ready(port);
