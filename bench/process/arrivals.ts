/** Waiting until something has arrived at every client. */
import type { RawClient } from './load.ts';

/**
 * Length of one broadcast frame, found by sending one burst; a warm-up, too. Rejects unless it is
 * a whole text message of a server, compressed if it should be.
 */
export async function firstFrameBytes(
  clients: readonly RawClient[],
  burst: number,
  command: Buffer,
  isPacked: boolean,
): Promise<number> {
  const head = isPacked ? 0xc1 : 0x81;
  const first = new Promise<number>((resolve, reject) => {
    clients[0]!.onData = (bytes) => {
      const length = bytes.readUInt8(1);
      if (bytes.readUInt8(0) !== head || length > 126) {
        reject(new Error(`wrong broadcast: ${bytes.subarray(0, 20).toString('hex')}`));
      }
      resolve(length < 126 ? 2 + length : 4 + bytes.readUInt16BE(2));
    };
  });
  const others = bytesEverywhere(clients.slice(1), 1, true);
  clients[0]!.socket.write(command);
  const [length] = await Promise.all([first, others]);
  await quiet(50 + burst);
  return length;
}

/** Resolves when every client has got so many bytes; with `anything`, when each has got some. */
export function bytesEverywhere(
  clients: readonly RawClient[],
  expected: number,
  anything: boolean,
): Promise<void> {
  return new Promise((resolve) => {
    let missing = clients.length;
    for (const client of clients) {
      let received = 0;
      client.onData = (bytes) => {
        const wasMissing = received < expected;
        received += bytes.length;
        if (wasMissing && (anything || received >= expected)) {
          received = expected;
          missing -= 1;
          if (missing === 0) resolve();
        }
      };
    }
    if (missing === 0) resolve();
  });
}

/** Resolves after so many ms. */
export function quiet(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
