/**
 * Group 2, pings and pongs: the small frames that keep a connection alive [RFC 6455 §5.5.2,
 * §5.5.3].
 *
 * Every ping is answered with a pong of the same payload, which may be any octets, at most 125. A
 * pong that nobody asked for means nothing and is not answered.
 */
import type { Case, Group, RecordedEvent, Step } from '../model.ts';
import {
  CLOSES_NORMALLY,
  close,
  closeAfter,
  FAILS_WITH_1002,
  gotPong,
  hex,
  killAfter,
  ping,
  pong,
  repeat,
} from '../script.ts';

/** Octets that no text could be made of. */
const NOT_UTF8 = hex('00fffefdfcfb00ff');
const LONGEST = repeat(Buffer.of(0xfe), 125);
const UNSOLICITED = 'unsolicited pong payload';
const TEN = Array.from({ length: 10 }, (_, index) => `payload-${index}`);

function answered(
  id: string,
  description: string,
  steps: readonly Step[],
  pongs: readonly RecordedEvent[],
): Case {
  return {
    id,
    description,
    expectation:
      pongs.length === 0
        ? 'Nothing comes back; the connection closes normally.'
        : `${pongs.length === 1 ? 'One pong' : 'As many pongs'} with the same payload comes back.`,
    script: steps,
    expected: { OK: pongs },
    close: CLOSES_NORMALLY,
  };
}

const CASES: readonly Case[] = [
  answered('2.1', 'A ping without payload.', [ping(), closeAfter(1)], [gotPong()]),
  answered(
    '2.2',
    'A ping with a text as payload.',
    [ping('Hello, world!'), closeAfter(1)],
    [gotPong('Hello, world!')],
  ),
  answered(
    '2.3',
    'A ping with octets that are not UTF-8: the payload of a ping is not text.',
    [ping(NOT_UTF8), closeAfter(1)],
    [gotPong(NOT_UTF8)],
  ),
  answered(
    '2.4',
    'A ping with 125 octets, the most that a control frame may carry.',
    [ping(LONGEST), closeAfter(1)],
    [gotPong(LONGEST)],
  ),
  {
    id: '2.5',
    description: 'A ping with 126 octets, one more than a control frame may carry.',
    expectation: 'The testee fails the connection at once; there is no pong.',
    source: 'RFC 6455 §5.5',
    script: [ping(repeat(Buffer.of(0xfe), 126)), killAfter(1)],
    expected: { OK: [] },
    close: FAILS_WITH_1002,
  },
  answered(
    '2.6',
    'A ping with 125 octets, written octet by octet.',
    [ping(LONGEST, { chop: 1 }), closeAfter(2)],
    [gotPong(LONGEST)],
  ),
  answered(
    '2.7',
    'A pong that nobody asked for, without payload; then a close frame.',
    [pong(), close(1000), closeAfter(1)],
    [],
  ),
  answered(
    '2.8',
    'A pong that nobody asked for, with payload; then a close frame.',
    [pong(UNSOLICITED), close(1000), closeAfter(1)],
    [],
  ),
  answered(
    '2.9',
    'A pong that nobody asked for, then a ping: only the ping is answered.',
    [pong(UNSOLICITED), ping('ping payload'), closeAfter(1)],
    [gotPong('ping payload')],
  ),
  answered(
    '2.10',
    'Ten pings back to back.',
    [...TEN.map((payload) => ping(payload)), closeAfter(3)],
    TEN.map((payload) => gotPong(payload)),
  ),
  answered(
    '2.11',
    'Ten pings, each written octet by octet.',
    [...TEN.map((payload) => ping(payload, { chop: 1 })), closeAfter(3)],
    TEN.map((payload) => gotPong(payload)),
  ),
];

/** Pings and pongs. */
export const GROUP_2: Group = {
  id: '2',
  title: 'Pings/Pongs',
  chapters: [
    {
      id: '2',
      title: 'Pings and pongs',
      source: 'RFC 6455 §5.5.2',
      rule:
        'A ping is answered with a pong that carries the same payload. Control frames carry at ' +
        'most 125 octets. A pong without a ping is a heartbeat in one direction and asks for ' +
        'nothing.',
      mistake:
        'Answers with an empty pong, checks the payload for UTF-8, answers a pong with a pong, ' +
        'or answers only the last of several pings, which the RFC allows and cases 2.10 and 2.11 ' +
        'do not.',
      cases: CASES,
    },
  ],
};
