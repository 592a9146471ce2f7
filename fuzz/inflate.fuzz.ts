/**
 * Compressed messages from a hostile peer [RFC 7692 §7.2.2], with all windows and limits, against
 * zlib itself, against a literal inflater, and, now and then, against the way through zlib's
 * documented functions.
 *
 * Invariants, for any bytes as messages in any pieces:
 * - a small job is done once, before the call returns; the input is not changed;
 * - what is accepted is what the literal inflater reads: blocks that end where the message ends;
 * - what is called invalid data, zlib or the literal inflater refuses as well; what is refused for
 *   its size is over that bound, or invalid;
 * - no more than the limit comes out, and no more than the ratio allows beyond the first 64 KiB;
 * - pieces do not matter, neither for the bytes nor for whether it fails; which of two faults is
 *   named may depend on them, because zlib does not say what came out before bad data;
 * - after a failure nothing is done any more;
 * - the documented functions give the same bytes, and refuse what the handle refuses.
 *
 * Accepted difference: *half a block that swallows the trailer* passes the documented functions,
 * where zlib itself accepts it.
 */
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { type DeflateParameters, MessageCodec } from 'barewire/deflate';
import { cutAt } from '../spec/support/feeding.ts';
import { type NaiveResult, naiveInflate } from '../spec/support/naive-inflate.ts';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';

interface Outcome {
  code: string | undefined;
  bytes: Buffer;
}

/** A stored block of one byte, but for its first bits. */
const MARK = Buffer.from([1, 0, 0xfe, 0xff, 0x5a]);
const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

/** Inflates a whole message through the documented functions. */
function inflateElsewhere(codec: MessageCodec, message: Buffer, most: number): Promise<Outcome> {
  return new Promise((resolve) => {
    codec.decompress(message, true, most, (error, bytes) => resolve({ code: error?.code, bytes }));
  });
}

/** Inflates one message in pieces. */
function inflate(codec: MessageCodec, pieces: readonly Buffer[], most: number): Outcome {
  const outcome: Outcome = { code: undefined, bytes: Buffer.alloc(0) };
  for (const [index, piece] of pieces.entries()) {
    const given = Buffer.from(piece);
    let calls = 0;
    const room = most - outcome.bytes.length;
    codec.decompress(given, index === pieces.length - 1, room, (error, bytes) => {
      calls += 1;
      outcome.code = error?.code;
      outcome.bytes = Buffer.concat([outcome.bytes, bytes]);
    });
    expectLaw(calls === 1, 'a small job is done once, at once', () => `${calls}`);
    expectLaw(given.equals(piece), 'the input is not changed');
    expectLaw(outcome.bytes.length <= most, 'no more than the limit comes out');
    if (outcome.code !== undefined) return outcome;
  }
  return outcome;
}

function tryLiterally(data: Buffer, history: Buffer): NaiveResult | undefined {
  try {
    return naiveInflate(data, history);
  } catch {
    return undefined;
  }
}

/**
 * What the literal inflater reads, or `undefined`: the message ends in the header of a stored
 * block, to which the four bytes put back are the length 0; or behind a final block.
 */
function readLiterally(message: Buffer, history: Buffer): Buffer | undefined {
  const empty = tryLiterally(Buffer.concat([message, TAIL]), history)?.output;
  // With another length a byte must come out, or the four bytes were not taken for a length.
  const marked = tryLiterally(Buffer.concat([message, MARK]), history)?.output;
  if (empty !== undefined && marked?.equals(Buffer.concat([empty, MARK.subarray(4)]))) return empty;
  const final = tryLiterally(message, history);
  return final?.blocks.at(-1)?.isFinal === true ? final.output : undefined;
}

/**
 * Lets zlib read the message, and go on behind each final block; there, and where the message
 * begins, it knows no more than the window that was agreed on.
 */
function isAcceptedByZlib(message: Buffer, history: Buffer, windowBits: number): boolean {
  const data = Buffer.concat([message, TAIL]);
  let seen = history;
  for (let at = 0; at < message.length; ) {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, info: true };
    const dictionary = seen.length > 0 ? { dictionary: seen.subarray(-(2 ** windowBits)) } : {};
    try {
      const result: unknown = inflateRawSync(data.subarray(at), { ...options, ...dictionary });
      const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
      seen = Buffer.concat([seen, buffer]);
      at += engine.bytesWritten;
    } catch {
      return false;
    }
  }
  return true;
}

function checkMessage(
  message: Buffer,
  history: Buffer,
  windowBits: number,
  { code, bytes }: Outcome,
  bounds: { readonly most: number; readonly ratio: number },
): void {
  if (code === undefined) {
    const literal = readLiterally(message, history);
    expectLaw(literal?.equals(bytes) === true, 'the literal inflater reads the same', () =>
      JSON.stringify({ bytes: bytes.toString('hex'), literal: literal?.toString('hex') }),
    );
  } else if (code === 'deflate-data-invalid') {
    const isFine =
      isAcceptedByZlib(message, history, windowBits) &&
      readLiterally(message, history) !== undefined;
    expectLaw(!isFine, 'refuses only what others refuse');
  } else {
    const bound = code === 'message-too-large' ? bounds.most : bounds.ratio;
    const literal = readLiterally(message, history);
    const isKnown = code === 'message-too-large' || code === 'deflate-ratio-exceeded';
    const isOver = literal === undefined || literal.length > bound;
    expectLaw(isKnown && isOver, 'refuses for its size what is over a bound', () => `${code}`);
  }
}

function isSameVerdict(whole: string | undefined, cut: string | undefined): boolean {
  const either = ['deflate-data-invalid', 'message-too-large', 'deflate-ratio-exceeded'];
  return whole === cut || (either.includes(`${whole}`) && either.includes(`${cut}`));
}

function checkDocumented(
  { code, bytes }: Outcome,
  documented: Outcome,
  isFineForZlib: () => boolean,
): void {
  const show = (): string => `${code} ${documented.code}`;
  if (code === undefined) {
    const isSame = documented.code === undefined && documented.bytes.equals(bytes);
    expectLaw(isSame, 'the documented functions give the same', show);
  } else if (documented.code === undefined) {
    const isSwallowed = code === 'deflate-data-invalid' && isFineForZlib();
    expectLaw(isSwallowed, 'the documented functions refuse it too', show);
  }
}

async function run(input: Uint8Array): Promise<void> {
  const choices = new Choices(input);
  const maxInflateRatio = choices.pick([undefined, 1, 20]);
  const isDocumented = choices.below(8) === 7;
  const parameters: DeflateParameters = {
    serverNoContextTakeover: choices.flag(),
    clientNoContextTakeover: choices.flag(),
    serverMaxWindowBits: 8 + choices.below(8),
    clientMaxWindowBits: 8 + choices.below(8),
  };
  const role = choices.flag() ? 'client' : 'server';
  const most = choices.pick([65_536, 0, 1, 10, 300, 100_000]);
  const isIdling = choices.flag();
  const ends = choices.cuts(2);
  const cuts = choices.cuts(4);
  const messages = cutAt(choices.rest, ends);
  const codec = new MessageCodec(role, parameters, { zlib: 'handle', maxInflateRatio });
  const other = new MessageCodec(role, parameters, { zlib: 'handle', maxInflateRatio });
  const third = new MessageCodec(role, parameters, { zlib: 'documented', maxInflateRatio });
  const bits = role === 'server' ? parameters.clientMaxWindowBits : parameters.serverMaxWindowBits;
  const forgets =
    role === 'server' ? parameters.clientNoContextTakeover : parameters.serverNoContextTakeover;
  let history = Buffer.alloc(0);
  for (const message of messages) {
    const whole = inflate(codec, [message], most);
    const cut = inflate(other, cutAt(message, cuts), most);
    const isSame = isSameVerdict(whole.code, cut.code);
    expectLaw(isSame, 'pieces do not matter', () => `${whole.code} ${cut.code}`);
    if (whole.code === undefined) expectLaw(whole.bytes.equals(cut.bytes), 'pieces do not matter');
    const factor = maxInflateRatio ?? Number.MAX_SAFE_INTEGER;
    const ratio = Math.max(64 * 1024, message.length * factor);
    checkMessage(message, history, bits, whole, { most, ratio });
    expectLaw(whole.bytes.length <= ratio, 'no more than the ratio allows');
    if (isDocumented) {
      const documented = await inflateElsewhere(third, message, most);
      const before = history;
      checkDocumented(whole, documented, () => isAcceptedByZlib(message, before, bits));
    }
    if (whole.code !== undefined) {
      codec.decompress(message, true, most, () => expectLaw(false, 'nothing after a failure'));
      break;
    }
    history = forgets ? history : Buffer.concat([history, whole.bytes]).subarray(-(2 ** bits));
    if (isIdling) other.releaseIdle();
  }
  codec.close();
  other.close();
  third.close();
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** 100,000 zeros, compressed; without the four bytes at the end. */
const BOMB = deflateRawSync(Buffer.alloc(100_000), {
  finishFlush: constants.Z_SYNC_FLUSH,
}).subarray(0, -4);

/** Inflating, differential. */
export const target: FuzzTarget = {
  name: 'inflate',
  subjects: ['deflate/message-inflater', 'deflate/one-shot', 'deflate/zlib-engine'],
  seeds: [
    hex('f248cdc9c90700 0000000000 00 00 07 07 00 00 00 00'),
    hex('000500faff48656c6c6f00 0000000000 07 07 00 00 00 00'),
    hex('f348cdc9c9070000 0000000000 07 07 00 00 00 00'),
    hex('f248050000 00c9c90700 0000000000 07 07 00 00 00 00'),
    hex('f248cdc9c90700 f200110000 07 01 00 00 00 07 07 00 00 00 00'),
    hex('ecc101010000008090feaf6e081003ff 00 00 00 00 07 07 00 00 00 00'),
    // The second looks back at the first, as agreed; and as not agreed.
    hex('f248cdc9c90700 f200110000 00 07 01 00 00 00 07 07 00 00 07 00'),
    hex('f248cdc9c90700 f200110000 00 07 01 00 00 00 07 07 01 00 07 00'),
    // The same through the documented functions, and a bomb.
    hex('f248cdc9c90700 0000000000 00 00 07 07 00 00 07 00'),
    Buffer.concat([BOMB, hex('00 00 00 05 00 07 07 00 00 07 01')]),
  ],
  maxLength: 300,
  run,
};
