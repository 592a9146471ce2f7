/** Waiting until something has arrived at every client. */
import type { RawClient } from './load.ts';

/** Length of one broadcast frame, found by sending one burst; a warm-up, too. */
export async function firstFrameBytes(
  clients: readonly RawClient[],
  burst: number,
  command: Buffer,
): Promise<number> {
  const first = new Promise<number>((resolve) => {
    clients[0]!.onData = (bytes) =>
      resolve(bytes.readUInt8(1) < 126 ? 2 + bytes.readUInt8(1) : 4 + bytes.readUInt16BE(2));
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
