/** Connections that are opened and closed in order, with nothing between. */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { quiet } from './arrivals.ts';
import { type Opening, openClient } from './raw-client.ts';
import type { ServerProcess } from './server-process.ts';

const PLAIN: Opening = { tls: false, headers: '' };
const CLOSE_PAYLOAD = Buffer.from('03e8', 'hex');
/** A close frame of a client with 1000. */
export const CLOSE = encodeFrame({ opcode: OPCODE.close, payload: CLOSE_PAYLOAD, maskingKey: 1 });
/** A server's. */
export const CLOSE_ANSWER = encodeFrame({ opcode: OPCODE.close, payload: CLOSE_PAYLOAD });

/** Opens a connection and closes it in order: nothing but the answer to that may come. */
export async function openAndClose(port: number, opening: Opening, answer: Buffer): Promise<void> {
  const client = await openClient(port, opening);
  let received: Buffer = Buffer.alloc(0);
  client.onData = (bytes) => {
    received = Buffer.concat([received, bytes]);
  };
  const ended = new Promise<void>((resolve) => client.socket.once('close', () => resolve()));
  client.socket.end(CLOSE);
  client.socket.resume();
  await ended;
  if (!received.equals(answer)) {
    throw new Error(`wrong answer to a close: ${received.subarray(0, 20).toString('hex')}`);
  }
}

/** Connections one after the other, of which nothing is left behind. */
export async function openShortly(server: ServerProcess, count: number): Promise<void> {
  if (count === 0) return;
  for (let index = 0; index < count; index += 1) {
    await openAndClose(server.port, PLAIN, CLOSE_ANSWER);
  }
  await quiet(100); // Until the server has let go of the last.
  server.collect();
  await quiet(300);
}
