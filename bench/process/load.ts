/**
 * A load generator that costs little: raw sockets, frames masked beforehand, answers counted by
 * bytes.
 *
 * It checks that the right number of bytes came back, and, once per connection, that the first
 * answer
 * is what it should be; the interop specs check the rest.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { encodeFrame, OPCODE } from 'barewire/codec';

const KEY = 0x5a17c3e9;

/** An open WebSocket without a codec: bytes in and out. */
export interface RawClient {
  readonly socket: Socket;
  onData: (bytes: Buffer) => void;
}

/** Opens one connection and does the handshake by hand. */
export function openClient(port: number, headers = ''): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    let text = '';
    const client: RawClient = {
      onData: () => {},
      socket: connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafeSlow(64 * 1024),
          callback: (length, buffer) => {
            const bytes = (buffer as Buffer).subarray(0, length);
            if (isOpen) client.onData(bytes);
            else handshake(bytes);
            return true;
          },
        },
      }),
    };
    let isOpen = false;
    const handshake = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      if (!text.startsWith('HTTP/1.1 101')) return reject(new Error(text.slice(0, 80)));
      isOpen = true;
      resolve(client);
    };
    client.socket.once('error', reject);
    client.socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        `Sec-WebSocket-Version: 13\r\n${headers}\r\n`,
    );
  });
}

/** Opens many connections, a few at a time. */
export async function openClients(
  port: number,
  count: number,
  headers = '',
  atOnce = 100,
): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const batch = Math.min(atOnce, count - clients.length);
    clients.push(
      ...(await Promise.all(Array.from({ length: batch }, () => openClient(port, headers)))),
    );
  }
  return clients;
}

/** What an echo load looks like. */
export interface EchoLoad {
  readonly payloadBytes: number;
  readonly connections: number;
  /** Messages on their way per connection; sent in one write, awaited together. */
  readonly inFlight: number;
  /** Messages in all, rounded up to whole rounds. */
  readonly messages: number;
  readonly kind?: 'text' | 'binary';
  /** The server sends the bytes back as they came, masked: the floor. */
  readonly isUnframed?: boolean;
}

/** Runs an echo load over open connections; resolves with the number of messages echoed. */
export function runEcho(clients: readonly RawClient[], load: EchoLoad): Promise<number> {
  const payload = Buffer.alloc(load.payloadBytes, 'abcdefghijklmnopqrstuvwxyz');
  const opcode = OPCODE[load.kind ?? 'text'];
  const frame = encodeFrame({ opcode, payload, maskingKey: KEY });
  const burst = Buffer.concat(Array.from({ length: load.inFlight }, () => frame));
  const answer = load.isUnframed ? frame : encodeFrame({ opcode, payload });
  const expected = answer.length * load.inFlight;
  const rounds = Math.ceil(load.messages / (load.connections * load.inFlight));
  return new Promise((resolve, reject) => {
    let running = clients.length;
    for (const client of clients) {
      let received = 0;
      let round = 0;
      client.onData = (bytes) => {
        if (received === 0 && round === 0 && !isPrefix(bytes, answer)) {
          reject(new Error(`wrong echo: ${bytes.subarray(0, 20).toString('hex')}`));
        }
        received += bytes.length;
        if (received < expected) return;
        if (received > expected) reject(new Error('more came back than was sent'));
        received = 0;
        round += 1;
        if (round < rounds) client.socket.write(burst);
        else if (--running === 0) resolve(rounds * load.inFlight * clients.length);
      };
      client.socket.write(burst);
    }
  });
}

function isPrefix(bytes: Buffer, answer: Buffer): boolean {
  const length = Math.min(bytes.length, answer.length);
  return bytes.subarray(0, length).equals(answer.subarray(0, length));
}

/** Closes all connections. */
export function closeClients(clients: readonly RawClient[]): void {
  for (const client of clients) client.socket.destroy();
}
