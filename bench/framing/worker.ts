/**
 * A process of its own for each contender, so that none warms or spoils the code of another. The
 * parent says which workload runs next and for how long; the answer is nanoseconds of CPU time for
 * each message.
 *
 *   node dist/bench/framing/worker.js <module of the contender>
 */
import { Writable } from 'node:stream';
import type { ByteSink, Contender } from './contender.ts';
import { makeMessage, makeReads, messagesInPass, type Workload } from './workload.ts';

/** What the parent asks. */
export interface Order {
  readonly workload: Workload;
  readonly milliseconds: number;
}

/** What it gets. */
export interface Answer {
  readonly nanoseconds?: number;
  readonly error?: string;
}

/** Runs one pass and returns its microseconds of CPU time. */
type Pass = () => number;

const { contender } = (await import(process.argv[2]!)) as { contender: Contender };
const passes = new Map<string, Pass>();

process.on('message', (order: Order) => {
  process.send!(answer(order));
});

function answer({ workload, milliseconds }: Order): Answer {
  try {
    const key = JSON.stringify(workload);
    const pass = passes.get(key) ?? makePass(workload);
    passes.set(key, pass);
    let spent = 0;
    let count = 0;
    for (; spent < milliseconds * 1e3; count += 1) spent += pass();
    return { nanoseconds: (spent * 1e3) / (count * messagesInPass(workload)) };
  } catch (error) {
    return { error: String(error) };
  }
}

function makePass(workload: Workload): Pass {
  return workload.direction === 'decode' ? makeDecodePass(workload) : makeEncodePass(workload);
}

/** Every message is looked at, at both ends, so that none can be left undone or half done. */
function makeDecodePass(workload: Workload): Pass {
  const reads = makeReads(workload);
  const working = reads.map((read) => Buffer.from(read));
  const expected = messagesInPass(workload);
  const message = makeMessage(workload);
  const isText = workload.kind === 'text';
  const checksum = isText
    ? message.length + sumOfEnds(message as string)
    : message.length + sumOfEndBytes(message as Buffer);
  let seen = 0;
  let sum = 0;
  const receive = contender.createDecoder(workload.role, (data) => {
    seen += 1;
    sum += data.length + (typeof data === 'string' ? sumOfEnds(data) : sumOfEndBytes(data));
  });
  return () => {
    for (let index = 0; index < reads.length; index += 1) working[index]!.set(reads[index]!);
    seen = 0;
    sum = 0;
    const start = process.cpuUsage();
    for (let index = 0; index < working.length; index += 1) receive(working[index]!);
    const spent = cpuMicroseconds(start);
    if (seen !== expected || sum !== expected * checksum) {
      throw new Error(`${contender.name}: ${seen} of ${expected} messages, checksum ${sum}`);
    }
    return spent;
  };
}

/** All threads of the process, user and system: what its neighbours do does not count. */
function cpuMicroseconds(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

const sumOfEnds = (text: string): number =>
  text.length === 0 ? 0 : text.charCodeAt(0) + text.charCodeAt(text.length - 1);
const sumOfEndBytes = (bytes: Buffer): number =>
  bytes.length === 0 ? 0 : bytes[0]! + bytes[bytes.length - 1]!;

function makeEncodePass(workload: Workload): Pass {
  const message = makeMessage(workload);
  const count = messagesInPass(workload);
  const socket = new MeasuringSocket();
  const { send, flush } = contender.createEncoder(workload.role, socket);
  return () => {
    socket.byteCount = 0;
    const start = process.cpuUsage();
    for (let index = 0; index < count; index += 1) send(message);
    flush();
    const spent = cpuMicroseconds(start);
    if (socket.byteCount < count * (workload.size + 2)) {
      throw new Error(`${contender.name}: only ${socket.byteCount} bytes written`);
    }
    return spent;
  };
}

/**
 * A stream that throws everything away at once, as a socket does whose bytes the kernel takes, so
 * that each write costs what the machinery of streams costs. Strings are encoded as a socket does
 * it: in memory it has up to 16 KiB, else in memory set aside for them.
 */
class MeasuringSocket extends Writable implements ByteSink {
  byteCount = 0;
  readonly #memory = Buffer.allocUnsafeSlow(16_384);

  constructor() {
    super({ decodeStrings: false });
  }

  override _write(piece: Buffer | string, _encoding: string, done: () => void): void {
    this.#take(piece);
    done();
  }

  override _writev(pieces: readonly { readonly chunk: Buffer | string }[], done: () => void): void {
    for (const { chunk } of pieces) this.#take(chunk);
    done();
  }

  #take(piece: Buffer | string): void {
    if (typeof piece !== 'string') this.byteCount += piece.length;
    else if (piece.length * 3 > this.#memory.length) this.byteCount += Buffer.from(piece).length;
    else this.byteCount += this.#memory.write(piece, 'utf8');
  }
}
