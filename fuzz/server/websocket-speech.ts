/**
 * What a client says over a WebSocket, made up at random: whole messages in fragments, with control
 * frames between them, compressed where that was asked for; and, now and then, one thing wrong.
 *
 * Texts have characters of one to four bytes, so that fragments end in the middle of them.
 */
import { constants, deflateRawSync } from 'node:zlib';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { cutAt } from '../../spec/support/feeding.ts';
import type { Random } from '../engine/random.ts';

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const OFFERS = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  'permessage-deflate; server_max_window_bits=9, permessage-deflate',
];

/** Beyond what the server takes, in the last case. */
const LENGTHS = [0, 1, 10, 120, 200, 3_000, 19_000, 66_000];
const TEXTS = ['plain text. ', 'Grüße, ', 'κόσμε ', '日本語、', '😀🎉 ', 'a😀'];
/** Stray bytes, overlong forms, surrogates, beyond the last, cut short. */
const BAD_UTF8 = ['ff', '80', 'c080', 'e080af', 'eda080', 'f4908080', 'e282', 'f09f98'];

function makeText(random: Random): Buffer {
  const most = random.pick(LENGTHS);
  let text = '';
  while (text.length < most) text += random.pick(TEXTS).repeat(1 + random.below(most / 4));
  const bytes = Buffer.from(text);
  if (!random.oneIn(6)) return bytes;
  const at = random.below(bytes.length + 1);
  const bad = Buffer.from(random.pick(BAD_UTF8), 'hex');
  return Buffer.concat([bytes.subarray(0, at), bad, bytes.subarray(at)]);
}

/** Noise where nothing can be saved, and zeros where nearly all of it can. */
function makeBinary(random: Random): Buffer {
  const bytes = Buffer.alloc(random.pick([...LENGTHS, 500_000]));
  if (bytes.length <= 3_000) for (const at of bytes.keys()) bytes[at] = random.next();
  return bytes;
}

/** The trailer of a flush, which is not sent [RFC 7692 §7.2.1]. */
const TRAILER_BYTES = 4;

class Speaker {
  readonly #random: Random;
  readonly #deflates: boolean;
  /** What was said compressed: the next message may look back to it. */
  #said: Buffer = Buffer.alloc(0);

  constructor(random: Random, deflates: boolean) {
    this.#random = random;
    this.#deflates = deflates;
  }

  /** A message in its frames; some have no last one. */
  message(): Buffer[] {
    const random = this.#random;
    const isText = random.oneIn(2);
    const plain = isText ? makeText(random) : makeBinary(random);
    const isCompressed = this.#deflates && !random.oneIn(3);
    const payload = isCompressed ? this.#spoil(this.#compress(plain)) : plain;
    const cuts = Array.from({ length: random.pick([0, 0, 1, 2, 5, 60]) }, () =>
      random.below(payload.length + 1),
    );
    const pieces = cutAt(payload, cuts);
    if (pieces.length === 0 || random.oneIn(8)) pieces.push(Buffer.alloc(0));
    const isUnfinished = random.oneIn(20);
    return pieces.flatMap((piece, at) => {
      const first = isText ? OPCODE.text : OPCODE.binary;
      const frame = this.#frame(at === 0 ? first : OPCODE.continuation, piece, {
        fin: at === pieces.length - 1 && !isUnfinished,
        rsv: isCompressed && at === 0 ? 4 : 0,
      });
      return random.oneIn(4) ? [frame, this.control()] : [frame];
    });
  }

  /** A ping or a pong that nobody has asked for. */
  control(): Buffer {
    const opcode = this.#random.pick([OPCODE.ping, OPCODE.pong]);
    return this.#frame(opcode, Buffer.alloc(this.#random.pick([0, 4, 125]), 'beat'));
  }

  /** A close frame; not always one that may be sent. */
  close(): Buffer {
    const payloads = ['', '03e8', '03e962796521', '0fa0', '1387', '03', '03ed', '0000', '03e8ff'];
    return this.#frame(OPCODE.close, Buffer.from(this.#random.pick(payloads), 'hex'));
  }

  /** A frame against the rules: at the wrong time, of no kind, not masked, with bits set. */
  illegal(): Buffer {
    const random = this.#random;
    const payload = Buffer.alloc(random.pick([0, 5, 126, 70_000]), 'payload ');
    return encodeFrame(
      {
        opcode: random.pick([0, 0, 3, 11, 1, 8, 9]),
        fin: random.oneIn(2),
        rsv: random.oneIn(2) ? 0 : random.below(8),
        payload,
        maskingKey: random.oneIn(4) ? undefined : random.next(),
      },
      { allowIllegal: true },
    );
  }

  #frame(opcode: number, payload: Buffer, rest: { fin?: boolean; rsv?: number } = {}): Buffer {
    const frame = { opcode, payload, maskingKey: this.#random.next(), ...rest };
    return encodeFrame(frame, { allowIllegal: true });
  }

  #compress(plain: Buffer): Buffer {
    const random = this.#random;
    const level = random.pick([1, 6, 9]);
    // A final block ends what the next message could look back to, and may be sent all the same.
    if (random.oneIn(10)) return Buffer.concat([deflateRawSync(plain, { level }), Buffer.alloc(1)]);
    const looksBack = this.#said.length > 0 && random.oneIn(2);
    const dictionary = looksBack ? this.#said : undefined;
    const finishFlush = constants.Z_SYNC_FLUSH;
    const packed = deflateRawSync(plain, { level, finishFlush, ...(dictionary && { dictionary }) });
    this.#said = Buffer.concat([this.#said, plain]).subarray(-32_768);
    return packed.subarray(0, packed.length - TRAILER_BYTES);
  }

  /** Now and then: cut short, or with a byte changed. */
  #spoil(packed: Buffer): Buffer {
    const random = this.#random;
    if (!random.oneIn(5) || packed.length === 0) return packed;
    if (random.oneIn(2)) return packed.subarray(0, random.below(packed.length));
    const spoiled = Buffer.from(packed);
    spoiled[random.below(spoiled.length)] = random.next();
    return spoiled;
  }
}

/** A handshake, and what follows it. */
export function makeWebSocket(random: Random): Buffer[] {
  const deflates = !random.oneIn(3);
  const offer = deflates ? `Sec-WebSocket-Extensions: ${random.pick(OFFERS)}\r\n` : '';
  const speaker = new Speaker(random, deflates);
  const parts: Buffer[] = [Buffer.from(`${HANDSHAKE}${offer}\r\n`, 'latin1')];
  for (let left = random.below(8); left > 0; left -= 1) {
    if (random.oneIn(12)) parts.push(speaker.illegal());
    else if (random.oneIn(5)) parts.push(speaker.control());
    else parts.push(...speaker.message());
  }
  if (random.oneIn(2)) parts.push(speaker.close());
  return parts;
}
