/**
 * Connections without a protocol: raw sockets that all read into one buffer, and the opening
 * handshake by hand. They cost little, and an answer that is wrong ends in an error.
 */
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { CERTIFICATE } from '../../spec/support/certificate.ts';

/** What a client offers when compression is wanted, as browsers do. */
export const DEFLATE_OFFER =
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';

/** Whoever is sent something. */
export interface Listener {
  /** Takes the next bytes, which are valid until the call returns. */
  onData: (bytes: Buffer) => void;
}

/** A connection without a codec: bytes in and out. */
export interface RawClient extends Listener {
  readonly socket: Socket;
  /** Whether an answer has come before: a compressed one may then refer to it. */
  hasTalked: boolean;
  /** Bytes that have come when none were due. */
  surplus: number;
}

/** How a client connects. */
export interface Opening {
  /** Fields of the request that come on top, each with its CRLF. */
  readonly headers?: string;
  readonly tls?: boolean;
}

/** All clients of a process read into it: they are called one after the other. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Begins to connect. */
export function connectRaw(port: number, hasTls = false): RawClient {
  const onread = {
    buffer: readBuffer,
    callback: (length: number) => {
      client.onData(readBuffer.subarray(0, length));
      return true;
    },
  };
  const options = { port, host: '127.0.0.1', noDelay: true, onread };
  const socket = hasTls ? connectTls({ ...options, ca: CERTIFICATE }) : connect(options);
  // Whoever waits is told by 'close', which comes after it.
  socket.on('error', () => {});
  const client: RawClient = { socket, onData: () => {}, hasTalked: false, surplus: 0 };
  return client;
}

/**
 * Looks whether anything has come, or comes within a moment, that was not due.
 *
 * @throws Error when it has.
 */
export async function refuseSurplus(clients: readonly RawClient[]): Promise<void> {
  await pause(50);
  const greedy = clients.filter(({ surplus }) => surplus > 0).length;
  if (greedy > 0) throw new Error(`more came than was sent, at ${greedy} connections`);
}

/** Resolves with the head of the answer, and what came after it in the same read. */
export function readHead(client: RawClient): Promise<{ head: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let text = '';
    client.onData = (bytes) => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n') + 4;
      if (end === 3) return;
      client.onData = () => {};
      resolve({ head: text.slice(0, end), rest: Buffer.from(text.slice(end), 'latin1') });
    };
    client.socket.once('error', reject);
    client.socket.once('close', () => reject(new Error('cut during the handshake')));
  });
}

/** Opens one connection and does the handshake by hand. */
export async function openClient(port: number, opening: Opening = {}): Promise<RawClient> {
  const client = connectRaw(port, opening.tls);
  const key = randomBytes(16).toString('base64');
  client.socket.write(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\n` +
      `Sec-WebSocket-Version: 13\r\n${opening.headers ?? ''}\r\n`,
  );
  const { head, rest } = await readHead(client);
  const wrong = faultOf(head, rest, key);
  if (wrong === undefined) return client;
  client.socket.destroy();
  throw new Error(wrong);
}

/** What is wrong with an answer to the handshake: the accept value is computed without barewire. */
function faultOf(head: string, rest: Buffer, key: string): string | undefined {
  if (!head.startsWith('HTTP/1.1 101')) return head.slice(0, 80);
  const accept = /^sec-websocket-accept: *(\S+)\r$/im.exec(head)?.[1];
  const digest = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  if (accept !== digest.digest('base64')) return `wrong accept value: ${accept}`;
  return rest.length > 0 ? `${rest.length} bytes too many after the handshake` : undefined;
}

/** Opens as many of something as is wanted, 100 at a time. */
export async function openMany<Opened>(
  count: number,
  open: () => Promise<Opened>,
): Promise<Opened[]> {
  const all: Opened[] = [];
  while (all.length < count) {
    const batch = Math.min(100, count - all.length);
    all.push(...(await Promise.all(Array.from({ length: batch }, open))));
  }
  return all;
}

/** Opens many connections. */
export function openClients(
  port: number,
  count: number,
  opening: Opening = {},
): Promise<RawClient[]> {
  return openMany(count, () => openClient(port, opening));
}

/** Closes all connections. */
export function closeClients(clients: readonly RawClient[]): void {
  for (const client of clients) client.socket.destroy();
}
