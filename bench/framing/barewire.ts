/** barewire's codec, used as its connection uses it. */
import { randomFillSync } from 'node:crypto';
import {
  encodeFrameInto,
  FrameReader,
  maxEncodedFrameLength,
  OPCODE,
  writeFrameHeader,
} from 'barewire/codec';
import type { ByteSink, Contender, Role } from './contender.ts';
import { MessageAssembler } from './message-assembler.ts';

/** Frames are gathered here and written together. */
const SLAB_BYTES = 65_536;

/** Longer payloads are not copied into the slab, where they need not be changed anyhow. */
const COPY_UP_TO = 1_024;

export const contender: Contender = {
  name: 'barewire',

  createDecoder(role, onMessage) {
    const reader = new FrameReader(new MessageAssembler(onMessage), {
      role,
      givesInput: true,
    });
    return (chunk) => reader.receive(chunk);
  },

  createEncoder(role, socket) {
    const encoder = new Encoder(role, socket);
    return { send: (payload) => encoder.send(payload), flush: () => encoder.flush() };
  },
};

class Encoder {
  readonly #isMasked: boolean;
  readonly #socket: ByteSink;
  readonly #keys = new Uint32Array(2_048);
  #keyIndex = 2_048;
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;

  constructor(role: Role, socket: ByteSink) {
    this.#isMasked = role === 'client';
    this.#socket = socket;
  }

  send(payload: string | Buffer): void {
    const opcode = typeof payload === 'string' ? OPCODE.text : OPCODE.binary;
    const maskingKey = this.#isMasked ? this.#nextKey() : undefined;
    if (typeof payload !== 'string' && payload.length > COPY_UP_TO && maskingKey === undefined) {
      this.#sendUncopied(opcode, payload);
      return;
    }
    const room = maxEncodedFrameLength(payload, this.#isMasked);
    if (room > SLAB_BYTES) {
      this.flush();
      const frame = Buffer.allocUnsafeSlow(room);
      const length = encodeFrameInto(frame, 0, opcode, true, 0, payload, maskingKey);
      this.#socket.write(frame.subarray(0, length));
      return;
    }
    if (this.#used + room > SLAB_BYTES) this.flush();
    this.#used += encodeFrameInto(this.#slab, this.#used, opcode, true, 0, payload, maskingKey);
  }

  /** A socket that has taken all bytes at once lets the slab be used again. */
  flush(): void {
    if (this.#used === 0) return;
    this.#socket.write(this.#slab.subarray(0, this.#used));
    this.#used = 0;
  }

  #sendUncopied(opcode: number, payload: Buffer): void {
    if (this.#used + 10 > SLAB_BYTES) this.flush();
    this.#used += writeFrameHeader(
      this.#slab,
      this.#used,
      opcode,
      true,
      0,
      payload.length,
      undefined,
    );
    this.flush();
    this.#socket.write(payload);
  }

  #nextKey(): number {
    if (this.#keyIndex === this.#keys.length) {
      randomFillSync(this.#keys);
      this.#keyIndex = 0;
    }
    const key = this.#keys[this.#keyIndex]!;
    this.#keyIndex += 1;
    return key;
  }
}
