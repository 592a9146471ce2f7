/**
 * Group 5, fragmentation: one message in several frames [RFC 6455 §5.4].
 *
 * ```
 * first frame   opcode 1 or 2, FIN = 0        op1-
 * middle        opcode 0,      FIN = 0        op0-      control frames may stand between any two,
 * last frame    opcode 0,      FIN = 1        op0+      and are never fragmented themselves
 * ```
 * A peer therefore keeps one bit of state, "a message is unfinished", and most mistakes are about
 * it.
 */
import type { Case, Chapter, Group, RecordedEvent, Step } from '../model.ts';
import {
  CLOSES_NORMALLY,
  closeAfter,
  FAILS_WITH_1002,
  type FrameOptions,
  frame,
  gotPong,
  gotText,
  killAfter,
  ping,
  wait,
} from '../script.ts';

const F1 = 'fragment1';
const F2 = 'fragment2';
const F3 = 'fragment3';
const F4 = 'fragment4';
const F5 = 'fragment5';
const STRAY = 'non-continuation payload';
const HELLO = 'Hello, world!';
const PING = 'ping payload';

/** How the frames of a case are written: the same octets in three ways. */
const WAYS: readonly (readonly [words: string, pacing: FrameOptions])[] = [
  ['', {}],
  [', each frame in a write of its own', { sync: true }],
  [', written octet by octet', { chop: 1 }],
];

/** A piece of a message: `first`, `more` and `last` say where it stands. */
const first = (payload: string, pacing: FrameOptions): Step =>
  frame(1, payload, { ...pacing, fin: false });
const more = (payload: string, pacing: FrameOptions): Step =>
  frame(0, payload, { ...pacing, fin: false });
const last = (payload: string, pacing: FrameOptions): Step => frame(0, payload, pacing);
const whole = (payload: string, pacing: FrameOptions): Step => frame(1, payload, pacing);

function refused(id: string, description: string, steps: readonly Step[]): Case {
  return {
    id,
    description,
    expectation: 'The testee fails the connection at once; nothing comes back.',
    script: [...steps, killAfter(1)],
    expected: { OK: [] },
    close: FAILS_WITH_1002,
  };
}

function echoed(
  id: string,
  description: string,
  steps: readonly Step[],
  events: readonly RecordedEvent[],
): Case {
  return {
    id,
    description,
    expectation: 'The pongs, if any, and the message put together come back, in the order shown.',
    script: [...steps, closeAfter(1)],
    expected: { OK: events },
    close: CLOSES_NORMALLY,
  };
}

/** Cases `from`, `from + 1`, `from + 2`: the same frames in the three ways. */
function inThreeWays(from: number, make: (id: string, how: string, pacing: FrameOptions) => Case) {
  return WAYS.map(([how, pacing], index) => make(`5.${from + index}`, how, pacing));
}

const FRAGMENTED_CONTROL: readonly Case[] = [
  refused('5.1', 'A ping in two fragments.', [frame(9, F1, { fin: false }), last(F2, {})]),
  refused('5.2', 'A pong in two fragments.', [frame(10, F1, { fin: false }), last(F2, {})]),
];

const WELL_FORMED: readonly Case[] = [
  ...inThreeWays(3, (id, how, pacing) =>
    echoed(
      id,
      `A text message in two fragments${how}.`,
      [first(F1, pacing), last(F2, pacing)],
      [gotText(F1 + F2)],
    ),
  ),
  ...inThreeWays(6, (id, how, pacing) =>
    echoed(
      id,
      `A text message in two fragments with a ping between them${how}.`,
      [first(F1, pacing), ping(PING, pacing), last(F2, pacing)],
      [gotPong(PING), gotText(F1 + F2)],
    ),
  ),
];

const WITHOUT_START: readonly Case[] = [
  ...inThreeWays(9, (id, how, pacing) =>
    refused(id, `A continuation (FIN = 1) of nothing, then a text message${how}.`, [
      last(STRAY, pacing),
      whole(HELLO, pacing),
    ]),
  ),
  ...inThreeWays(12, (id, how, pacing) =>
    refused(id, `A continuation (FIN = 0) of nothing, then a text message${how}.`, [
      more(STRAY, pacing),
      whole(HELLO, pacing),
    ]),
  ),
];

const DISORDER: readonly Case[] = [
  {
    id: '5.15',
    description:
      'A message in two fragments, then a continuation of nothing, then a text message; all ' +
      'written back to back.',
    expectation:
      'The first message comes back, then the testee fails the connection. A testee that fails ' +
      'it before echoing is not strict.',
    script: [first(F1, {}), last(F2, {}), more(F3, {}), whole(F4, {}), killAfter(1)],
    expected: { OK: [gotText(F1 + F2)], 'NON-STRICT': [] },
    close: FAILS_WITH_1002,
  },
  refused(
    '5.16',
    'Twice: a continuation (FIN = 0) of nothing, then a message in two fragments.',
    [0, 1].flatMap(() => [more(F1, {}), first(F2, {}), last(F3, {})]),
  ),
  refused(
    '5.17',
    'Twice: a continuation (FIN = 1) of nothing, then a message in two fragments.',
    [0, 1].flatMap(() => [last(F1, {}), first(F2, {}), last(F3, {})]),
  ),
  refused('5.18', 'A text message begins while another one is unfinished.', [
    first(F1, {}),
    whole(F2, {}),
  ]),
];

/** Five fragments with two pings among them, and a second of silence in the middle. */
const WITH_PAUSE: readonly Case[] = WAYS.slice(0, 2).map(([how, pacing], index) =>
  echoed(
    `5.${19 + index}`,
    `A message in five fragments with two pings and a pause of one second among them${how}.`,
    [
      first(F1, pacing),
      more(F2, pacing),
      ping('pongme 1!', pacing),
      wait(1),
      more(F3, pacing),
      more(F4, pacing),
      ping('pongme 2!', pacing),
      last(F5, pacing),
    ],
    [gotPong('pongme 1!'), gotPong('pongme 2!'), gotText(F1 + F2 + F3 + F4 + F5)],
  ),
);

const CHAPTER: Chapter = {
  id: '5',
  title: 'Fragmentation',
  source: 'RFC 6455 §5.4',
  rule:
    'A message is one frame with FIN = 1, or a first frame with its opcode and FIN = 0, any ' +
    'number of continuations, and a last continuation with FIN = 1. Messages are not ' +
    'interleaved. Control frames may come in between, are answered at once, and are never ' +
    'fragmented.',
  mistake:
    'Delivers each fragment as a message, answers a ping only after the message, takes a ' +
    'continuation of nothing for a message, or lets a second message begin inside the first.',
  cases: [...FRAGMENTED_CONTROL, ...WELL_FORMED, ...WITHOUT_START, ...DISORDER, ...WITH_PAUSE],
};

/** Fragmentation. */
export const GROUP_5: Group = { id: '5', title: 'Fragmentation', chapters: [CHAPTER] };
