/**
 * Beyond 4, text: failing fast at other places than the original looks.
 *
 * Failing at once is allowed, not asked for [RFC 6455 §8.1]; waiting for the end of the message is
 * therefore NON-STRICT, and echoing is FAILED.
 */
import type { Case, Group, Step } from '../../model.ts';
import {
  binary,
  CLOSES_NORMALLY,
  closeAfter,
  FAILS_WITH_1007,
  frame,
  frameHead,
  gotBinary,
  gotText,
  hex,
  killAfter,
  passed,
  piece,
  repeat,
  text,
  wait,
} from '../../script.ts';

/** The bad part, half a second, the rest. */
function failFast(
  id: string,
  description: string,
  bad: readonly Step[],
  rest: readonly Step[],
): Case {
  return {
    id,
    description,
    expectation: 'The testee fails the connection within half a second of the bad octet.',
    script: [...bad, wait(0.5, 'A'), ...rest, killAfter(1)],
    expected: { OK: [], 'NON-STRICT': [passed('A')] },
    close: FAILS_WITH_1007,
  };
}

const LONG = Buffer.alloc(70_000, 'a');

/** Text. */
export const BEYOND_4: Group = {
  id: 'b4',
  title: 'Beyond: text',
  chapters: [
    {
      id: 'b4.1',
      title: 'Failing fast',
      source: 'RFC 6455 §8.1',
      rule: 'An octet that cannot be right is known when it comes.',
      mistake: 'Keeps megabytes of a text that has been wrong from its first octet.',
      cases: [
        failFast(
          'b4.1.1',
          'The first octet of an unfinished message is FF.',
          [frame(1, hex('ff'), { fin: false })],
          [frame(0)],
        ),
        failFast(
          'b4.1.2',
          'A frame of 70000 octets, of which only the first, FE, comes at first.',
          [frameHead(1, 70_000), piece(hex('fe'))],
          [piece(LONG.subarray(1))],
        ),
        failFast(
          'b4.1.3',
          'A long good fragment, then one that begins with a continuation octet.',
          [frame(1, LONG, { fin: false }), frame(0, hex('80'), { fin: false })],
          [frame(0)],
        ),
        failFast(
          'b4.1.4',
          'A fragment ends with half a character, and the next one does not go on with it.',
          [frame(1, hex('c3'), { fin: false }), frame(0, 'a', { fin: false })],
          [frame(0)],
        ),
        failFast(
          'b4.1.5',
          'A surrogate, of which two octets tell already: ED A0.',
          [frame(1, hex('eda0'), { fin: false })],
          [frame(0, hex('80'))],
        ),
        failFast(
          'b4.1.6',
          'An overlong form, of which two octets tell already: E0 80.',
          [frame(1, hex('e080'), { fin: false })],
          [frame(0, hex('af'))],
        ),
      ],
    },
    {
      id: 'b4.2',
      title: 'What is not text, and what is',
      source: 'RFC 6455 §5.6',
      rule: 'Binary is never checked. Text of any length is, and good text comes back as it was.',
      mistake: 'Checks with a vectorised routine that stumbles at the borders of its blocks.',
      cases: [
        {
          id: 'b4.2.1',
          description: 'Binary of 100 octets FF.',
          expectation: 'The same message comes back.',
          script: [binary(repeat(hex('ff'), 100)), killAfter(1)],
          expected: { OK: [gotBinary(repeat(hex('ff'), 100))] },
          close: CLOSES_NORMALLY,
        },
        ...[15, 16, 31, 32, 63, 64].map((offset, index): Case => {
          const payload = Buffer.concat([
            Buffer.alloc(offset, 'a'),
            Buffer.from('😀'),
            LONG.subarray(0, 64),
          ]);
          return {
            id: `b4.2.${index + 2}`,
            description: `Text with a character of four octets at octet ${offset}.`,
            expectation: 'The same message comes back.',
            script: [text(payload), closeAfter(1)],
            expected: { OK: [gotText(payload)] },
            close: CLOSES_NORMALLY,
          };
        }),
        {
          id: 'b4.2.8',
          description: 'Text of 70001 octets whose last octet is C3.',
          expectation: 'The testee fails the connection with 1007.',
          script: [text(Buffer.concat([LONG, hex('c3')])), killAfter(1)],
          expected: { OK: [] },
          close: FAILS_WITH_1007,
        },
      ],
    },
  ],
};
