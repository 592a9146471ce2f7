/**
 * The floor of JavaScript: a read comes from the kernel to one function, which gives the answer to
 * the kernel. No framing, no streams, nothing kept for a connection; and the same system calls as
 * everybody's. What a server costs beyond this is its own; what this costs nobody here can save.
 */
import {
  type AddressInfo,
  createServer,
  type OnReadOpts,
  Socket,
  type SocketConstructorOpts,
} from 'node:net';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { broadcastText, ready, serverMode, switchingProtocols } from './ready.ts';

/** The part of a TCP handle that is used. */
interface Handle {
  writeBuffer(request: object, bytes: Uint8Array): number;
  readonly writeQueueSize: number;
}

interface HandleOptions extends SocketConstructorOpts {
  readonly handle: Handle;
  readonly onread: OnReadOpts;
}

type Binding = (name: 'stream_wrap') => { readonly WriteWrap: new () => object };

const { binding } = process as unknown as { binding: Binding };
const { WriteWrap } = binding('stream_wrap');
/** libuv keeps it only while a write waits, and here none may. */
const request = new WriteWrap();
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);

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

/** Builds the socket anew around its handle, so that it reads into the one buffer. */
function serve(accepted: Socket): void {
  const parts = accepted as unknown as { _handle: Handle | null };
  const handle = parts._handle!;
  parts._handle = null;
  const callback = (length: number, buffer: Uint8Array): boolean => {
    const read = Buffer.from(buffer.buffer, buffer.byteOffset, length);
    answer(handle, read, !greeted.has(handle));
    return true;
  };
  const options: HandleOptions = { handle, onread: { buffer: readBuffer, callback } };
  const socket = new Socket(options);
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('close', () => greeted.delete(handle));
  socket.resume();
}

const server = createServer({ pauseOnConnect: true }, serve);
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
