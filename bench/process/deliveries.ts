/** What must be delivered, byte by byte: broadcasts, and events of a stream. */
import { constants, inflateRawSync } from 'node:zlib';
import { encodeFrame, OPCODE } from 'barewire/codec';
import type { ReadDelivery } from './arrivals.ts';

const FIN_TEXT = 0x81;
const FIN_RSV1_TEXT = 0xc1;
/** What senders cut off [RFC 7692 §7.2.1]. */
const TAIL = Buffer.from('0000ffff', 'hex');

const isTheRest = (gathered: Buffer, expected: Buffer): boolean => {
  if (!gathered.equals(expected.subarray(0, gathered.length))) {
    throw new Error(`wrong delivery: ${gathered.subarray(0, 20).toString('hex')}`);
  }
  return gathered.length === expected.length;
};

/** So many text messages of a server, each the same; compressed if they should be. */
export function readBroadcast(text: string, count: number, isPacked: boolean): ReadDelivery {
  const all = (one: Buffer): Buffer => Buffer.concat(Array.from({ length: count }, () => one));
  if (!isPacked) {
    const expected = all(encodeFrame({ opcode: OPCODE.text, payload: text }));
    return (gathered) => isTheRest(gathered, expected);
  }
  const expected = all(Buffer.from(text));
  return (gathered) => {
    const payloads = splitPacked(gathered);
    if (payloads.length < count) return false;
    if (payloads.length > count) throw new Error('more came than was sent');
    // One stream of blocks, whether each begins anew or refers to those before it.
    const stream = Buffer.concat(payloads.flatMap((payload) => [payload, TAIL]));
    return isTheRest(inflateRawSync(stream, { finishFlush: constants.Z_SYNC_FLUSH }), expected);
  };
}

/** Payloads of compressed text messages; what is cut counts as nothing yet. */
function splitPacked(gathered: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at < gathered.length; ) {
    const code = gathered[at + 1] ?? 0;
    if (gathered[at] !== FIN_RSV1_TEXT || code > 126) {
      const isPlain = gathered[at] === FIN_TEXT;
      throw new Error(`wrong delivery: ${isPlain ? 'not compressed' : gathered.toString('hex')}`);
    }
    const start = at + (code < 126 ? 2 : 4);
    if (gathered.length < start) break;
    const end = start + (code < 126 ? code : gathered.readUInt16BE(at + 2));
    if (gathered.length < end) break;
    payloads.push(gathered.subarray(start, end));
    at = end;
  }
  return payloads;
}

/** One event with this as its data, in chunks if the head of the stream has announced them. */
export function readEvent(data: string, isChunked: boolean): ReadDelivery {
  const expected = Buffer.from(`data: ${data}\n\n`);
  return (gathered) => {
    if (!isChunked) return isTheRest(gathered, expected);
    const { body, isWhole } = joinChunks(gathered);
    return isTheRest(body, expected) && isWhole;
  };
}

/** The content of chunks [RFC 9112 §7.1]; `isWhole` says that the last of them is. */
function joinChunks(gathered: Buffer): { body: Buffer; isWhole: boolean } {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at < gathered.length) {
    const line = gathered.indexOf('\r\n', at);
    if (line === -1) break;
    const size = gathered.toString('latin1', at, line);
    if (!/^[0-9a-f]+$/i.test(size)) throw new Error(`wrong chunk size: ${size.slice(0, 20)}`);
    const end = line + 2 + Number.parseInt(size, 16);
    if (gathered.length < end + 2) break;
    if (gathered.toString('latin1', end, end + 2) !== '\r\n') throw new Error('chunk without end');
    pieces.push(gathered.subarray(line + 2, end));
    at = end + 2;
  }
  return { body: Buffer.concat(pieces), isWhole: at === gathered.length };
}
