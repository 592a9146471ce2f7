/**
 * A frame taken apart, field by field, with the rule that it breaks [RFC 6455 §5.2].
 *
 * ```
 * 81 8d 37fa213d …   ▶   FIN 1 │ RSV 000 │ opcode 1 text │ MASK 1 │ length 13 │ key │ payload
 * ```
 */

import { VIOLATIONS } from 'barewire/base';
import {
  type FrameRules,
  judgeFrameHeader,
  MAX_CONTROL_PAYLOAD,
  maskInto,
  OPCODE,
} from 'barewire/codec';
import type { CaseResult } from '../result.ts';
import type { LogEntry } from '../wire-log.ts';

/** A frame in the log. */
export type FrameEntry = Extract<LogEntry, { kind: 'frame' }>;

/** One field of a frame. */
export interface FrameField {
  readonly name: string;
  /** As it stands on the wire: bits or hexadecimal octets. */
  readonly wire: string;
  readonly meaning: string;
  /** This field is what breaks the rule. */
  readonly isBad: boolean;
}

/** A frame taken apart. */
export interface DissectedFrame {
  readonly entry: FrameEntry;
  readonly title: string;
  readonly fields: readonly FrameField[];
  /** The rule that the frame breaks, with its section. */
  readonly broken: string | undefined;
}

const OPCODE_NAMES = new Map<number, string>(
  Object.entries(OPCODE).map(([name, opcode]) => [opcode, name]),
);

/** The field that a broken rule is about. */
const GUILTY: Readonly<Record<string, string>> = {
  'reserved-opcode': 'opcode',
  'reserved-bit': 'RSV 1 2 3',
  'frame-masked': 'MASK',
  'frame-not-masked': 'MASK',
  'control-frame-fragmented': 'FIN',
  'control-frame-too-long': 'length',
  'continuation-without-start': 'opcode',
  'message-not-finished': 'opcode',
  'length-not-minimal': 'length',
  'length-top-bit': 'length',
};

/**
 * Makes a function that takes the frames of one case apart, in order: whether a frame may come
 * depends on the ones before it.
 */
export function createDissector(result: CaseResult): (entry: FrameEntry) => DissectedFrame {
  const allowRsv1 = /^sec-websocket-extensions:\s*permessage-deflate/im.test(result.httpResponse);
  const rulesOf = (role: FrameRules['role']): FrameRules => ({
    role,
    allowRsv1,
    maxFrameBytes: Number.MAX_SAFE_INTEGER,
  });
  const fuzzer = result.isServer ? 'server' : 'client';
  const testee = result.isServer ? 'client' : 'server';
  // What goes out is judged as the testee must judge it.
  const ways = {
    out: { rules: rulesOf(testee), isUnfinished: false },
    in: { rules: rulesOf(fuzzer), isUnfinished: false },
  };
  return (entry) => {
    const way = entry.isOut ? ways.out : ways.in;
    const { header } = entry;
    const broken = judgeFrameHeader(header, way.rules, way.isUnfinished);
    if (header.opcode < 8) way.isUnfinished = !header.fin;
    return {
      entry,
      title: frameTitle(entry),
      fields: frameFields(entry, broken === undefined ? undefined : GUILTY[broken]),
      broken: broken && `${broken} [${VIOLATIONS[broken].source}]`,
    };
  };
}

function frameTitle({ header }: FrameEntry): string {
  const name = OPCODE_NAMES.get(header.opcode) ?? `opcode ${header.opcode}`;
  const isPart = header.opcode < 8 && !header.fin;
  return `${name}${isPart ? ', more to come' : ''}`;
}

function frameFields({ header, preview, previewOf }: FrameEntry, guilty?: string): FrameField[] {
  const { fin, rsv, opcode, masked, maskingKey, payloadLength, headerLength } = header;
  const lengthBytes = headerLength - (masked ? 6 : 2);
  const code = lengthBytes === 0 ? payloadLength : lengthBytes === 2 ? 126 : 127;
  const fields: Omit<FrameField, 'isBad'>[] = [
    { name: 'FIN', wire: fin ? '1' : '0', meaning: fin ? 'last frame' : 'more follow' },
    { name: 'RSV 1 2 3', wire: bits(rsv, 3), meaning: rsvMeaning(rsv) },
    { name: 'opcode', wire: bits(opcode, 4), meaning: OPCODE_NAMES.get(opcode) ?? 'reserved' },
    { name: 'MASK', wire: masked ? '1' : '0', meaning: masked ? 'masked' : 'not masked' },
    {
      name: 'length',
      wire: bits(code & 0x7f, 7),
      meaning:
        lengthBytes === 0 ? lengthMeaning(payloadLength, opcode) : `${lengthBytes * 8} bits follow`,
    },
  ];
  if (lengthBytes > 0) {
    const meaning = lengthMeaning(payloadLength, opcode);
    fields.push({ name: 'extended length', wire: hexNumber(payloadLength, lengthBytes), meaning });
  }
  if (masked)
    fields.push({ name: 'masking key', wire: hexNumber(maskingKey, 4), meaning: '4 octets' });
  if (previewOf > 0) fields.push(payloadField(preview, previewOf, header));
  return fields.map((field) => ({ ...field, isBad: field.name === guilty }));
}

function payloadField(
  preview: Buffer,
  length: number,
  { masked, maskingKey }: FrameEntry['header'],
): Omit<FrameField, 'isBad'> {
  const shown = preview.subarray(0, 12);
  const wire = Buffer.from(shown);
  if (masked) maskInto(shown, 0, shown.length, wire, 0, maskingKey, 0);
  const more = length > shown.length ? ' …' : '';
  const meaning = masked ? `${length} octets, masked` : `${length} octets`;
  return { name: 'payload', wire: `${spaced(wire)}${more}`, meaning };
}

const bits = (value: number, width: number): string => value.toString(2).padStart(width, '0');

const spaced = (octets: Buffer): string => octets.toString('hex').replace(/(..)(?=.)/g, '$1 ');

function hexNumber(value: number, octets: number): string {
  if (!Number.isFinite(value)) return 'ff … (top bit set)';
  return BigInt(value)
    .toString(16)
    .padStart(octets * 2, '0')
    .replace(/(..)(?=.)/g, '$1 ');
}

function rsvMeaning(rsv: number): string {
  if (rsv === 0) return 'none';
  return rsv === 4 ? 'compressed' : 'reserved';
}

function lengthMeaning(length: number, opcode: number): string {
  const isTooLong = opcode >= 8 && length > MAX_CONTROL_PAYLOAD;
  return isTooLong ? `${length}: more than ${MAX_CONTROL_PAYLOAD}` : `${length} octets`;
}
