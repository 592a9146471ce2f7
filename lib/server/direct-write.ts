/**
 * Writes past the stream machinery, straight to a socket's handle.
 *
 * An ordinary `socket.write` makes a request object, moves the state of a stream, and schedules a
 * tick that tells what the return value has told already. Most writes of a server are small and the
 * kernel takes them at once; then all of that was for nothing, and costs more than the frame in it
 * (bench/process, P1). So a socket whose handle we have taken over anyway (shared-read.ts) is
 * written to directly, as long as its stream holds nothing back:
 *
 * ```
 *   bytes ─► handle ─┬─ the kernel took all  ──► nothing waits, nothing was allocated
 *                    ├─ it took a part       ──► libuv keeps the rest, `owner.written` follows
 *                    └─ it refused           ──► an error, for the socket to be destroyed with
 * ```
 * What is written through the stream meanwhile lines up behind the rest, in libuv's queue.
 *
 * The class of the request objects is not public; it is learned from what a socket hands to a
 * handle of ours. Where nothing can be learned, {@link canWriteDirectly} says no.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** Is told when a write that had to wait is over. */
export interface WriteOwner {
  /** @param status 0 when the kernel has the bytes, else libuv's (negative) error number. */
  written(status: number): void;
}

/** What libuv needs to remember a write that the kernel has not taken whole. */
interface WriteRequest {
  /** Kept alive until the kernel has them. */
  bytes?: Uint8Array | Uint8Array[];
  owner?: WriteOwner;
  oncomplete: (this: WriteRequest, status: number) => void;
  /** -1 unless libuv has it. */
  getAsyncId(): number;
}

/** The parts of a TCP or pipe handle that are used. */
export interface WriteHandle {
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  /** @param areBytes none of the blocks is a string. */
  writev(request: WriteRequest, blocks: Uint8Array[], areBytes: true): number;
  /** Bytes that the kernel has not taken. */
  readonly writeQueueSize: number;
}

type RequestClass = new () => WriteRequest;

let requestClass: RequestClass | false | undefined;
/** Used up only by writes that the kernel does not take whole. */
let spare: WriteRequest | undefined;

/**
 * Whether this Node lets us write to the handle of this socket: of a plain one. That of a TLS
 * socket takes one write at a time; another, of the stream that does not know, ends the process.
 */
export function canWriteDirectly(socket: Socket): boolean {
  return socket.constructor === Socket && canWriteTo(handleOf(socket));
}

/** Whether this Node lets us write to a handle, and it has what that takes. */
export function canWriteTo(handle: Partial<WriteHandle> | null | undefined): boolean {
  requestClass ??= learnRequestClass();
  return (
    requestClass !== false &&
    typeof handle?.writeBuffer === 'function' &&
    typeof handle.writev === 'function' &&
    typeof handle.writeQueueSize === 'number'
  );
}

/**
 * The handle of a socket whose stream holds nothing back. Ask {@link canWriteDirectly} first.
 *
 * @returns `undefined` when the stream does, or has ended, or the handle is gone.
 */
export function freeHandle(socket: Socket): WriteHandle | undefined {
  const handle = handleOf(socket);
  return handle && socket.writableLength === 0 && !socket.writableEnded ? handle : undefined;
}

/**
 * Writes to a handle.
 *
 * @param bytes one block, or several that leave together: a payload needs no copy to stand behind
 *   its header.
 * @returns `'taken'`: the bytes are needed no longer; `'waiting'`: `owner.written` follows, and the
 *   bytes must not change before it; else what the socket is to be destroyed with: nothing of it
 *   was written.
 */
export function writeDirectly(
  handle: WriteHandle,
  bytes: Uint8Array | Uint8Array[],
  owner: WriteOwner,
): 'taken' | 'waiting' | Error {
  spare ??= newRequest();
  const status = Array.isArray(bytes)
    ? handle.writev(spare, bytes, true)
    : handle.writeBuffer(spare, bytes);
  if (status !== 0) return writeError(status);
  // Not by the size of the queue: what the kernel takes at libuv's second attempt, a moment later,
  // is taken, and yet the request is under way. Used again it would end the process.
  if (spare.getAsyncId() === -1) return 'taken';
  spare.bytes = bytes;
  spare.owner = owner;
  spare = undefined;
  return 'waiting';
}

/** Bytes given to the socket's handle, by whichever way, that the kernel has not taken. */
export function unwrittenBytes(socket: Socket): number {
  return handleOf(socket)?.writeQueueSize ?? 0;
}

/** What a stream would have destroyed its socket with. */
export function writeError(status: number): Error {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { errno: status, code, syscall: 'write' });
}

function handleOf(socket: Socket): WriteHandle | null | undefined {
  return (socket as unknown as { _handle?: WriteHandle | null })._handle;
}

function newRequest(): WriteRequest {
  const request = new (requestClass as RequestClass)();
  request.oncomplete = completed;
  return request;
}

function completed(this: WriteRequest, status: number): void {
  this.owner?.written(status);
}

/**
 * Lets a socket write one byte to a handle that only looks at the request.
 *
 * @returns the class of the request; false when it is none that {@link writeDirectly} could use.
 */
export function learnRequestClass(SocketClass: typeof Socket = Socket): RequestClass | false {
  let learned: unknown;
  const handle = {
    writeBuffer(request: object): number {
      learned = request.constructor;
      return 0;
    },
    readStart: () => 0,
    close: () => undefined,
  };
  try {
    const options: SocketConstructorOpts & { handle: unknown } = { handle, writable: true };
    const socket = new SocketClass(options);
    socket.on('error', () => undefined);
    socket.write(Buffer.from([0]));
    socket.destroy();
  } catch {
    return false;
  }
  if (typeof learned !== 'function' || learned === Object) return false;
  const request = new (learned as RequestClass)();
  return typeof request.getAsyncId === 'function' && request.getAsyncId() === -1
    ? (learned as RequestClass)
    : false;
}
