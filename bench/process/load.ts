/**
 * A load generator that costs little: raw sockets that read into one buffer, frames masked
 * beforehand, answers counted by bytes.
 *
 * It checks that the right number of bytes came back, and, once per connection, that the first
 * answer is what it should be; the interop specs check the rest. Answers whose length is not known
 * beforehand, because they are compressed, are counted as frames.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { CERTIFICATE } from '../../spec/support/certificate.ts';
import { jsonRecords } from '../support/texts.ts';
import { FrameCounter } from './frame-counter.ts';

const KEY = 0x5a17c3e9;

/** What a client offers when compression is wanted, as browsers do. */
export const DEFLATE_OFFER =
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';

/** An open WebSocket without a codec: bytes in and out. */
export interface RawClient {
  readonly socket: Socket;
  onData: (bytes: Buffer) => void;
  /** Whether an answer has come before: a compressed one may then refer to it. */
  hasTalked: boolean;
}

/** How a client connects. */
export interface Opening {
  /** Fields of the request that come on top, each with its CRLF. */
  readonly headers?: string;
  readonly tls?: boolean;
}

/** All clients of a process read into it: they are called one after the other. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Opens one connection and does the handshake by hand. */
export function openClient(port: number, opening: Opening = {}): Promise<RawClient> {
  return new Promise((resolve, reject) => {
    let text = '';
    let isOpen = false;
    const onread = {
      buffer: readBuffer,
      callback: (length: number) => {
        const bytes = readBuffer.subarray(0, length);
        if (isOpen) client.onData(bytes);
        else handshake(bytes);
        return true;
      },
    };
    const options = { port, host: '127.0.0.1', noDelay: true, onread };
    const socket =
      opening.tls === true ? connectTls({ ...options, ca: CERTIFICATE }) : connect(options);
    const client: RawClient = { socket, onData: () => {}, hasTalked: false };
    const handshake = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      if (!text.startsWith('HTTP/1.1 101')) return reject(new Error(text.slice(0, 80)));
      isOpen = true;
      resolve(client);
    };
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('cut during the handshake')));
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        `Sec-WebSocket-Version: 13\r\n${opening.headers ?? ''}\r\n`,
    );
  });
}

/** Opens many connections, 100 at a time. */
export async function openClients(
  port: number,
  count: number,
  opening: Opening = {},
): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const batch = Math.min(100, count - clients.length);
    const opened = Array.from({ length: batch }, () => openClient(port, opening));
    clients.push(...(await Promise.all(opened)));
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
  readonly kind: 'text' | 'binary';
  /** The server sends the bytes back as they came, masked: the floor. */
  readonly isUnframed?: boolean;
  /** Messages are JSON, compressed, and so must be the answers. */
  readonly deflate?: boolean;
}

/** The bytes of one message, how to count its answers, and what the first of them must be. */
interface Exchange {
  readonly frame: Buffer;
  readonly makeCounter: () => (bytes: Buffer) => number;
  readonly isExpected: (first: Buffer, isFirstEver: boolean) => boolean;
}

/** Runs an echo load over open connections; resolves with the number of messages echoed. */
export function runEcho(clients: readonly RawClient[], load: EchoLoad): Promise<number> {
  const { frame, makeCounter, isExpected } = load.deflate ? packedExchange(load) : exchange(load);
  const burst = Buffer.concat(Array.from({ length: load.inFlight }, () => frame));
  const rounds = Math.ceil(load.messages / (load.connections * load.inFlight));
  return new Promise((resolve, reject) => {
    let running = clients.length;
    for (const client of clients) {
      const count = makeCounter();
      let answers = 0;
      let round = 0;
      let isFirst = true;
      client.socket.once('close', () => reject(new Error('cut while echoing')));
      client.onData = (bytes) => {
        if (isFirst && !isExpected(bytes, !client.hasTalked)) {
          reject(new Error(`wrong echo: ${bytes.subarray(0, 20).toString('hex')}`));
        }
        isFirst = false;
        client.hasTalked = true;
        answers += count(bytes);
        if (answers < load.inFlight) return;
        if (answers > load.inFlight) reject(new Error('more came back than was sent'));
        answers = 0;
        round += 1;
        if (round < rounds) client.socket.write(burst);
        else if (--running === 0) resolve(rounds * load.inFlight * clients.length);
      };
      client.socket.write(burst);
    }
  });
}

/** Answers of a known length: bytes are counted. */
function exchange({ payloadBytes, kind, isUnframed = false }: EchoLoad): Exchange {
  const payload = Buffer.alloc(payloadBytes, 'abcdefghijklmnopqrstuvwxyz');
  const frame = encodeFrame({ opcode: OPCODE[kind], payload, maskingKey: KEY });
  const answer = isUnframed ? frame : encodeFrame({ opcode: OPCODE[kind], payload });
  const makeCounter = () => {
    let received = 0;
    return (bytes: Buffer): number => {
      received += bytes.length;
      if (received < answer.length) return 0;
      const whole = Math.floor(received / answer.length);
      received -= whole * answer.length;
      return whole;
    };
  };
  const isExpected = (first: Buffer): boolean => {
    const length = Math.min(first.length, answer.length);
    return first.subarray(0, length).equals(answer.subarray(0, length));
  };
  return { frame, makeCounter, isExpected };
}

/** Compressed without any context, so that the same frame may be sent again and again. */
function packedExchange({ payloadBytes, kind }: EchoLoad): Exchange {
  const text = jsonRecords(payloadBytes, 1);
  const packed = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
  const frame = encodeFrame({ opcode: OPCODE[kind], rsv: 4, payload: packed, maskingKey: KEY });
  const isExpected = (first: Buffer, isFirstEver: boolean): boolean => {
    // RSV1 set, and not masked.
    if (first[0] !== (0xc0 | OPCODE[kind]) || first[1]! > 0x7f) return false;
    const start = first[1]! < 126 ? 2 : 4;
    const length = start === 2 ? first[1]! : first.readUInt16BE(2);
    if (!isFirstEver || first.length < start + length) return true;
    const body = Buffer.concat([first.subarray(start, start + length), TAIL]);
    return inflateRawSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).equals(text);
  };
  const makeCounter = () => {
    const counter = new FrameCounter();
    return (bytes: Buffer): number => counter.push(bytes);
  };
  return { frame, makeCounter, isExpected };
}

/** What senders cut off [RFC 7692 §7.2.1]. */
const TAIL = Buffer.from('0000ffff', 'hex');

/** Closes all connections. */
export function closeClients(clients: readonly RawClient[]): void {
  for (const client of clients) client.socket.destroy();
}
