/**
 * An echo load that costs its generator little: frames masked beforehand, answers counted by bytes.
 *
 * It checks that the right number of bytes came back, not one more or less, and, once per
 * connection, that the first answer is what it should be; the interop specs check the rest. Answers
 * whose length is not known beforehand, because they are compressed, are counted as frames.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { jsonRecords } from '../support/texts.ts';
import { FrameCounter } from './frame-counter.ts';
import type { RawClient } from './raw-client.ts';

const KEY = 0x5a17c3e9;

/** What an echo load looks like. */
export interface EchoLoad {
  readonly payloadBytes: number;
  readonly connections: number;
  /** Messages on their way per connection; sent in one write, awaited together. */
  readonly inFlight: number;
  /** Messages in all, rounded up to whole rounds. */
  readonly messages: number;
  readonly kind: 'text' | 'binary';
  /** The server sends the bytes back as they came, masked: the floor. */
  readonly isUnframed?: boolean;
  /** Messages are JSON, compressed, and so must be the answers. */
  readonly deflate?: boolean;
}

/** Counts answers. */
interface Counter {
  /** Takes the next bytes and returns how many answers they have completed. */
  push(bytes: Buffer): number;
  /** Whether no part of another answer has come. */
  readonly isBetween: boolean;
}

/** The bytes of one message, how to count its answers, and what the first of them must be. */
interface Exchange {
  readonly frame: Buffer;
  readonly makeCounter: () => Counter;
  readonly isExpected: (first: Buffer, isFirstEver: boolean) => boolean;
}

/** What came back: messages, and their bytes with all framing. */
export interface EchoTally {
  readonly messages: number;
  readonly bytes: number;
}

/** Runs an echo load over open connections; resolves when every message has come back. */
export function runEcho(clients: readonly RawClient[], load: EchoLoad): Promise<EchoTally> {
  const { frame, makeCounter, isExpected } = load.deflate ? packedExchange(load) : exchange(load);
  const burst = Buffer.concat(Array.from({ length: load.inFlight }, () => frame));
  const rounds = Math.ceil(load.messages / (load.connections * load.inFlight));
  return new Promise((resolve, reject) => {
    let running = clients.length;
    let received = 0;
    const end = (client: RawClient): void => {
      client.onData = ({ length }) => {
        client.surplus += length;
        reject(new Error('more came back than was sent'));
      };
      running -= 1;
      const messages = rounds * load.inFlight * clients.length;
      if (running === 0) resolve({ messages, bytes: received });
    };
    for (const client of clients) {
      const counter = makeCounter();
      let answers = 0;
      let round = 0;
      let isFirst = true;
      client.socket.once('close', () => reject(new Error('cut while echoing')));
      client.onData = (bytes) => {
        if (isFirst && !isExpected(bytes, !client.hasTalked)) {
          reject(new Error(`wrong echo: ${bytes.subarray(0, 20).toString('hex')}`));
        }
        isFirst = false;
        client.hasTalked = true;
        received += bytes.length;
        answers += counter.push(bytes);
        if (answers < load.inFlight) return;
        if (answers > load.inFlight || !counter.isBetween) {
          reject(new Error('more came back than was sent'));
        }
        answers = 0;
        round += 1;
        if (round < rounds) client.socket.write(burst);
        else end(client);
      };
      client.socket.write(burst);
    }
  });
}

/** Counts answers of a known length by their bytes. */
class ByteCounter implements Counter {
  readonly #length: number;
  #received = 0;

  constructor(length: number) {
    this.#length = length;
  }

  push(bytes: Buffer): number {
    this.#received += bytes.length;
    if (this.#received < this.#length) return 0;
    const whole = Math.floor(this.#received / this.#length);
    this.#received -= whole * this.#length;
    return whole;
  }

  get isBetween(): boolean {
    return this.#received === 0;
  }
}

/** Answers of a known length: bytes are counted. */
function exchange({ payloadBytes, kind, isUnframed = false }: EchoLoad): Exchange {
  const payload = Buffer.alloc(payloadBytes, 'abcdefghijklmnopqrstuvwxyz');
  const frame = encodeFrame({ opcode: OPCODE[kind], payload, maskingKey: KEY });
  const answer = isUnframed ? frame : encodeFrame({ opcode: OPCODE[kind], payload });
  const makeCounter = () => new ByteCounter(answer.length);
  const isExpected = (first: Buffer): boolean => {
    const length = Math.min(first.length, answer.length);
    return first.subarray(0, length).equals(answer.subarray(0, length));
  };
  return { frame, makeCounter, isExpected };
}

/** Compressed without any context, so that the same frame may be sent again and again. */
function packedExchange({ payloadBytes, kind }: EchoLoad): Exchange {
  const text = jsonRecords(payloadBytes, 1);
  // The smallest window that a contender asks for: none must get other bytes than the others.
  const options = { finishFlush: constants.Z_SYNC_FLUSH, windowBits: 13 };
  const packed = deflateRawSync(text, options).subarray(0, -4);
  const frame = encodeFrame({ opcode: OPCODE[kind], rsv: 4, payload: packed, maskingKey: KEY });
  const isExpected = (first: Buffer, isFirstEver: boolean): boolean => {
    // RSV1 set, and not masked.
    if (first[0] !== (0xc0 | OPCODE[kind]) || first[1]! > 0x7f) return false;
    const start = first[1]! < 126 ? 2 : 4;
    const length = start === 2 ? first[1]! : first.readUInt16BE(2);
    if (!isFirstEver || first.length < start + length) return true;
    const body = Buffer.concat([first.subarray(start, start + length), TAIL]);
    return inflateRawSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).equals(text);
  };
  const makeCounter = () => new FrameCounter();
  return { frame, makeCounter, isExpected };
}

/** What senders cut off [RFC 7692 §7.2.1]. */
const TAIL = Buffer.from('0000ffff', 'hex');
