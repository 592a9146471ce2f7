/** What a contender does in one run: read, or write, the messages of a workload, and be checked. */
import { Writable } from 'node:stream';
import type { Case } from '../support/suite.ts';
import type { ByteSink, Contender } from './contender.ts';
import { makeMessage, makeReads, messagesInPass, type Workload } from './workload.ts';

/** Every message is looked at, at both ends, so that none can be left undone or half done. */
export function makeDecodeCase(contender: Contender, workload: Workload): Case {
  const reads = makeReads(workload);
  const working = reads.map((read) => Buffer.from(read));
  const expected = messagesInPass(workload);
  const checksum = checksumOf(makeMessage(workload));
  let seen = 0;
  let sum = 0;
  const receive = contender.createDecoder(workload.role, (data) => {
    seen += 1;
    sum += checksumOf(data);
  });
  return {
    name: contender.name,
    units: expected,
    isOnce: true,
    // The reads are given away, so each pass needs them anew.
    prepare() {
      for (let index = 0; index < reads.length; index += 1) working[index]!.set(reads[index]!);
    },
    run() {
      seen = 0;
      sum = 0;
      for (let index = 0; index < working.length; index += 1) receive(working[index]!);
      if (seen !== expected || sum !== expected * checksum) {
        throw new Error(`${contender.name}: ${seen} of ${expected} messages, checksum ${sum}`);
      }
      return sum;
    },
  };
}

function checksumOf(data: string | Buffer): number {
  const { length } = data;
  if (length === 0) return 0;
  if (typeof data === 'string') return length + data.charCodeAt(0) + data.charCodeAt(length - 1);
  return length + data[0]! + data[length - 1]!;
}

/** All bytes must have been written when `flush` returns. */
export function makeEncodeCase(contender: Contender, workload: Workload): Case {
  const message = makeMessage(workload);
  const count = messagesInPass(workload);
  const socket = new MeasuringSocket();
  const { send, flush } = contender.createEncoder(workload.role, socket);
  return {
    name: contender.name,
    units: count,
    isOnce: true,
    run() {
      socket.byteCount = 0;
      for (let index = 0; index < count; index += 1) send(message);
      flush();
      if (socket.byteCount < count * (workload.size + 2)) {
        throw new Error(`${contender.name}: only ${socket.byteCount} bytes written`);
      }
      return socket.byteCount;
    },
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
