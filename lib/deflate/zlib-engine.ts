/**
 * One zlib stream without a stream around it.
 *
 * `zlib.createDeflateRaw()` is a Transform: every message crosses the thread pool twice and costs
 * some 50 µs. Below it lies a handle that compresses a small message in 1 µs on the spot (bench/
 * deflate): `write(flush, input, from, length, output, at, room)` in the thread pool, `writeSync`
 * with the same arguments right here. It is not documented, and wrong arguments would end the
 * process; so this file is the only one that knows it, {@link hasZlibHandles} first reads in Node's
 * own code how Node calls it, and one-shot.ts does without it.
 *
 * The file knows no message: it moves bytes and says how many.
 */
import { constants, createInflateRaw, InflateRaw } from 'node:zlib';

/** What this library asks of Node's own zlib handle. */
interface ZlibHandle {
  init(
    windowBits: number,
    level: number,
    memoryLevel: number,
    strategy: number,
    state: Uint32Array,
    done: () => void,
    dictionary: undefined,
    ...more: boolean[]
  ): void;
  reset(): void;
  close(): void;
  write(...step: HandleStep): void;
  writeSync(...step: HandleStep): void;
  onerror: (message: string, errno: number, code: string) => void;
}

type HandleStep = [
  flush: number,
  input: Uint8Array,
  inputStart: number,
  inputLength: number,
  output: Uint8Array,
  outputStart: number,
  outputLength: number,
];

type ZlibHandleClass = new (mode: number) => ZlibHandle;

/** What an engine does, and how. */
export interface EngineOptions {
  readonly mode: 'inflate' | 'deflate';
  /** 8 – 15. */
  readonly windowBits: number;
  /** 1 – 9; for deflate. */
  readonly level: number;
  /** 1 – 9; for deflate. */
  readonly memoryLevel: number;
}

/** Compresses or inflates up to the end of the input, and gives out all of it that it can. */
export const SYNC_FLUSH: number = constants.Z_SYNC_FLUSH;
/** Compresses, and keeps what does not fill a block. */
export const NO_FLUSH: number = constants.Z_NO_FLUSH;

/** Input and output of one step, at most. */
export const BLOCK_BYTES: number = 64 * 1024;

/** Memory of an inflate engine once it has worked: state 7 KiB, window 32 KiB. */
export const INFLATE_ENGINE_BYTES = 40 * 1024;

/**
 * zlib's `deflate` of 9 bits looks back 512 − 262 bytes, which an inflater of 8 bits can follow; of
 * 8 bits it refuses to make a raw stream. (A law checks every distance that it writes.)
 */
const SMALLEST_DEFLATE_BITS = 9;

/** The arguments of `init` in Node's own code, up to 22; 24 has one more, a flag. */
const INIT_ARGUMENTS =
  'windowBits,level,memLevel,strategy,this._writeState,processCallback,dictionary';
const FLAG_ARGUMENT = 'opts?.rejectGarbageAfterEnd===true';

interface HandleShape {
  readonly Handle: ZlibHandleClass;
  /** What `init` takes behind the dictionary. */
  readonly flags: readonly boolean[];
}

let shape: HandleShape | undefined;

let scratch: Buffer | undefined;

/** One block for the output of steps on the spot, shared by all: copy out what is to be kept. */
export function scratchBlock(): Buffer {
  scratch ??= Buffer.allocUnsafeSlow(BLOCK_BYTES);
  return scratch;
}

/** Memory of a deflate engine: zlib's own formula. */
export function deflateEngineBytes(windowBits: number, memoryLevel: number): number {
  const bits = Math.max(windowBits, SMALLEST_DEFLATE_BITS);
  return 2 ** (bits + 2) + 2 ** (memoryLevel + 9) + 6 * 1024;
}

/** A zlib stream of raw deflate data. Busy during {@link runLater}: nothing may be called then. */
export class ZlibEngine {
  /** Bytes of input that the last step has used. */
  consumed = 0;
  /** Bytes of output that the last step has made. */
  produced = 0;
  /** What zlib found wrong with the data; `undefined` while all is well. `reset` forgets it. */
  fault: string | undefined;

  readonly #handle: ZlibHandle;
  /** Written by the handle: room left in the output, bytes left of the input. */
  readonly #left = new Uint32Array(2);
  #inputLength = 0;
  #outputLength = 0;
  /** The thread works on memory that only this field keeps alive. */
  #later: { readonly buffers: readonly Uint8Array[]; readonly done: () => void } | undefined;

  constructor(options: EngineOptions) {
    const isDeflate = options.mode === 'deflate';
    shape ??= findShape();
    this.#handle = new shape.Handle(isDeflate ? constants.DEFLATERAW : constants.INFLATERAW);
    this.#handle.onerror = (message) => {
      this.fault = message;
      this.#finishLater();
    };
    this.#handle.init(
      isDeflate ? Math.max(options.windowBits, SMALLEST_DEFLATE_BITS) : options.windowBits,
      options.level,
      options.memoryLevel,
      constants.Z_DEFAULT_STRATEGY,
      this.#left,
      () => this.#finishLater(),
      undefined,
      ...shape.flags,
    );
  }

  /** Takes one step on the spot. Look at `consumed`, `produced` and `fault` afterwards. */
  run(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array): void {
    this.#inputLength = end - start;
    this.#outputLength = output.length;
    this.#handle.writeSync(flush, input, start, end - start, output, 0, output.length);
    this.#count();
  }

  /**
   * Takes one step in the thread pool. Neither buffer may be touched until `done` is called; it is
   * always called, and later.
   */
  runLater(
    flush: number,
    input: Uint8Array,
    start: number,
    end: number,
    output: Uint8Array,
    done: () => void,
  ): void {
    this.#inputLength = end - start;
    this.#outputLength = output.length;
    this.#later = { buffers: [input, output], done };
    this.#handle.write(flush, input, start, end - start, output, 0, output.length);
  }

  /** Forgets window and fault, and keeps the memory. */
  reset(): void {
    this.fault = undefined;
    this.#handle.reset();
  }

  /** Gives the memory back. */
  close(): void {
    this.#handle.close();
  }

  #finishLater(): void {
    const later = this.#later;
    if (later === undefined) return;
    this.#later = undefined;
    this.#count();
    later.done();
  }

  #count(): void {
    if (this.fault !== undefined) {
      this.consumed = 0;
      this.produced = 0;
      return;
    }
    this.consumed = this.#inputLength - this.#left[1]!;
    this.produced = this.#outputLength - this.#left[0]!;
  }
}

/** @throws Error when Node does not call its handle the way this file does. */
function findShape(): HandleShape {
  const source = String(Object.getPrototypeOf(InflateRaw)).replace(/\s+/g, '');
  const call = /\.init\(([^)]*)\)/.exec(source)?.[1];
  const flags = new Map([
    [INIT_ARGUMENTS, []],
    [`${INIT_ARGUMENTS},${FLAG_ARGUMENT}`, [false]],
  ]).get(call ?? '');
  if (flags === undefined) throw new Error(`zlib's handle takes other arguments: ${call}`);
  const stream = createInflateRaw() as unknown as { _handle: ZlibHandle; close(): void };
  const Handle = stream._handle.constructor as ZlibHandleClass;
  stream.close();
  return { Handle, flags };
}

let isTriedAndFound: boolean | undefined;

/** Tells whether the handle is there and behaves; tried once. */
export function hasZlibHandles(): boolean {
  isTriedAndFound ??= tryHandles();
  return isTriedAndFound;
}

function tryHandles(): boolean {
  try {
    const options = { windowBits: 15, level: 6, memoryLevel: 8 };
    const deflate = new ZlibEngine({ ...options, mode: 'deflate' });
    const inflate = new ZlibEngine({ ...options, mode: 'inflate' });
    const text = Buffer.from('a message, a message');
    const packed = Buffer.alloc(64);
    const back = Buffer.alloc(64);
    deflate.reset();
    deflate.run(SYNC_FLUSH, text, 0, text.length, packed);
    inflate.run(SYNC_FLUSH, packed, 0, deflate.produced, back);
    const isSame = back.subarray(0, inflate.produced).equals(text);
    deflate.close();
    inflate.close();
    return isSame && deflate.consumed === text.length && deflate.fault === undefined;
  } catch {
    return false;
  }
}
