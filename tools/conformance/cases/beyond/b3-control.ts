/**
 * Beyond 3, control frames: floods of pings, close frames at every moment, octets behind the end.
 */
import type { Behavior, Case, Group, Step } from '../../model.ts';
import {
  CLOSES_NORMALLY,
  close,
  closeAfter,
  closeWith,
  frame,
  frameHead,
  gotText,
  hex,
  killAfter,
  octets,
  piece,
  ping,
  pong,
  text,
} from '../../script.ts';
import type { Acting, Stage } from '../../stage.ts';
import { unreadPings } from './b3-unread.ts';
import { closedCase, ENDS_AS_IT_LIKES, failsWith, judgeRefusal } from './ways-to-end.ts';

/** Pongs must be answers to pings, in order, and the last ping must be answered. */
const judgePongs =
  (count: number, seconds: number) =>
  (stage: Stage): Acting => {
    let last = -1;
    let isDecided = false;
    const decide = (behavior: Behavior, because: string): void => {
      isDecided = true;
      stage.decide(behavior, because);
      stage.close();
    };
    return {
      open(): void {
        const pings = Array.from({ length: count }, (_, index): Step => ping(String(index)));
        stage.play([...pings, closeAfter(seconds)]);
      },
      message: () => decide('FAILED', 'A message came back.'),
      pong(payload): void {
        const number = Number(payload.toString());
        const isInOrder = number > last && number < count;
        if (!isInOrder) decide('FAILED', `After pong ${last} came another one than a later one.`);
        last = number;
        if (number === count - 1) decide('OK', 'The last ping was answered, and order was kept.');
      },
      gone(facts): void {
        if (!isDecided) stage.decide(...judgeRefusal(facts, [1008, 1009], seconds));
      },
    };
  };

/** A bad close frame: 1002 must be said, unless TCP is just dropped. */
const SAYS_WHY = { codes: [1002], closedByMe: true, requireClean: false, wrongCodeIsFatal: true };

/** A close frame that the script writes as octets: only its answer counts as a close. */
const ANSWERED_RAW = {
  ...{ codes: [1000], closedByMe: false, requireClean: true },
  ...{ wrongCodeIsFatal: true, wrongEndIsFatal: true },
};

const refusedClose = (id: string, description: string, step: Step, codes = [1002]): Case =>
  closedCase(id, description, [step], {
    expectation: `The testee says ${codes.join(' or ')}, or drops the connection.`,
    close: { ...SAYS_WHY, codes, needsCode: true },
  });

const allowedClose = (id: string, code: number, name: string): Case =>
  closedCase(id, `A close frame with code ${code} (${name}).`, [close(code)], {
    close: { codes: [1000, code], closedByMe: true, requireClean: true, wrongCodeIsFatal: true },
  });

/** Control frames. */
export const BEYOND_3: Group = {
  id: 'b3',
  title: 'Beyond: control frames',
  chapters: [
    {
      id: 'b3.1',
      title: 'Floods of pings and pongs',
      source: 'RFC 6455 §5.5.3',
      rule:
        'Who has several pings to answer may answer the last one only; order is kept. Pongs ' +
        'that nobody asked for cost nothing.',
      mistake: 'Queues an answer for each of them, however many there are, or loses the last one.',
      cases: [
        {
          id: 'b3.1.1',
          description: '10000 pings in one go.',
          expectation:
            'The last ping is answered, and order is kept. Or the testee refuses the flood with ' +
            '1008; dropping TCP without a word is not strict.',
          script: [],
          expected: { OK: [] },
          close: ENDS_AS_IT_LIKES,
          act: judgePongs(10_000, 30),
          isHeavy: true,
          reportTime: true,
        },
        {
          id: 'b3.1.2',
          description: '10000 pongs that nobody asked for, then a text message.',
          expectation: 'The message comes back, and nothing else.',
          script: [
            ...new Array<Step>(10_000).fill(pong('unsolicited')),
            text('Hello'),
            closeAfter(30),
          ],
          expected: { OK: [gotText('Hello')] },
          close: CLOSES_NORMALLY,
          isHeavy: true,
        },
        unreadPings(),
      ],
    },
    {
      id: 'b3.2',
      title: 'Close frames at every moment',
      source: 'RFC 6455 §5.5.1',
      rule:
        'A close frame is answered whatever else is going on. What comes behind it is not ' +
        'looked at.',
      mistake: 'Parses on behind the close frame, and answers 1002 to what it finds there.',
      cases: [
        closedCase('b3.2.1', 'The first fragment of a message, then a close frame.', [
          frame(1, 'fragment', { fin: false }),
          close(1000),
        ]),
        closedCase('b3.2.2', 'A close frame, and a hundred octets of garbage behind it.', [
          close(1000),
          octets(Buffer.alloc(100, 0xff)),
        ]),
        closedCase('b3.2.3', 'A close frame, and half a frame behind it.', [
          close(1000),
          frameHead(2, 1000),
          piece(Buffer.alloc(10)),
        ]),
        closedCase('b3.2.4', 'A close frame, and text that is not UTF-8 behind it.', [
          close(1000),
          text(hex('ff')),
        ]),
        closedCase(
          'b3.2.5',
          'Five pings and a close frame in one write.',
          [...Array.from({ length: 5 }, (): Step => ping('')), close(1000)],
          {
            expectation: 'The close frame is answered; pings before it may be answered, too.',
            informational: (events) =>
              `${events.length} of 5 pings were answered before the close frame.`,
          },
        ),
        closedCase(
          'b3.2.6',
          'A close frame octet by octet, behind the fragment of a message.',
          [frame(1, 'fragment', { fin: false }), frame(8, hex('03e8'), { chop: 1 })],
          { close: ANSWERED_RAW },
        ),
      ],
    },
    {
      id: 'b3.3',
      title: 'What a close frame may say',
      source: 'RFC 6455 §7.4',
      rule:
        'A payload of one octet, a code that may not be sent, and a reason that is cut within a ' +
        'character are errors, and who fails a connection says why.',
      mistake: 'Answers a bad close frame with an empty one, as if it had been good.',
      cases: [
        refusedClose('b3.3.1', 'A close frame with one octet.', closeWith(hex('03'))),
        refusedClose('b3.3.2', 'A close frame with code 1015, which is never sent.', close(1015)),
        refusedClose('b3.3.3', 'A close frame with code 1005, which is never sent.', close(1005)),
        refusedClose(
          'b3.3.4',
          'A close frame whose reason ends within a character.',
          close(1000, hex('4772c3bcc3')),
          [1002, 1007],
        ),
        refusedClose(
          'b3.3.5',
          'A close frame whose reason begins with a continuation octet.',
          close(1000, hex('80')),
          [1002, 1007],
        ),
        allowedClose('b3.3.6', 1012, 'service restart, registered with IANA'),
        allowedClose('b3.3.7', 1013, 'try again later, registered with IANA'),
        allowedClose('b3.3.8', 1014, 'bad gateway, registered with IANA'),
      ],
    },
    {
      id: 'b3.4',
      title: 'Errors end a connection once',
      source: 'RFC 6455 §7.1.7',
      rule: 'After failing a connection an endpoint reads nothing more: the first error counts.',
      mistake: 'Echoes what comes behind the error, or reports a second one.',
      cases: [
        {
          id: 'b3.4.1',
          description: 'A frame with a reserved opcode, then a good message, in one write.',
          expectation: 'The testee fails the connection; the message does not come back.',
          script: [frame(3, 'bad'), text('good'), killAfter(1)],
          expected: { OK: [] },
          close: failsWith(1002),
        },
        {
          id: 'b3.4.2',
          description: 'Text that is not UTF-8, then a close frame with 1000, in one write.',
          expectation: 'The testee says 1007: the error came before the close frame.',
          script: [text(hex('ff')), frame(8, hex('03e8')), killAfter(1)],
          expected: { OK: [] },
          close: { ...failsWith(1007), needsCode: true },
        },
      ],
    },
  ],
};
