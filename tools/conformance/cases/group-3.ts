/**
 * Group 3, reserved bits: three bits of every frame that mean nothing until an extension says so.
 *
 * No extension is negotiated here, so a set bit fails the connection [RFC 6455 §5.2]. A testee that
 * looks away would later read a compressed payload as plain text.
 */
import type { Case, Group, Step } from '../model.ts';
import { binary, FAILS_WITH_1002, frame, gotText, hex, killAfter, ping, text } from '../script.ts';

const HELLO = 'Hello, world!';

/** A bad frame alone: nothing may come back. */
function alone(id: string, description: string, step: Step): Case {
  return {
    id,
    description,
    expectation: 'The testee fails the connection at once; nothing comes back.',
    script: [step, killAfter(1)],
    expected: { OK: [] },
    close: FAILS_WITH_1002,
  };
}

/** A good message before the bad one, a ping after it. */
function between(id: string, rsv: number, how: string, pacing: object): Case {
  return {
    id,
    description: `A text message, one with RSV = ${rsv}, a ping${how}.`,
    expectation:
      'The first message comes back, then the testee fails the connection; the ping is never ' +
      'answered. A testee that fails it before echoing the first message is not strict.',
    script: [text(HELLO, pacing), text(HELLO, { rsv, ...pacing }), ping('', pacing), killAfter(1)],
    expected: { OK: [gotText(HELLO)], 'NON-STRICT': [] },
    close: FAILS_WITH_1002,
  };
}

const CASES: readonly Case[] = [
  alone('3.1', 'A text message with RSV = 1.', text(HELLO, { rsv: 1 })),
  between('3.2', 2, '', {}),
  between('3.3', 3, ', each frame in a write of its own', { sync: true }),
  between('3.4', 4, ', written octet by octet', { chop: 1 }),
  alone('3.5', 'A binary message with RSV = 5.', binary(hex('00fffefdfcfb00ff'), { rsv: 5 })),
  // The original's title says "ping", but a binary frame is what it sends; so do we.
  alone('3.6', 'A binary message with RSV = 6.', binary(HELLO, { rsv: 6 })),
  alone('3.7', 'A close frame with RSV = 7.', frame(8, '', { rsv: 7 })),
];

/** Reserved bits. */
export const GROUP_3: Group = {
  id: '3',
  title: 'Reserved Bits',
  chapters: [
    {
      id: '3',
      title: 'Reserved bits',
      source: 'RFC 6455 §5.2',
      rule:
        'RSV1, RSV2 and RSV3 are zero unless a negotiated extension gives them a meaning. A ' +
        'frame with a bit that means nothing fails the connection, whatever its opcode.',
      mistake: 'Masks the bits away with 0x0f and never looks at them.',
      cases: CASES,
    },
  ],
};
