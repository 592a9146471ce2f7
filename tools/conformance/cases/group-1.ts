/**
 * Group 1, framing: one message in one frame, at every length where the header changes its shape.
 *
 * ```
 * length 0 – 125      7 bits in the second octet
 * 126 – 65535         126 there, then 16 bits
 * 65536 and more      127 there, then 64 bits          [RFC 6455 §5.2]
 * ```
 * The lengths sit on both sides of each border, where off-by-one errors live.
 */
import type { Case, Chapter, Group } from '../model.ts';
import { binary, CLOSES_NORMALLY, gotBinary, gotText, killAfter, repeat, text } from '../script.ts';

/** Length in octets; octets a write when the frame goes out in pieces. */
const SIZES: readonly (readonly [length: number, chop?: number])[] = [
  [0],
  [125],
  [126],
  [127],
  [128],
  [65_535],
  [65_536],
  [65_536, 997],
];

function echoCase(chapter: string, index: number, type: 'text' | 'binary'): Case {
  const [length, chop] = SIZES[index]!;
  const payload = repeat(type === 'text' ? '*' : Buffer.of(0xfe), length);
  const send = type === 'text' ? text : binary;
  const got = type === 'text' ? gotText : gotBinary;
  const inPieces = chop === undefined ? '' : `, written ${chop} octets at a time`;
  return {
    id: `${chapter}.${index + 1}`,
    description: `A ${type} message of ${length} octets in one frame${inPieces}.`,
    expectation: 'The same message comes back, in type and in every octet.',
    script: [send(payload, { chop }), killAfter(length <= 128 ? 1 : 10)],
    expected: { OK: [got(payload)] },
    close: CLOSES_NORMALLY,
  };
}

const chapter = (id: string, title: string, type: 'text' | 'binary'): Chapter => ({
  id,
  title,
  source: 'RFC 6455 §5.2',
  rule:
    'The length of a payload has three forms, and the shortest that fits is used. TCP knows ' +
    'nothing of frames: a frame may arrive in any number of reads, cut anywhere.',
  mistake:
    'Takes 126 for a length, reads the 16 bits in the wrong byte order, or believes that one ' +
    'read is one frame.',
  cases: SIZES.map((_, index) => echoCase(id, index, type)),
});

/** Framing. */
export const GROUP_1: Group = {
  id: '1',
  title: 'Framing',
  chapters: [chapter('1.1', 'Text messages', 'text'), chapter('1.2', 'Binary messages', 'binary')],
};
