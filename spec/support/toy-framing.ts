/**
 * A toy contender for the framing bench, as bench/README.md describes one: it knows whole messages
 * of one frame and 125 B at most, unmasks byte by byte, and keeps what a read has cut.
 */
import { randomBytes } from 'node:crypto';
import type { Contender } from '../../bench/framing/contender.ts';

export const contender: Contender = {
  name: 'toy',

  createDecoder(_role, onMessage) {
    let rest = Buffer.alloc(0);
    return (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let length = frameLength(rest); length <= rest.length; length = frameLength(rest)) {
        onMessage(readMessage(rest.subarray(0, length)));
        rest = rest.subarray(length);
      }
    };
  },

  createEncoder(role, socket) {
    return {
      send(message) {
        const payload = Buffer.from(message as string);
        const opcode = typeof message === 'string' ? 1 : 2;
        const mask = role === 'client' ? 0x80 : 0;
        const key = role === 'client' ? randomBytes(4) : Buffer.alloc(0);
        if (role === 'client') applyMask(payload, key);
        // All lengths of the spec fit in seven bits.
        const head = Buffer.from([0x80 | opcode, mask | payload.length]);
        socket.write(Buffer.concat([head, key, payload]));
      },
      flush() {},
    };
  },
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const payloadStart = (frame: Buffer): number => (frame[1]! > 0x7f ? 6 : 2);

function frameLength(bytes: Buffer): number {
  return bytes.length < 2 ? 2 : payloadStart(bytes) + (bytes[1]! & 0x7f);
}

function readMessage(frame: Buffer): string | Buffer {
  const start = payloadStart(frame);
  const payload = Buffer.from(frame.subarray(start));
  if (start === 6) applyMask(payload, frame.subarray(2, 6));
  return (frame[0]! & 0x0f) === 1 ? utf8.decode(payload) : payload;
}

function applyMask(payload: Buffer, key: Buffer): void {
  for (const [at, byte] of payload.entries()) payload[at] = byte ^ key[at % 4]!;
}
