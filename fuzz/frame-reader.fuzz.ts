/**
 * The frame reader [RFC 6455 §5] in both roles, with random limits, against a literal reading.
 *
 * Invariants, for any bytes, cut anywhere, paused anywhere:
 * - the reader reports what a literal reading of the whole input finds: the same headers, payload
 *   bytes, ends, and at last the same broken rule, and nothing after it;
 * - nothing is delivered while it is paused;
 * - `onlyAscii` is never said of bytes that are not ASCII;
 * - control payloads come in one piece, and no piece is empty;
 * - the input is not changed unless it was given away;
 * - nothing waits for the end of a pause when it is not paused;
 * - it never throws.
 */
import type { ProtocolError } from 'barewire/base';
import {
  type FrameHeader,
  FrameReader,
  type FrameReaderOptions,
  type FrameSink,
} from 'barewire/codec';
import { cutAt } from '../spec/support/feeding.ts';
import { Choices } from './engine/choices.ts';
import { Stutter } from './engine/stutter.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import { readFramesLiterally } from './oracles/frames.ts';

/** Writes down what a reader reports: one line an event, payload pieces joined. */
class Recorder implements FrameSink {
  readonly lines: string[] = [];
  readonly #stutter: Stutter;
  #payload: Buffer[] = [];
  #isControl = false;
  #hasFailed = false;

  constructor(stutter: Stutter) {
    this.#stutter = stutter;
  }

  frame(header: FrameHeader): void {
    this.#begin();
    this.#isControl = header.opcode >= 8;
    const { fin, rsv, opcode, masked, maskingKey, payloadLength, headerLength } = header;
    this.lines.push(
      `frame ${fin} ${rsv} ${opcode} ${masked} ${maskingKey} ${payloadLength} ${headerLength}`,
    );
  }

  payload(bytes: Buffer, start: number, end: number, onlyAscii: boolean): void {
    this.#begin();
    const piece = Buffer.from(bytes.subarray(start, end));
    expectLaw(end > start && end <= bytes.length, 'no piece is empty');
    expectLaw(!onlyAscii || piece.every((byte) => byte < 0x80), 'onlyAscii is true');
    expectLaw(!this.#isControl || this.#payload.length === 0, 'control payloads come in one piece');
    this.#payload.push(piece);
  }

  frameEnd(): void {
    this.#begin();
    this.flush();
    this.lines.push('end');
  }

  failed(error: ProtocolError): void {
    expectLaw(!this.#hasFailed, 'fails once');
    this.#hasFailed = true;
    this.flush();
    this.lines.push(`failed ${error.code}`);
  }

  flush(): void {
    if (this.#payload.length > 0) this.lines.push(Buffer.concat(this.#payload).toString('hex'));
    this.#payload = [];
  }

  #begin(): void {
    expectLaw(!this.#hasFailed, 'is inert after a failure');
    this.#stutter.step();
  }
}

const LIMITS = [undefined, 0, 1, 125, 126, 1000, 65_535, 65_536, 2 ** 32, Number.POSITIVE_INFINITY];

function read(
  input: Uint8Array,
  options: FrameReaderOptions,
  cuts: number[],
  pattern: number,
): string[] {
  const stutter = new Stutter(pattern);
  const recorder = new Recorder(stutter);
  const reader = new FrameReader(recorder, options);
  stutter.attach(reader);
  for (const chunk of cutAt(input, cuts)) {
    const given = Buffer.from(chunk);
    reader.receive(given);
    stutter.settle();
    expectLaw(options.ownsInput === true || given.equals(chunk), 'the input is not changed');
    expectLaw(reader.waitingBytes === 0, 'nothing waits when it is not paused');
  }
  recorder.flush();
  return recorder.lines;
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const options: FrameReaderOptions = {
    role: choices.flag() ? 'client' : 'server',
    maxFrameBytes: choices.pick(LIMITS),
    allowRsv1: choices.flag(),
    ownsInput: choices.flag(),
  };
  const pattern = choices.byte();
  const cuts = choices.cuts(6);
  const expected = readFramesLiterally(choices.rest, options);
  for (const lines of [
    read(choices.rest, options, [], 0),
    read(choices.rest, options, cuts, pattern),
  ]) {
    expectLaw(lines.join('\n') === expected.join('\n'), 'agrees with a literal reading', () =>
      JSON.stringify({ lines, expected }),
    );
  }
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Frames, both roles. */
export const target: FuzzTarget = {
  name: 'frame-reader',
  subjects: ['codec/frame-reader', 'codec/frame-parser', 'codec/frame-rules', 'codec/frame-header'],
  seeds: [
    hex('81 85 37fa213d 7f9f4d5158 0000000000'),
    hex('01 83 00000000 48656c 80 82 01020304 6d6d 0000000000'),
    hex('89 80 00000000 8a 81 11223344 50 0000000000'),
    hex('88 82 00000000 03e8 0000000000'),
    hex('c1 07 f248cdc9c90700 82 fe 0080 00000001 0000010100'),
    hex('82 7e 0100 00 01 0000'),
    hex('82 ff 0000000000010000 00000000 00000000'),
  ],
  maxLength: 400,
  run,
};
