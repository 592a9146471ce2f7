/** What is measured: kinds of messages, directions, roles; and the bytes that go with them. */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { formatBytes } from '../support/units.ts';
import type { Role } from './contender.ts';

/** One line of the table. */
export interface Workload {
  readonly direction: 'decode' | 'encode';
  /** Decoding as a server and encoding as a client are the masked directions. */
  readonly role: Role;
  readonly kind: 'text' | 'binary';
  /** Payload bytes of a message. */
  readonly size: number;
  /** Frames a message is cut into. */
  readonly fragments: number;
  /** ASCII only, or text in which every fourth character takes two bytes and every tenth three. */
  readonly script: 'ascii' | 'mixed';
}

/** Text, or bytes. */
export type Message = string | Buffer;

/** What a socket delivers at most in one read. */
const READ_BYTES = 65_536;

/** Bytes for one timed pass: enough for the clock, little enough for the caches of small frames. */
const PASS_BYTES = 262_144;
const MIN_MESSAGES = 8;
const MAX_MESSAGES = 4_096;

/** Tells whether the frames of a workload carry a mask. */
export function isMasked({ direction, role }: Workload): boolean {
  return (direction === 'decode') === (role === 'server');
}

/** Messages in one pass. */
export function messagesInPass({ size }: Workload): number {
  const fitting = Math.floor(PASS_BYTES / (size + 8));
  return Math.min(MAX_MESSAGES, Math.max(MIN_MESSAGES, fitting));
}

/** The message that is sent again and again. */
export function makeMessage({ kind, size, script }: Workload): Message {
  if (kind === 'binary') return Buffer.from(Uint8Array.from({ length: size }, (_, at) => at * 7));
  let text = '';
  for (let length = 0, at = 0; length < size; at += 1) {
    const wide = script === 'mixed' && size - length >= 3;
    const character =
      wide && at % 10 === 9 ? '語' : wide && at % 4 === 3 ? 'é' : 'abcdefgh'[at % 8];
    text += character;
    length += Buffer.byteLength(character!);
  }
  return text;
}

/** A message of the same length and kind that is like no other. */
export function variedMessage({ kind, size, script }: Workload, seed: number): Message {
  let state = Math.imul(seed + 1, 0x9e37_79b9);
  const next = (below: number): number => {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    return (state >>> 16) % below;
  };
  if (kind === 'binary') return Buffer.from(Uint8Array.from({ length: size }, () => next(256)));
  const parts = script === 'mixed' ? ['é', '語', '𝄞', 'abc'] : ['a', 'quick', 'fox '];
  let text = '';
  for (let length = 0; length < size; ) {
    const part = parts[next(parts.length)]!;
    const partLength = Buffer.byteLength(part);
    const isFitting = length + partLength <= size;
    text += isFitting ? part : 'z';
    length += isFitting ? partLength : 1;
  }
  return text;
}

/** Cuts a message into the payloads of its frames; text must be ASCII. */
export function cutMessage<Kind extends Message>(message: Kind, fragments: number): Kind[] {
  const length = Math.ceil(message.length / fragments) || 1;
  const cut = (start: number): Message =>
    typeof message === 'string'
      ? message.slice(start, start + length)
      : message.subarray(start, start + length);
  return Array.from({ length: fragments }, (_, index) => cut(index * length) as Kind);
}

/** The reads in which the messages of one pass arrive. */
export function makeReads(workload: Workload): Buffer[] {
  const payload = Buffer.from(makeMessage(workload) as string);
  const frames: Buffer[] = [];
  for (let count = messagesInPass(workload); count > 0; count -= 1) {
    frames.push(...makeFrames(workload, payload, count));
  }
  const all = Buffer.concat(frames);
  const reads: Buffer[] = [];
  for (let at = 0; at < all.length; at += READ_BYTES) {
    reads.push(Buffer.from(all.subarray(at, at + READ_BYTES)));
  }
  return reads;
}

/** The frames of one message; their masking keys depend on `seed`. */
export function makeFrames(workload: Workload, payload: Buffer, seed: number): Buffer[] {
  return cutMessage(payload, workload.fragments).map((piece, index, { length }) =>
    encodeFrame({
      opcode: index > 0 ? OPCODE.continuation : OPCODE[workload.kind],
      payload: piece,
      fin: index === length - 1,
      maskingKey: isMasked(workload) ? (seed * 0x9e37_79b9 + index) >>> 0 : undefined,
    }),
  );
}

const SIZES = [0, 20, 125, 126, 1_024, 16_384, 65_536, 1_048_576];
const QUICK_SIZES = [0, 20, 126, 1_024, 16_384, 1_048_576];
const MIXED_SIZES = [20, 126, 1_024, 65_536];
const FRAGMENTED: readonly (readonly [size: number, fragments: number])[] = [
  [1_024, 4],
  [65_536, 16],
  [1_048_576, 16],
];

/** Every line of the table: grouped by direction and role, by size within. */
export function listWorkloads(quick: boolean): Workload[] {
  const groups = [
    { direction: 'decode', role: 'server' },
    { direction: 'decode', role: 'client' },
    { direction: 'encode', role: 'client' },
    { direction: 'encode', role: 'server' },
  ] as const;
  return groups.flatMap((group) => listGroup(group, quick));
}

function listGroup(group: Pick<Workload, 'direction' | 'role'>, quick: boolean): Workload[] {
  const plain = { ...group, fragments: 1, script: 'ascii' } as const;
  const sizes = quick ? QUICK_SIZES : SIZES;
  const list: Workload[] = [
    ...sizes.map((size): Workload => ({ ...plain, kind: 'text', size })),
    ...sizes.map((size): Workload => ({ ...plain, kind: 'binary', size })),
    ...MIXED_SIZES.map((size): Workload => ({ ...plain, kind: 'text', size, script: 'mixed' })),
  ];
  const fragmented = FRAGMENTED.flatMap(([size, fragments]): Workload[] => [
    { ...plain, kind: 'text', size, fragments },
    { ...plain, kind: 'binary', size, fragments },
  ]);
  return [...list, ...fragmented];
}

/** Names a workload in one line of at most 36 characters. */
export function titleOf(workload: Workload): string {
  const { direction, kind, size, fragments, script } = workload;
  const mask = isMasked(workload) ? 'masked' : 'unmasked';
  const cut = fragments > 1 ? ` in ${fragments}` : '';
  const wide = script === 'mixed' ? ' UTF-8' : '';
  return `${direction} ${mask} ${kind}${wide} ${formatBytes(size)}${cut}`;
}

/**
 * Names a workload for good. `P4` are the messages of one frame and of ASCII or bytes, which have
 * goals by size; `P4x` are the others.
 */
export function idOf(workload: Workload): string {
  const { direction, kind, size, fragments, script } = workload;
  const mask = isMasked(workload) ? 'masked' : 'unmasked';
  const shape = fragments > 1 ? `in-${fragments} ` : script === 'mixed' ? 'utf-8 ' : '';
  const goal = shape === '' ? 'P4' : 'P4x';
  return `${goal} ${direction} ${mask} ${kind} ${shape}${size}`;
}
