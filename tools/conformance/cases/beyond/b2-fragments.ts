/**
 * Beyond 2, fragments: reserved bits inside a message, messages that never end, floods of nothing.
 *
 * A fragment costs a receiver more than its octets. One that counts octets only can be made to hold
 * gigabytes of list entries for a few megabytes of traffic.
 */
import type { Case, Group, Step } from '../../model.ts';
import {
  CLOSES_NORMALLY,
  closeAfter,
  frame,
  gotPong,
  gotText,
  hex,
  ping,
  text,
} from '../../script.ts';
import { ENDLESS } from './b2-endless.ts';
import { ENDS_AS_IT_LIKES, judgeLoad, refusedCase } from './ways-to-end.ts';

const HELLO = 'Hello';

function flood(id: string, description: string, count: number, content: string): Case {
  // One step, many times: the list costs next to nothing, whoever loads it.
  const more = new Array<Step>(count).fill(frame(0, content, { fin: false }));
  return {
    id,
    description,
    expectation:
      'The testee echoes the message, or refuses it with 1008 or 1009. Dropping TCP without a ' +
      'word is not strict.',
    script: [],
    expected: { OK: [] },
    close: ENDS_AS_IT_LIKES,
    act: judgeLoad({
      steps: [frame(1, '', { fin: false }), ...more, frame(0)],
      isEcho: (payload, isBinary) =>
        !isBinary && payload.equals(Buffer.from(content.repeat(count))),
      echoed: 'OK',
      refusals: [1008, 1009],
      seconds: 20,
    }),
    isHeavy: true,
    reportTime: true,
  };
}

/** U+1F600 in four octets. */
const FACE = hex('f09f9880');

/** Fragments. */
export const BEYOND_2: Group = {
  id: 'b2',
  title: 'Beyond: fragments',
  chapters: [
    {
      id: 'b2.1',
      title: 'Reserved bits within a message',
      source: 'RFC 6455 §5.2',
      rule:
        'Without an extension no frame has a reserved bit, be it the first of its message or ' +
        'not.',
      mistake: 'Looks at the bits of first frames only.',
      cases: [
        ...[4, 2, 1].map((rsv, index) =>
          refusedCase(`b2.1.${index + 1}`, `A continuation with RSV = ${rsv}.`, [
            frame(1, HELLO, { fin: false }),
            frame(0, HELLO, { rsv }),
          ]),
        ),
        refusedCase('b2.1.4', 'A ping with RSV = 4.', [ping('', { rsv: 4 })]),
        refusedCase('b2.1.5', 'A pong with RSV = 4, inside a message.', [
          frame(1, HELLO, { fin: false }),
          frame(10, '', { rsv: 4 }),
        ]),
      ],
    },
    {
      id: 'b2.2',
      title: 'Unfinished messages',
      source: 'RFC 6455 §5.4',
      rule: 'While a message is unfinished the connection lives on: control frames are answered.',
      mistake: 'Waits for the end of the message with everything else.',
      cases: [
        {
          id: 'b2.2.1',
          description:
            'The first fragment of a message, a ping, half a second, another ping, the end.',
          expectation: 'Both pings are answered at once, then the message comes back.',
          script: [
            frame(1, HELLO, { fin: false }),
            ping('one'),
            { do: 'wait', seconds: 0.5 },
            ping('two'),
            frame(0, HELLO),
            closeAfter(1),
          ],
          expected: { OK: [gotPong('one'), gotPong('two'), gotText(HELLO + HELLO)] },
          close: CLOSES_NORMALLY,
        },
        {
          id: 'b2.2.2',
          description: 'A character of four octets in four fragments, with pings between them.',
          expectation: 'The pongs come in order, then the character comes back.',
          script: [
            frame(1, FACE.subarray(0, 1), { fin: false }),
            ping('1'),
            frame(0, FACE.subarray(1, 2), { fin: false }),
            ping('2'),
            frame(0, FACE.subarray(2, 3), { fin: false }),
            ping('3'),
            frame(0, FACE.subarray(3)),
            closeAfter(1),
          ],
          expected: { OK: [gotPong('1'), gotPong('2'), gotPong('3'), gotText(FACE)] },
          close: CLOSES_NORMALLY,
        },
        {
          id: 'b2.2.3',
          description: 'A message that never ends, then a close frame.',
          expectation: 'The close frame is answered; the message is forgotten.',
          script: [
            frame(1, HELLO, { fin: false }),
            frame(0, HELLO, { fin: false }),
            closeAfter(0.2),
          ],
          expected: { OK: [] },
          close: CLOSES_NORMALLY,
        },
        {
          id: 'b2.2.4',
          description: 'Two messages in one write, the first in fragments.',
          expectation: 'Both come back, in order.',
          script: [frame(1, 'one ', { fin: false }), frame(0, 'and'), text('two'), closeAfter(1)],
          expected: { OK: [gotText('one and'), gotText('two')] },
          close: CLOSES_NORMALLY,
        },
      ],
    },
    {
      id: 'b2.3',
      title: 'Floods of fragments',
      source: 'RFC 6455 §10.4',
      rule:
        'An endpoint bounds what it keeps for one message, and its bound knows what a fragment ' +
        'costs.',
      mistake: 'Limits octets and not fragments, and joins what it has on every frame.',
      cases: [
        flood('b2.3.1', 'A message of 50000 empty fragments.', 50_000, ''),
        flood('b2.3.2', 'A message of 100000 fragments of one octet.', 100_000, 'a'),
        flood('b2.3.3', 'A message of 300000 empty fragments.', 300_000, ''),
      ],
    },
    ENDLESS,
  ],
};
