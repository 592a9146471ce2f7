/** Compressed messages, and what an inflater makes of them: the same in both ways to drive zlib. */
import { constants, deflateRawSync } from 'node:zlib';
import type { InflateOptions } from '../../lib/deflate/message-format.ts';

/** Compresses a whole message by itself, and cuts the tail off [RFC 7692 §7.2.1]. */
export function packed(message: Buffer): Buffer {
  const bytes = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH });
  return bytes.subarray(0, bytes.length - 4);
}

/** Messages that one inflater reads one after the other. */
export interface InflateCase {
  readonly title: string;
  readonly messages: readonly Buffer[];
  /** For each message its text, or the code of the failure, behind which nothing comes. */
  readonly outcomes: readonly string[];
  readonly options?: Partial<InflateOptions>;
  readonly maxBytes?: number;
}

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'hex');
const HELLO = 'f248cdc9c90700';
/** The same in a final block. */
const FINAL_HELLO = 'f348cdc9c90700';
/** "Hello" as a look back at the five bytes before. */
const AGAIN = 'f200110000';
const INVALID = 'deflate-data-invalid';
const EQUAL = Buffer.alloc(65_536, 'a');
/** More than is done on the spot. */
const LARGE = Buffer.alloc(400_000, 'a');
/** A bomb of less than is free of any ratio, in a final block. */
const FINAL_BOMB = deflateRawSync(Buffer.alloc(50_000, 'a'));
/** Text that does not become smaller: 50 KB on the wire. */
const PLAIN = Buffer.alloc(50_000, 'b');
const STORED = Buffer.concat([deflateRawSync(PLAIN, { level: 0 }), Buffer.of(0)]);
const LARGE_RATIO = Math.ceil(LARGE.length / packed(LARGE).length);

/**
 * A final block with so many bytes of text, and behind it the first 40 of them again, as a look
 * back over all of them.
 */
function repeated(length: number): { message: Buffer; text: string } {
  let drawn = 1;
  const text = Array.from({ length }, () => {
    drawn = (Math.imul(drawn, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(33 + (drawn >>> 26));
  });
  const dictionary = Buffer.from(text.join(''));
  const again = dictionary.subarray(0, 40);
  const finishFlush = constants.Z_SYNC_FLUSH;
  const back = deflateRawSync(again, { dictionary, finishFlush });
  const message = Buffer.concat([deflateRawSync(dictionary), back.subarray(0, -4)]);
  return { message, text: `${dictionary}${again}` };
}
const NEAR = repeated(500);
const FAR = repeated(600);

/** What a message may look like [RFC 7692 §7.2.3], and what it may not. */
export const INFLATE_CASES: readonly InflateCase[] = [
  { title: 'one block', messages: [hex(HELLO)], outcomes: ['Hello'] },
  { title: 'an empty message', messages: [hex('00'), hex('00')], outcomes: ['', ''] },
  { title: 'two blocks', messages: [hex('f248050000', '00ffffcac9c90700')], outcomes: ['Hello'] },
  { title: 'a final block', messages: [hex(FINAL_HELLO, '00')], outcomes: ['Hello'] },
  { title: 'a final block with nothing behind', messages: [hex(FINAL_HELLO)], outcomes: ['Hello'] },
  {
    title: 'blocks behind a final one, that look back',
    messages: [hex(FINAL_HELLO, FINAL_HELLO, AGAIN)],
    outcomes: ['HelloHelloHello'],
  },
  {
    title: 'a look back behind a final block, within the window',
    messages: [NEAR.message],
    outcomes: [NEAR.text],
    options: { windowBits: 9 },
  },
  {
    title: 'a look back behind a final block, farther than the window',
    messages: [FAR.message],
    outcomes: [INVALID],
    options: { windowBits: 9 },
  },
  {
    title: 'as many final blocks as there may be',
    messages: [hex('0300'.repeat(256), HELLO)],
    outcomes: ['Hello'],
  },
  {
    title: 'one final block more',
    messages: [hex('0300'.repeat(257), HELLO)],
    outcomes: [INVALID],
  },
  {
    title: 'a look back at the message before',
    messages: [hex(HELLO), hex(AGAIN), hex(AGAIN)],
    outcomes: ['Hello', 'Hello', 'Hello'],
  },
  {
    title: 'a look back that was not agreed upon',
    messages: [hex(HELLO), hex(AGAIN)],
    outcomes: ['Hello', INVALID],
    options: { keepsContext: false },
  },
  { title: 'a look back at nothing', messages: [hex(AGAIN), hex(HELLO)], outcomes: [INVALID] },
  { title: 'no block', messages: [hex('ff'), hex(HELLO)], outcomes: [INVALID] },
  { title: 'a final block that ends in what we add', messages: [hex('03')], outcomes: [INVALID] },
  { title: 'a block that lacks 8 bytes', messages: [hex('000900f6ff41')], outcomes: [INVALID] },
  { title: 'a block that lacks 9 bytes', messages: [hex('000a00f5ff41')], outcomes: [INVALID] },
  {
    title: 'half a header, which swallows the trailer',
    messages: [hex('0500')],
    outcomes: [INVALID],
  },
  {
    title: 'garbage behind a final block',
    messages: [hex(FINAL_HELLO, 'ff')],
    outcomes: [INVALID],
  },
  { title: 'all the room there is', messages: [hex(HELLO)], outcomes: ['Hello'], maxBytes: 5 },
  {
    title: 'a byte more than the room',
    messages: [hex(HELLO), hex(HELLO)],
    outcomes: ['message-too-large'],
    maxBytes: 4,
  },
  { title: 'nothing in no room', messages: [hex('00')], outcomes: [''], maxBytes: 0 },
  {
    title: 'one byte in no room',
    messages: [packed(Buffer.from('a'))],
    outcomes: ['message-too-large'],
    maxBytes: 0,
  },
  {
    title: 'as much as is free of any ratio',
    messages: [packed(EQUAL)],
    outcomes: [EQUAL.toString()],
    options: { maxInflateRatio: 1 },
  },
  {
    title: 'a byte more than the ratio allows',
    messages: [packed(Buffer.from(`${EQUAL}a`))],
    outcomes: ['deflate-ratio-exceeded'],
    options: { maxInflateRatio: 1 },
  },
  {
    title: 'less than the ratio allows, and more than the room',
    messages: [packed(EQUAL)],
    outcomes: ['message-too-large'],
    maxBytes: 65_535,
  },
  {
    title: 'all the room for a large one, at the highest ratio that is allowed',
    messages: [packed(LARGE)],
    outcomes: [LARGE.toString()],
    options: { maxInflateRatio: LARGE_RATIO },
    maxBytes: LARGE.length,
  },
  {
    title: 'a byte more than the room for a large one',
    messages: [packed(LARGE)],
    outcomes: ['message-too-large'],
    maxBytes: LARGE.length - 1,
  },
  {
    title: 'a large one at a ratio that is too high',
    messages: [packed(LARGE)],
    outcomes: ['deflate-ratio-exceeded'],
    options: { maxInflateRatio: LARGE_RATIO - 1 },
  },
  {
    title: 'a bomb in several final blocks, each below the ratio',
    messages: [Buffer.concat([FINAL_BOMB, FINAL_BOMB, Buffer.of(0)])],
    outcomes: ['deflate-ratio-exceeded'],
    options: { maxInflateRatio: 100 },
  },
  {
    title: 'messages whose ratios are their own: what one leaves is no room for the next',
    messages: [STORED, STORED, packed(LARGE)],
    outcomes: [PLAIN.toString(), PLAIN.toString(), 'deflate-ratio-exceeded'],
    options: { maxInflateRatio: 100 },
  },
  {
    title: 'short messages that say more together than the ratio allows one of them',
    messages: [FINAL_BOMB, FINAL_BOMB],
    outcomes: ['a'.repeat(50_000), 'a'.repeat(50_000)],
    options: { maxInflateRatio: 100 },
  },
  {
    title: 'as many final blocks as there may be in each of two messages',
    messages: [hex('0300'.repeat(256), HELLO), hex('0300'.repeat(256), HELLO)],
    outcomes: ['Hello', 'Hello'],
  },
  {
    title: 'a byte more than the room, which is all that the ratio allows',
    messages: [packed(Buffer.from(`${EQUAL}a`))],
    outcomes: ['message-too-large'],
    options: { maxInflateRatio: 1 },
    maxBytes: 65_536,
  },
];
