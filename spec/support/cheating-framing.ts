/** Contenders for the framing bench that do less than they should: `CHEAT` says which of them. */
import type { Contender } from '../../bench/framing/contender.ts';
import { contender as toy } from './toy-framing.ts';

type Payload = string | Buffer;

/** Writes frames, none of which is what `toy` would write. */
function encoding(distort: (frame: Buffer, first: Buffer) => Buffer): Partial<Contender> {
  return {
    createEncoder(role, socket) {
      let first: Buffer | undefined;
      return toy.createEncoder(role, {
        write(piece) {
          const frame = piece as Buffer;
          first ??= frame;
          return socket.write(distort(frame, first));
        },
      });
    },
  };
}

/** Reads frames, and hands on something else. */
function decoding(distort: (payload: Buffer, frame: Buffer) => Payload): Partial<Contender> {
  return {
    createDecoder(_role, onMessage) {
      let rest = Buffer.alloc(0);
      return (chunk) => {
        rest = Buffer.concat([rest, chunk]);
        for (;;) {
          const length = rest.length < 2 ? 2 : 6 + (rest[1]! & 0x7f);
          if (rest.length < length) return;
          const frame = rest.subarray(0, length);
          const payload = frame.subarray(6).map((byte, at) => byte ^ frame[2 + (at % 4)]!);
          onMessage(distort(Buffer.from(payload), frame));
          rest = rest.subarray(length);
        }
      };
    },
  };
}

function unmaskFrame(frame: Buffer): Buffer {
  const payload = frame.subarray(6).map((byte, at) => byte ^ frame[2 + (at % 4)]!);
  return Buffer.concat([Buffer.from([frame[0]!, frame[1]! & 0x7f]), payload]);
}

function zeroKey(frame: Buffer): Buffer {
  const plain = unmaskFrame(frame);
  return Buffer.concat([frame.subarray(0, 2), Buffer.alloc(4), plain.subarray(2)]);
}

const lent = Buffer.alloc(125);

/** All of them are asked for masked frames of at most 125 bytes. */
const CHEATS: Readonly<Record<string, Partial<Contender>>> = {
  zeros: encoding((frame) => Buffer.alloc(frame.length)),
  'the first again': encoding((_, first) => first),
  'no mask': encoding(unmaskFrame),
  'one key': encoding(zeroKey),
  'the other kind': encoding((frame) => Buffer.from(frame.with(0, frame[0]! ^ 3))),
  'half a frame': encoding((frame) => frame.subarray(0, 1)),
  pings: encoding((frame) => Buffer.from(frame.with(0, 0x89))),
  'one frame': {
    createEncoder(role, socket) {
      const { send, flush } = toy.createEncoder(role, socket);
      return { send, sendPieces: (pieces) => send(pieces.join('')), flush };
    },
  },
  'both ends': decoding((payload, frame) => {
    const text = Buffer.from(frame.subarray(6));
    text[0] = payload[0]!;
    text[text.length - 1] = payload.at(-1)!;
    return text.toString('latin1');
  }),
  'no check of UTF-8': decoding((payload) => payload.toString()),
  'lent memory': decoding((payload) => lent.subarray(0, payload.copy(lent))),
  'whole reads': {
    createDecoder(role, onMessage) {
      return (chunk) => toy.createDecoder(role, onMessage)(chunk);
    },
  },
};

export const contender: Contender = {
  ...toy,
  name: 'cheat',
  ...CHEATS[process.env['CHEAT'] ?? ''],
};
