/** What a contender does in one run: read, or write, the messages of a workload, and be checked. */
import type { Case } from '../support/suite.ts';
import type { Contender } from './contender.ts';
import { MeasuringSocket } from './sockets.ts';
import {
  cutMessage,
  makeFrames,
  makeMessage,
  makeReads,
  messagesInPass,
  type Workload,
} from './workload.ts';

/**
 * Every message is looked at, at both ends, so that none can be left out; more would be timed with
 * the work. Whether they are whole is seen beforehand (verify.ts).
 */
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

/** All bytes must have been written when `flush` returns, and no other. */
export function makeEncodeCase(contender: Contender, workload: Workload): Case {
  const message = makeMessage(workload);
  const pieces = cutMessage(message, workload.fragments);
  const count = messagesInPass(workload);
  const frames = makeFrames(workload, Buffer.from(message as string), 0);
  const expected = count * frames.reduce((sum, { length }) => sum + length, 0);
  const socket = new MeasuringSocket();
  const { send, sendPieces, flush } = contender.createEncoder(workload.role, socket);
  const sendOne = workload.fragments === 1 ? () => send(message) : () => sendPieces!(pieces);
  return {
    name: contender.name,
    units: count,
    isOnce: true,
    run() {
      socket.byteCount = 0;
      for (let index = 0; index < count; index += 1) sendOne();
      flush();
      if (socket.byteCount !== expected) {
        throw new Error(`${contender.name}: ${socket.byteCount} of ${expected} bytes written`);
      }
      return socket.byteCount;
    },
  };
}
