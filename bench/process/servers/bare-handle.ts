/**
 * The floor of JavaScript: a read comes from the kernel to one function, which gives the answer to
 * the kernel. No framing, no sockets, nothing kept for a connection but who reads it; and the same
 * system calls as everybody's. What a server costs beyond this is its own; what this costs nobody
 * here can save.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { LatentSocket } from '../../../lib/server/latent-socket.ts';
import { onSharedRead } from '../../../lib/server/pump-listeners.ts';
import { takeConnections } from '../../../lib/server/taken-connections.ts';
import { broadcastText, ready, serverMode, switchingProtocols } from './ready.ts';

/** The part of a TCP handle that is used. */
interface Handle {
  writeBuffer(request: object, bytes: Uint8Array): number;
  readonly writeQueueSize: number;
}

type Binding = (name: 'stream_wrap') => { readonly WriteWrap: new () => object };

const { binding } = process as unknown as { binding: Binding };
const { WriteWrap } = binding('stream_wrap');
/** libuv keeps it only while a write waits, and here none may. */
const request = new WriteWrap();

const { mode, bytes } = serverMode();
const text = broadcastText(bytes);
const message = encodeFrame({ opcode: OPCODE.text, payload: text });
const event = Buffer.from(`data: ${text}\n\n`);
const page = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bytes}\r\n\r\n${text}`,
);
const greeted = new Set<Handle>();

function write(handle: Handle, data: Uint8Array): void {
  // What the kernel does not take would have to be copied and kept: no floor any more.
  if (handle.writeBuffer(request, data) !== 0 || handle.writeQueueSize > 0) {
    throw new Error('the kernel did not take a write at once');
  }
}

function toEverybody(data: Uint8Array, count: number): void {
  for (let index = 0; index < count; index += 1) {
    for (const handle of greeted) write(handle, data);
  }
}

/** `isFirst` is said of the request, which every client sends alone. */
function answer(handle: Handle, read: Buffer, isFirst: boolean): void {
  if (mode === 'http') return write(handle, page);
  if (isFirst || mode === 'sse') return answerRequest(handle, read.toString('latin1'));
  if (mode === 'echo') return write(handle, read);
  // The command of the load generator: a masked number of a few digits.
  const digits = read.subarray(6).map((octet, index) => octet ^ read[2 + (index % 4)]!);
  return toEverybody(message, Number(Buffer.from(digits).toString()));
}

function answerRequest(handle: Handle, head: string): void {
  if (mode !== 'sse') {
    write(handle, Buffer.from(switchingProtocols(head)));
    greeted.add(handle);
  } else if (head.startsWith('GET /send/')) {
    toEverybody(event, Number(/\d+/.exec(head)![0]));
    write(handle, Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  } else {
    write(handle, Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n\n'));
    greeted.add(handle);
  }
}

/** Who reads a connection. */
class Reader {
  readonly #handle: Handle;
  #isGreeted = false;

  constructor(latent: LatentSocket) {
    this.#handle = latent.belongTo(this) as unknown as Handle;
    latent.start();
  }

  received(bytes: Buffer): void {
    const isFirst = !this.#isGreeted;
    this.#isGreeted = true;
    answer(this.#handle, bytes, isFirst);
  }

  /** The client has ended. */
  made(socket: Socket): void {
    greeted.delete(this.#handle);
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    socket.resume();
  }
}

function accept(accepted: Socket | LatentSocket): void {
  if (!(accepted instanceof LatentSocket)) throw new Error('this Node makes a socket of each');
  new Reader(accepted);
}

const server = createServer({ allowHalfOpen: true });
server.listen(0, '127.0.0.1', () => {
  takeConnections(server, onSharedRead, accept, undefined, () => {});
  ready((server.address() as AddressInfo).port);
});
