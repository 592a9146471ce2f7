/**
 * Group 6, UTF-8 handling: text is UTF-8, wherever the message is cut [RFC 6455 §5.6, §8.1].
 *
 * A fragment may end inside a code point; only the message as a whole is text. A receiver that
 * finds an octet which cannot be right fails the connection with 1007. It may wait for the end of
 * the message, but a peer that streams gigabytes of garbage should not be listened to that long:
 * chapter 6.4 tells the strict from the lazy. This file has chapters 6.1 – 6.4; the tables are in
 * `group-6-utf8.ts`.
 */
import type { Case, Chapter, Group, Step } from '../model.ts';
import {
  CLOSES_NORMALLY,
  closeAfter,
  FAILS_WITH_1007,
  frame,
  gotText,
  hex,
  killAfter,
  message,
  passed,
  piece,
  text,
  wait,
} from '../script.ts';
import { UTF8_CHAPTERS } from './group-6-utf8.ts';

/** A Greek word of five letters in eleven octets. */
const WORD = hex('cebae1bdb9cf83cebcceb5');
/** After the word, a surrogate, then "edited": octet 12 is the first that cannot be right. */
const SURROGATE_INSIDE = Buffer.concat([WORD, hex('eda080'), Buffer.from('edited')]);
/** After the word, U+110000, then "edited": octet 12, the 90, is the first that cannot be right. */
const BEYOND_UNICODE = Buffer.concat([WORD, hex('f4908080'), Buffer.from('edited')]);
/** "Hello-", letters of two octets each, "-UTF-8!!". */
const LATIN = hex('48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121');

function echoed(id: string, description: string, steps: readonly Step[], whole: Buffer): Case {
  return {
    id,
    description,
    expectation: 'The message put together comes back.',
    script: [...steps, closeAfter(1)],
    expected: { OK: [gotText(whole)] },
    close: CLOSES_NORMALLY,
  };
}

function refused(id: string, description: string, step: Step): Case {
  return {
    id,
    description,
    expectation: 'The testee fails the connection itself; nothing comes back.',
    script: [step, killAfter(1)],
    expected: { OK: [] },
    close: FAILS_WITH_1007,
  };
}

const MIDDLE = Buffer.from('middle frame payload');

const EMPTY_FRAGMENTS: Chapter = {
  id: '6.1',
  title: 'Valid UTF-8 with fragments of no length',
  source: 'RFC 6455 §5.4',
  rule: 'A fragment, even a whole message, may be empty. Empty text is text.',
  mistake:
    'Takes an empty payload for "nothing arrived yet", or forgets the echo of an empty message.',
  cases: [
    echoed('6.1.1', 'An empty text message.', [text('')], Buffer.alloc(0)),
    echoed(
      '6.1.2',
      'A text message of three fragments, all empty.',
      [frame(1, '', { fin: false }), frame(0, '', { fin: false }), frame(0)],
      Buffer.alloc(0),
    ),
    echoed(
      '6.1.3',
      'A text message of three fragments, the first and the last empty.',
      [frame(1, '', { fin: false }), frame(0, MIDDLE, { fin: false }), frame(0)],
      MIDDLE,
    ),
  ],
};

const CUT_ANYWHERE: Chapter = {
  id: '6.2',
  title: 'Valid UTF-8, whole, cut between code points and cut within them',
  source: 'RFC 6455 §5.6',
  rule: 'A fragment need not be text by itself: only the message must be.',
  mistake: 'Checks or decodes each fragment on its own and stumbles over half a code point.',
  cases: [
    echoed('6.2.1', 'A text with letters of two octets, in one frame.', [text(LATIN)], LATIN),
    echoed(
      '6.2.2',
      'The same text in two fragments, cut between two letters.',
      [frame(1, LATIN.subarray(0, 15), { fin: false }), frame(0, LATIN.subarray(15))],
      LATIN,
    ),
    echoed('6.2.3', 'The same text in fragments of one octet.', [message(1, LATIN, 1)], LATIN),
    echoed('6.2.4', 'A Greek word in fragments of one octet.', [message(1, WORD, 1)], WORD),
  ],
};

const CUT_AND_BAD: Chapter = {
  id: '6.3',
  title: 'Invalid UTF-8, whole and in fragments',
  source: 'RFC 6455 §8.1',
  rule: 'A message that is not UTF-8 fails the connection, however it is cut.',
  mistake: 'Sees that each octet alone could be right, and delivers replacement characters.',
  cases: [
    refused('6.3.1', 'A text with a surrogate inside, in one frame.', text(SURROGATE_INSIDE)),
    refused('6.3.2', 'The same in fragments of one octet.', message(1, SURROGATE_INSIDE, 1)),
  ],
};

/** The three pieces of a bad text: good so far; the piece with the bad octet; the rest. */
function failFast(
  id: string,
  description: string,
  pieces: readonly Buffer[],
  inOneFrame: boolean,
): Case {
  const [good, bad, rest] = pieces as [Buffer, Buffer, Buffer];
  const length = good.length + bad.length + rest.length;
  const script: Step[] = inOneFrame
    ? [
        { do: 'frame-head', opcode: 1, fin: false, length },
        piece(good),
        wait(1, 'A'),
        piece(bad),
        wait(1, 'B'),
        piece(rest),
        frame(0),
      ]
    : [
        frame(1, good, { fin: false }),
        wait(1, 'A'),
        frame(0, bad, { fin: false }),
        wait(1, 'B'),
        frame(0, rest),
      ];
  return {
    id,
    description,
    expectation:
      'The testee fails the connection within a second of the piece with the bad octet. One ' +
      'that does so only when the message is complete is not strict.',
    script: [...script, killAfter(1)],
    expected: { OK: [passed('A')], 'NON-STRICT': [passed('A'), passed('B')] },
    close: FAILS_WITH_1007,
  };
}

const cutAt = (...offsets: readonly number[]): Buffer[] =>
  [0, ...offsets].map((from, index) => BEYOND_UNICODE.subarray(from, offsets[index]));

const FAIL_FAST: Chapter = {
  id: '6.4',
  title: 'Failing fast on invalid UTF-8',
  source: 'RFC 6455 §8.1',
  rule:
    'A receiver may fail the connection as soon as an octet cannot be right. To do so is ' +
    'better: it costs neither time nor memory to listen to a message that is lost already.',
  mistake: 'Collects the whole message and checks it at the end, or at the end of each frame.',
  cases: [
    failFast(
      '6.4.1',
      'Three fragments, a second apart; the second has U+110000.',
      cutAt(11, 15),
      false,
    ),
    failFast(
      '6.4.2',
      'Three fragments, a second apart; the first ends with F4, which the 90 in the second spoils.',
      cutAt(12, 13),
      false,
    ),
    failFast(
      '6.4.3',
      'One frame whose payload comes in three pieces, a second apart; the second has U+110000.',
      cutAt(11, 15),
      true,
    ),
    failFast(
      '6.4.4',
      'One frame in three pieces; the first ends with F4, which the 90 in the second spoils.',
      cutAt(12, 13),
      true,
    ),
  ],
};

/** UTF-8 handling. */
export const GROUP_6: Group = {
  id: '6',
  title: 'UTF-8 Handling',
  chapters: [EMPTY_FRAGMENTS, CUT_ANYWHERE, CUT_AND_BAD, FAIL_FAST, ...UTF8_CHAPTERS],
};
