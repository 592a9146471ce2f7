/**
 * The floor of JavaScript: a read comes from the kernel to one function, which gives the answer to
 * the kernel. No framing, no sockets, nothing kept for a connection but who reads it; and the same
 * system calls as everybody's. What a server costs beyond this is its own; what this costs nobody
 * here can save.
 */
import { type AddressInfo, createServer, Socket, type SocketConstructorOpts } from 'node:net';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { broadcastText, ready, serverMode, switchingProtocols } from './ready.ts';

/** The parts of a TCP handle that are used. */
interface Handle {
  [owner: symbol]: unknown;
  onread: unknown;
  readStart(): void;
  useUserBuffer(buffer: Buffer): void;
  setNoDelay(isOn: boolean): void;
  close(): void;
  writeBuffer(request: object, bytes: Uint8Array): number;
  readonly writeQueueSize: number;
}

/** What a listening handle calls for each connection. */
interface Listening {
  onconnection(status: number, handle: Handle): void;
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

/** What Node takes for the socket of a handle: it has what a read looks at. */
class Owner {
  readonly destroyed = false;
  readonly _readableState = { endEmitted: false };
  readonly #handle: Handle;
  #isGreeted = false;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  received(length: number): void {
    const isFirst = !this.#isGreeted;
    this.#isGreeted = true;
    answer(this.#handle, Buffer.from(readBuffer.buffer, readBuffer.byteOffset, length), isFirst);
  }

  /** The client has ended. */
  push(): void {
    this.destroy();
  }

  read(): void {}

  destroy(): void {
    greeted.delete(this.#handle);
    this.#handle.close();
  }
}

/** A socket that shows how Node finds it, and what it looks at. */
const shown = { useUserBuffer() {} } as unknown as Handle;
const onread = { buffer: readBuffer, callback: () => true };
const options = { handle: shown, onread, manualStart: true } as SocketConstructorOpts;
const socket = new Socket(options);
const OWNER = Object.getOwnPropertySymbols(shown)[0]!;

function named(name: string): symbol {
  const keys = [socket, Socket.prototype].flatMap((object) => Object.getOwnPropertySymbols(object));
  return keys.find(({ description }) => description === name)!;
}

Object.defineProperties(Owner.prototype, {
  [named('kBuffer')]: { value: readBuffer },
  [named('kBufferGen')]: { value: null },
  [named('kUpdateTimer')]: { value() {} },
  [named('kBufferCb')]: {
    value(this: Owner, length: number): void {
      this.received(length);
    },
  },
});

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const { _handle: listening } = server as unknown as { readonly _handle: Listening };
  listening.onconnection = (_status, handle) => {
    handle[OWNER] = new Owner(handle);
    handle.onread = shown.onread;
    handle.useUserBuffer(readBuffer);
    handle.setNoDelay(true);
    handle.readStart();
  };
  ready((server.address() as AddressInfo).port);
});
