/**
 * Does a contender do the work at all? It is asked once for each workload, in a process in which
 * nothing is timed: the messages differ from each other and are compared as a whole, they arrive in
 * pieces of all lengths, and what is no UTF-8 must not arrive.
 */
import type { Contender } from './contender.ts';
import { KeepingSocket } from './sockets.ts';
import {
  cutMessage,
  isMasked,
  type Message,
  makeFrames,
  variedMessage,
  type Workload,
} from './workload.ts';
import { readWritten } from './written.ts';

/** Enough to fill whatever a contender gathers, and few messages where they are long. */
const VERIFIED_BYTES = 131_072;
const MIN_MESSAGES = 3;
/** Lengths of the pieces that a stream arrives in, beside longer ones where it is long. */
const SHORT_PIECES = [1, 2, 3, 7];
const MAX_PIECES = 4_000;

/** @throws Error that says what is wrong with the contender. */
export async function verifyContender(contender: Contender, workload: Workload): Promise<void> {
  const count = Math.max(MIN_MESSAGES, Math.floor(VERIFIED_BYTES / (workload.size + 8)));
  const messages = Array.from({ length: count }, (_, at) => variedMessage(workload, at));
  if (workload.direction === 'encode') return verifyEncoder(contender, workload, messages);
  verifyDecoder(contender, workload, messages);
  if (workload.kind === 'text') await verifyRefusals(contender, workload);
}

/** Whether there is no way to ask the contender for this at all. */
export function isBeyond(contender: Contender, workload: Workload): boolean {
  // Whoever only reads, or only writes, leaves the other one out.
  const { createDecoder, createEncoder }: Partial<Contender> = contender;
  if (workload.direction === 'decode') return createDecoder === undefined;
  if (createEncoder === undefined) return true;
  if (workload.fragments === 1) return false;
  return createEncoder(workload.role, new KeepingSocket()).sendPieces === undefined;
}

function verifyEncoder(
  { name, createEncoder }: Contender,
  workload: Workload,
  messages: readonly Message[],
): void {
  const { role, fragments } = workload;
  const socket = new KeepingSocket();
  const encoder = createEncoder(role, socket);
  for (const message of messages) {
    if (fragments === 1) encoder.send(message);
    else encoder.sendPieces!(cutMessage(message, fragments));
  }
  encoder.flush();
  const written = readWritten(socket.bytes, role);
  compare(name, written.messages, messages);
  if (written.frameCount !== messages.length * fragments) {
    throw new Error(`${name}: ${written.frameCount} frames for ${messages.length} messages`);
  }
  if (isMasked(workload) && new Set(written.maskingKeys).size < 2) {
    throw new Error(`${name}: masks every frame with the same key`);
  }
}

function verifyDecoder(
  contender: Contender,
  workload: Workload,
  messages: readonly Message[],
): void {
  const stream = Buffer.concat(
    messages.flatMap((message, at) => makeFrames(workload, Buffer.from(message as string), at + 1)),
  );
  for (const reads of [[stream], cutStream(stream)]) {
    const taken: Message[] = [];
    const receive = contender.createDecoder(workload.role, (data) => taken.push(data));
    for (const read of reads) receive(Buffer.from(read));
    compare(contender.name, taken, messages);
  }
}

/** The whole of it in reads of many lengths, such that each header is cut somewhere. */
function cutStream(stream: Buffer): Buffer[] {
  const lengths = [...SHORT_PIECES, Math.ceil((5 * stream.length) / MAX_PIECES)];
  const reads: Buffer[] = [];
  for (let at = 0; at < stream.length; at += reads.at(-1)!.length) {
    reads.push(stream.subarray(at, at + lengths[reads.length % lengths.length]!));
  }
  return reads;
}

function compare(name: string, taken: readonly Message[], messages: readonly Message[]): void {
  if (taken.length !== messages.length) {
    throw new Error(`${name}: ${taken.length} of ${messages.length} messages`);
  }
  const at = messages.findIndex((message, index) => !isSame(taken[index]!, message));
  if (at >= 0) throw new Error(`${name}: message ${at + 1} is not what was sent`);
}

function isSame(taken: Message, message: Message): boolean {
  if (typeof taken === 'string' || typeof message === 'string') return taken === message;
  return Buffer.isBuffer(taken) && taken.equals(message);
}

/** Text that is malformed in the middle, at its end, and in a way that only UTF-16 has. */
function malformedTexts(size: number): Buffer[] {
  const text = Buffer.alloc(Math.max(size, 8), 'abcdefg ');
  const middle = text.length >> 1;
  return [
    text.with(middle, 0xff),
    text.with(text.length - 1, 0xc3),
    text
      .with(middle, 0xed)
      .with(middle + 1, 0xa0)
      .with(middle + 2, 0x80),
  ].map((bytes) => Buffer.from(bytes));
}

/** Decoders may throw, fail a turn later, or fall silent; they must not deliver. */
async function verifyRefusals(contender: Contender, workload: Workload): Promise<void> {
  const arrivals = malformedTexts(workload.size).flatMap((text) => {
    const stream = Buffer.concat(makeFrames(workload, text, 1));
    return [[stream], cutStream(stream)];
  });
  const ignore = (): void => {};
  process.on('uncaughtException', ignore);
  try {
    for (const reads of arrivals) {
      if (await isRefused(contender, workload, reads)) continue;
      throw new Error(`${contender.name}: delivers text that is not UTF-8`);
    }
  } finally {
    process.off('uncaughtException', ignore);
  }
}

async function isRefused(
  contender: Contender,
  { role }: Workload,
  reads: readonly Buffer[],
): Promise<boolean> {
  let isTaken = false;
  const receive = contender.createDecoder(role, () => {
    isTaken = true;
  });
  try {
    for (const read of reads) receive(Buffer.from(read));
  } catch {
    // This is how it refuses.
  }
  for (let turn = 0; turn < 2; turn += 1) await new Promise((next) => setImmediate(next));
  return !isTaken;
}
