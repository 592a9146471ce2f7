/**
 * Streams one message through one connection, in a process of its own, and tells what came of it.
 *
 *   stream-client.js <port> <bytes>      started with an IPC channel
 *
 * Each piece has other bytes than the one before, so that a piece lost or sent twice changes the
 * checksum, which the server has to find out by itself.
 */
import { crc32 } from 'node:zlib';
import { connectWebSocket } from 'barewire/client';
import { peakResidentBytes, residentBytes } from '../process/server-process.ts';

const PIECE_BYTES = 64 * 1024;

/** What the client saw. */
export interface StreamReport {
  readonly seconds: number;
  /** Pieces after which the client had to wait for the server. */
  readonly waits: number;
  readonly before: number;
  readonly peak: number;
  readonly after: number;
}

async function stream(port: number, total: number): Promise<StreamReport> {
  const peer = await connectWebSocket(`ws://127.0.0.1:${port}/`, { deflate: false });
  const before = residentBytes(process.pid);
  const start = performance.now();
  const message = peer.startMessage('binary');
  let checksum = 0;
  let waits = 0;
  for (let sent = 0; sent < total; sent += PIECE_BYTES) {
    const piece = Buffer.alloc(PIECE_BYTES, sent / PIECE_BYTES);
    piece.writeDoubleLE(sent);
    checksum = crc32(piece, checksum);
    const written = message.write(piece);
    if (peer.bufferedAmount > PIECE_BYTES) waits += 1;
    if (!(await written)) throw new Error('the connection ended');
  }
  await message.end();
  const answer = await peer[Symbol.asyncIterator]().next();
  const seconds = (performance.now() - start) / 1000;
  const expected = JSON.stringify({ bytes: total, checksum });
  if (answer.value !== expected) throw new Error(`sent ${expected}, arrived: ${answer.value}`);
  const peak = peakResidentBytes(process.pid);
  await peer.close(1000);
  return { seconds, waits, before, peak, after: residentBytes(process.pid) };
}

const [port, bytes] = process.argv.slice(2).map(Number);
const report = await stream(port!, bytes!);
process.send!(report, () => process.exit(0));
