/**
 * Many WebSocket clients of raw bytes, and what one of them does: send, wait for the answer, go.
 */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { closeClients, openClient, type RawClient, refuseSurplus } from '../process/raw-client.ts';
import { inLanes } from './figures.ts';

/** A client that has ended without being asked to is remembered here. */
export interface Crowd {
  readonly clients: readonly RawClient[];
  /** How long each opening handshake took, TCP included, in ms. */
  readonly openingMs: readonly number[];
  /** How many were cut although nobody closed them. */
  lost: number;
}

/** Opens a crowd, 100 handshakes at a time. */
export async function gather(port: number, count: number, headers = ''): Promise<Crowd> {
  const openingMs: number[] = [];
  const clients = await inLanes(Array.from({ length: count }), 100, async () => {
    const start = performance.now();
    const client = await openClient(port, { headers });
    openingMs.push(performance.now() - start);
    return client;
  });
  const crowd: Crowd = { clients, openingMs, lost: 0 };
  for (const client of clients) {
    countSurplus(client);
    client.socket.once('close', () => {
      crowd.lost += 1;
    });
  }
  return crowd;
}

/** From now on nothing is due: whatever comes is too much. */
function countSurplus(client: RawClient): void {
  client.onData = ({ length }) => {
    client.surplus += length;
  };
}

/**
 * Sends a frame and resolves with as many bytes as `length` tells from the first ones. Rejects when
 * more came, with the answer or since the one before.
 */
export function roundTrip(
  client: RawClient,
  frame: Buffer,
  length: (received: Buffer) => number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (client.surplus > 0) {
      reject(new Error('more came than was sent'));
      return;
    }
    let received: Buffer = Buffer.alloc(0);
    const cut = (): void => reject(new Error('cut before the answer came'));
    client.socket.once('close', cut);
    client.onData = (bytes) => {
      received = Buffer.concat([received, bytes]);
      const expected = length(received);
      if (received.length < expected) return;
      client.socket.off('close', cut);
      countSurplus(client);
      if (received.length > expected) reject(new Error('more came back than was expected'));
      else resolve(received);
    };
    client.socket.write(frame);
  });
}

/**
 * The length of the first frame in the bytes, as far as they tell; servers send short ones here.
 */
export function frameLength(bytes: Buffer): number {
  if (bytes.length < 2) return 2;
  const short = bytes.readUInt8(1);
  if (short < 126) return 2 + short;
  return bytes.length < 4 ? 4 : 4 + bytes.readUInt16BE(2);
}

/** Every client closes in order and waits for the server's close frame and FIN. */
export async function disperse(crowd: Crowd): Promise<number> {
  const payload = Buffer.from('03e8', 'hex');
  const goodbye = encodeFrame({ opcode: OPCODE.close, payload, maskingKey: 1 });
  const expected = encodeFrame({ opcode: OPCODE.close, payload });
  const lostBefore = crowd.lost;
  let clean = 0;
  await inLanes(crowd.clients, 100, async (client) => {
    if (client.socket.destroyed) return;
    const ended = new Promise((resolve) => client.socket.once('close', resolve));
    const answer = await roundTrip(client, goodbye, frameLength);
    if (answer.equals(expected)) clean += 1;
    await ended;
  });
  await refuseSurplus(crowd.clients);
  closeClients(crowd.clients);
  crowd.lost = lostBefore;
  return clean;
}
