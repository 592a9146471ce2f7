/**
 * The frame reader [RFC 6455 §5] in both roles, with random limits, against a literal reading.
 *
 * Invariants, for any bytes, cut anywhere, paused anywhere:
 * - the reader reports what a literal reading of the whole input finds: the same headers, payload
 *   bytes, ends, and at last the same broken rule, and nothing after it;
 * - nothing is delivered while it is paused;
 * - `onlyAscii` is never said of bytes that are not ASCII;
 * - control payloads come in one piece, and no piece is empty;
 * - the input is not changed unless the reader was told that it may, and never once it has returned
 *   unless the input was given away;
 * - what is given for keeps stays as it is;
 * - nothing waits for the end of a pause when it is not paused, nor behind the end of the reading;
 * - it is inside a message exactly when the last one that began has not ended;
 * - it never throws.
 */
import type { ProtocolError } from 'barewire/base';
import {
  encodeFrame,
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
  /** Ranges that were given for keeps, and copies of them. */
  readonly #kept: [bytes: Buffer, copy: Buffer][] = [];
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

  payload(bytes: Buffer, start: number, end: number, onlyAscii: boolean, keeps: boolean): void {
    this.#begin();
    const piece = Buffer.from(bytes.subarray(start, end));
    expectLaw(end > start && end <= bytes.length, 'no piece is empty');
    expectLaw(!onlyAscii || piece.every((byte) => byte < 0x80), 'onlyAscii is true');
    expectLaw(!this.#isControl || this.#payload.length === 0, 'control payloads come in one piece');
    this.#payload.push(piece);
    if (keeps) this.#kept.push([bytes.subarray(start, end), piece]);
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

  /** To be called at last. */
  checkKept(): void {
    if (this.#kept.length === 0) return;
    new FrameReader(new Recorder(new Stutter(0)), { role: 'server' }).receive(OVERWRITING);
    const isKept = this.#kept.every(([bytes, copy]) => bytes.equals(copy));
    expectLaw(isKept, 'what is given for keeps stays as it is');
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
const OWNERS = [{}, { ownsInput: true }, { givesInput: true }];
/** How many bytes are put into an input: mostly none, and enough to be given for keeps. */
const STUFFINGS = [0, 0, 0, 0, 0, 0, 1024, 1500];
const STUFFING = Buffer.alloc(2048, 'stuffing');

/** The longest input, and all that is put into it. */
const MOST_BYTES = 400 + 1500;
const REUSED = Buffer.alloc(MOST_BYTES, 0x5a);
/** Longer than anything that was read before it, where readers share memory. */
const OVERWRITING = encodeFrame({
  opcode: 2,
  payload: Buffer.alloc(MOST_BYTES, 0xe7),
  maskingKey: 0x01020304,
});

interface Feed {
  readonly cuts: number[];
  readonly pattern: number;
  /** Index of the chunk behind which the reading is stopped, if there are so many. */
  readonly last: number;
}

function read(input: Uint8Array, options: FrameReaderOptions, { cuts, pattern, last }: Feed) {
  const stutter = new Stutter(pattern);
  const recorder = new Recorder(stutter);
  const reader = new FrameReader(recorder, options);
  stutter.attach(reader);
  const isOurs = options.givesInput !== true;
  for (const [index, chunk] of cutAt(input, cuts).entries()) {
    const given = Buffer.from(chunk);
    reader.receive(given);
    if (isOurs) {
      expectLaw(options.ownsInput === true || given.equals(chunk), 'the input is not changed');
      given.fill(0x5a);
    }
    if (index === last) reader.stop();
    stutter.settle();
    if (isOurs) expectLaw(given.equals(REUSED.subarray(0, given.length)), 'nor afterwards');
    expectLaw(reader.waitingBytes === 0, 'nothing waits when it is not paused');
  }
  recorder.flush();
  recorder.checkKept();
  const { isInsideMessage } = reader;
  return { lines: recorder.lines, isInsideMessage, hasStopped: reader.state === 'stopped' };
}

/** By the headers alone: a message is open behind a data frame that is not its last. */
const isMessageOpen = (lines: readonly string[]): boolean =>
  lines.findLast((line) => /^frame \w+ \d [0-7] /.test(line))?.startsWith('frame false') === true;

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const options: FrameReaderOptions = {
    role: choices.flag() ? 'client' : 'server',
    maxFrameBytes: choices.pick(LIMITS),
    allowRsv1: choices.flag(),
    ...choices.pick(OWNERS),
  };
  const pattern = choices.byte();
  const last = choices.below(16) - 1;
  const [count, at] = [choices.pick(STUFFINGS), choices.byte()];
  const cuts = choices.cuts(6);
  const stuffed = stuff(choices.rest, at, count);
  const expected = readFramesLiterally(stuffed, options).join('\n');
  for (const feed of [
    { cuts: [], pattern: 0, last: -1 },
    { cuts, pattern, last },
  ]) {
    const { lines, isInsideMessage, hasStopped } = read(stuffed, options, feed);
    const text = lines.join('\n');
    expectLaw(
      hasStopped ? expected.startsWith(text) : text === expected,
      'agrees with a literal reading',
      () => JSON.stringify({ lines, expected }),
    );
    expectLaw(isInsideMessage === isMessageOpen(lines), 'knows whether it is inside a message');
  }
}

/** Puts more bytes into an input than a fuzzer would write. */
function stuff(input: Uint8Array, at: number, count: number): Uint8Array {
  if (count === 0) return input;
  return Buffer.concat([input.subarray(0, at), STUFFING.subarray(0, count), input.subarray(at)]);
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Frames, both roles. */
export const target: FuzzTarget = {
  name: 'frame-reader',
  subjects: ['codec/frame-reader', 'codec/frame-parser', 'codec/frame-rules', 'codec/frame-header'],
  // Frames, and what is chosen: no cut, at, stuffing, last; pattern, owner, RSV1, limit, role.
  seeds: [
    hex('81 85 37fa213d 7f9f4d5158 00000000 0000000000'),
    hex('01 83 00000000 48656c 80 82 01020304 6d6d 00000000 0000000000'),
    hex('89 80 00000000 8a 81 11223344 50 00000000 0000000000'),
    hex('88 82 00000000 03e8 00000000 0000000000'),
    hex('c1 07 f248cdc9c90700 82 fe 0080 00000001 00000000 0000010001'),
    hex('82 7e 0100 00 01 00000000 0000000001'),
    hex('82 ff 0000000000010000 00000000 00000000 0000000000'),
    hex('82 7e 0400 81 03 616263 00040600 0002000001'),
    hex('82 fe 0400 37fa213d 89 80 00000000 00080600 0002000000'),
  ],
  maxLength: 400,
  run,
};
