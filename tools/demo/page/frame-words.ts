/** Words for frames: what the numbers of a header are called, and what they are there for. */
import type { WireFrame } from './messages.ts';

/** Names of the opcodes [RFC 6455 §5.2]. */
export const OPCODE_NAMES: Readonly<Record<number, string>> = {
  0: 'continue',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
};

const CLOSE_CODES: Readonly<Record<number, string>> = {
  1000: 'normal closure',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'unsupported data',
  1007: 'invalid payload data',
  1008: 'policy violation',
  1009: 'message too big',
  1011: 'internal error',
};

/** The payload's bytes, as far as the server told them. */
export function payloadBytes(frame: WireFrame): Uint8Array {
  return hexBytes(frame.payload);
}

/** The frame's first bytes as they passed: the header, then the payload with its mask on. */
export function wireBytes(frame: WireFrame): Uint8Array {
  const header = hexBytes(frame.header);
  const key = header.subarray(-4);
  const payload = payloadBytes(frame);
  if (frame.masked) for (const index of payload.keys()) payload[index]! ^= key[index % 4]!;
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return bytes;
}

/** The payload as text; U+FFFD stands where it is none. */
export function payloadText(frame: WireFrame): string {
  return new TextDecoder().decode(payloadBytes(frame));
}

/** A few words of the payload for the list. */
export function peek(frame: WireFrame): string {
  if (frame.opcode !== 8) return payloadText(frame).slice(0, 60);
  const [high, low] = payloadBytes(frame);
  if (high === undefined || low === undefined) return 'without a code';
  const code = high * 256 + low;
  return `${code} ${CLOSE_CODES[code] ?? ''}`;
}

/** One sentence about a frame, for somebody who sees one for the first time. */
export function gist(frame: WireFrame): string {
  const way = frame.direction === 'in' ? 'Page to server' : 'Server to page';
  const mask = frame.masked
    ? 'masked, as everything from a client must be'
    : 'not masked, as nothing from a server may be';
  return `${way}, ${mask}. ${PURPOSES[frame.opcode] ?? ''}`;
}

const PURPOSES: Readonly<Record<number, string>> = {
  0: 'It continues the message of the frame before.',
  1: 'The payload is UTF-8.',
  2: 'The payload is bytes.',
  8: 'It begins or answers the closing handshake: the first two bytes are the code.',
  9: 'The other side must send the payload back in a pong.',
  10: 'It answers a ping with the ping’s own payload; the time between them is the round trip.',
};

function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
