/**
 * Group 4, opcodes: six of the sixteen are defined, the others are kept for the future.
 *
 * An opcode that means nothing fails the connection [RFC 6455 §5.2]. Skipping the frame instead
 * would let an old peer lose messages of a newer one without anybody noticing.
 */
import type { Case, Chapter, Group } from '../model.ts';
import { FAILS_WITH_1002, frame, gotText, killAfter, ping, text } from '../script.ts';

const HELLO = 'Hello, world!';
const RESERVED = 'reserved opcode payload';

/** The last of five cases in each chapter is the fourth again, octet by octet. */
function opcodeCases(chapter: string, first: number): Case[] {
  const fails = 'The testee fails the connection at once; nothing comes back.';
  const failsAfterEcho =
    'The first message comes back, then the testee fails the connection; the ping is never ' +
    'answered. A testee that fails it before echoing the first message is not strict.';
  const alone = (index: number, payload: string): Case => ({
    id: `${chapter}.${index}`,
    description: `A frame with opcode ${first + index - 1}${payload === '' ? ', empty' : ''}.`,
    expectation: fails,
    script: [frame(first + index - 1, payload), killAfter(1)],
    expected: { OK: [] },
    close: FAILS_WITH_1002,
  });
  const between = (index: number, payload: string, chop?: number): Case => ({
    id: `${chapter}.${index}`,
    description:
      `A text message, a frame with opcode ${first + index - 1}, a ping` +
      `${chop === undefined ? '' : ', written octet by octet'}.`,
    expectation: failsAfterEcho,
    script: [
      text(HELLO, { chop }),
      frame(first + index - 1, payload, { chop }),
      ping('', { chop }),
      killAfter(1),
    ],
    expected: { OK: [gotText(HELLO)], 'NON-STRICT': [] },
    close: FAILS_WITH_1002,
  });
  return [
    alone(1, ''),
    alone(2, RESERVED),
    between(3, ''),
    between(4, HELLO),
    between(5, HELLO, 1),
  ];
}

const chapter = (id: string, title: string, first: number, mistake: string): Chapter => ({
  id,
  title,
  source: 'RFC 6455 §5.2',
  rule: `Opcodes ${first} to ${first + 4} are reserved; a frame with one fails the connection.`,
  mistake,
  cases: opcodeCases(id, first),
});

/** Opcodes. */
export const GROUP_4: Group = {
  id: '4',
  title: 'Opcodes',
  chapters: [
    chapter(
      '4.1',
      'Non-control opcodes',
      3,
      'Treats whatever is not text as binary, and echoes it.',
    ),
    chapter(
      '4.2',
      'Control opcodes',
      11,
      'Ignores unknown control frames, or answers them as pings.',
    ),
  ],
};
