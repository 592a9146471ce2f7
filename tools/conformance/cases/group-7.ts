/**
 * Group 7, close handling: how a conversation ends [RFC 6455 §5.5.1, §7].
 *
 * ```
 * one side              other side
 *   close frame  ─────▶
 *                ◀─────  close frame          after its close frame a side sends nothing more,
 *   (the server drops TCP first)              after both nobody listens
 * ```
 * A close frame is empty, or it begins with a code of 16 bits and a reason in UTF-8. Here the
 * fuzzer closes first, always.
 */
import type { Case, Chapter, CloseExpectation, Group, RecordedEvent, Step } from '../model.ts';
import { close, closeWith, frame, gotText, hex, killAfter, ping, repeat, text } from '../script.ts';

const HELLO = 'Hello World!';

/** The fuzzer has closed; the testee must answer in the right way, or the whole case fails. */
const closedCleanly = (...codes: readonly number[]): CloseExpectation => ({
  closedByMe: true,
  codes,
  requireClean: true,
  wrongCodeIsFatal: true,
});

/** The fuzzer's close frame was bad: the testee fails the connection, or just drops TCP. */
const refusedClose = (...codes: readonly number[]): CloseExpectation => ({
  closedByMe: true,
  codes,
  requireClean: false,
  wrongCodeIsFatal: true,
});

function closing(
  id: string,
  description: string,
  expectation: string,
  steps: readonly Step[],
  close: CloseExpectation = closedCleanly(1000),
): Case {
  return {
    id,
    description,
    expectation,
    script: [...steps, killAfter(1)],
    expected: { OK: [] },
    close,
    autoClose: false,
  };
}

/** Tells what a testee did with messages that came just before the close frame. */
function tellWhatWasProcessed(events: readonly RecordedEvent[]): string {
  const [event] = events;
  if (event === undefined) return 'The close frame was processed before the messages.';
  const isHello = event.kind === 'message' && event.payload.equals(Buffer.from(HELLO));
  if (events.length === 1 && isHello) return 'The message was processed before the close frame.';
  return 'The testee has shown something else than either of the two orders.';
}

const BASIC: Chapter = {
  id: '7.1',
  title: 'Basic close behaviour',
  source: 'RFC 6455 §5.5.1',
  rule:
    'A close frame is answered with a close frame. What comes after the first close frame is not ' +
    'processed any more, and a second one is not answered.',
  mistake:
    'Answers a ping or a message that comes after the close frame, finishes an unfinished ' +
    'message, or drops the connection without an answer.',
  cases: [
    {
      id: '7.1.1',
      description: 'A text message; when it has come back, a close frame with 1000.',
      expectation: 'The message comes back, then the close frame is answered.',
      script: [text(HELLO), killAfter(1)],
      expected: { OK: [gotText(HELLO)] },
      close: closedCleanly(1000),
    },
    closing('7.1.2', 'Two close frames.', 'The first is answered, the second ignored.', [
      close(1000),
      frame(8),
    ]),
    closing('7.1.3', 'A close frame, then a ping.', 'There is no pong.', [close(1000), ping()]),
    closing('7.1.4', 'A close frame, then a text message.', 'The message does not come back.', [
      close(1000),
      text(HELLO),
    ]),
    closing(
      '7.1.5',
      'The first fragment of a message, a close frame, the last fragment.',
      'The message does not come back; the close frame is answered.',
      [frame(1, 'fragment1', { fin: false }), close(1000), frame(0, 'fragment2')],
    ),
    {
      ...closing(
        '7.1.6',
        'A text message of 262144 octets, another one, a close frame, a ping.',
        'Shows whether messages that have arrived are processed before the close frame.',
        [text(repeat('BAsd7&jh23', 262_144)), text(HELLO), close(1000), ping()],
        { closedByMe: true, codes: [1000], requireClean: true },
      ),
      expected: { OK: [gotText(HELLO)], 'NON-STRICT': [] },
      informational: tellWhatWasProcessed,
    },
  ],
};

const STRUCTURE: Chapter = {
  id: '7.3',
  title: 'Close frame structure: payload length',
  source: 'RFC 6455 §5.5.1',
  rule:
    'The payload of a close frame is empty or has two octets of code and at most 123 of reason. ' +
    'One octet is half a code.',
  mistake: 'Reads a code beyond the end of a payload of one octet, or echoes one of 126 octets.',
  cases: [
    closing('7.3.1', 'A close frame without payload.', 'It is answered.', [closeWith('')]),
    closing(
      '7.3.2',
      'A close frame with one octet.',
      'The testee fails the connection with 1002, or drops it.',
      [closeWith('a')],
      refusedClose(1002),
    ),
    closing('7.3.3', 'A close frame with a code.', 'It is answered.', [close(1000)]),
    closing('7.3.4', 'A close frame with a code and a reason.', 'It is answered.', [
      close(1000, HELLO),
    ]),
    closing('7.3.5', 'A close frame with the longest reason, 123 octets.', 'It is answered.', [
      close(1000, '*'.repeat(123)),
    ]),
    closing(
      '7.3.6',
      'A close frame with a reason of 124 octets, one too many for a control frame.',
      'The testee fails the connection with 1002, or drops it.',
      [close(1000, '*'.repeat(124))],
      refusedClose(1002),
    ),
  ],
};

const REASON: Chapter = {
  id: '7.5',
  title: 'Close frame structure: payload value',
  source: 'RFC 6455 §5.5.1',
  rule: 'The reason of a close frame is UTF-8.',
  mistake: 'Checks messages and forgets that close frames carry text, too.',
  cases: [
    closing(
      '7.5.1',
      'A close frame whose reason has a surrogate inside.',
      'The testee fails the connection with 1007 or 1002, or drops it.',
      [close(1000, hex('cebae1bdb9cf83cebcceb5eda080656469746564'))],
      refusedClose(1002, 1007),
    ),
  ],
};

const VALID_CODES = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
] as const;

const VALID: Chapter = {
  id: '7.7',
  title: 'Close frame structure: valid close codes',
  source: 'RFC 6455 §7.4',
  rule: 'These codes may stand in a close frame. The answer echoes the code, or says 1000.',
  mistake: 'Knows a list of codes that is too short, and fails the connection.',
  cases: VALID_CODES.map((code, index) =>
    closing(
      `7.7.${index + 1}`,
      `A close frame with code ${code}.`,
      'It is answered with the same code, with 1000 or with none.',
      [close(code)],
      closedCleanly(...new Set([1000, code])),
    ),
  ),
};

const INVALID_CODES = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999] as const;

const INVALID: Chapter = {
  id: '7.9',
  title: 'Close frame structure: invalid close codes',
  source: 'RFC 6455 §7.4',
  rule:
    'Codes below 1000 are not used; 1004 is reserved; 1005 and 1006 say what was not sent and ' +
    'never stand in a frame; 1016 to 2999 have no meaning yet.',
  mistake: 'Echoes whatever number it was given, or answers with 1000 as if all were well.',
  cases: INVALID_CODES.map((code, index) =>
    closing(
      `7.9.${index + 1}`,
      `A close frame with code ${code}.`,
      'The testee fails the connection with 1002, or drops it.',
      [close(code)],
      refusedClose(1002),
    ),
  ),
};

const OUT_OF_RANGE: Chapter = {
  id: '7.13',
  title: 'Close codes beyond the defined ranges',
  source: 'RFC 6455 §7.4.2',
  rule: 'The RFC says nothing about codes from 5000 on: what a testee does is shown, not judged.',
  mistake: 'None: there is no rule. Failing the connection with 1002 is what most peers do.',
  cases: [5000, 65_535].map((code, index) => ({
    ...closing(
      `7.13.${index + 1}`,
      `A close frame with code ${code}.`,
      'Shown, not judged.',
      [close(code)],
      { closedByMe: true, codes: [1000, code, 1002], requireClean: false },
    ),
    informational: () => 'The RFC does not say what to do with this code.',
  })),
};

/** Close handling. */
export const GROUP_7: Group = {
  id: '7',
  title: 'Close Handling',
  chapters: [BASIC, STRUCTURE, REASON, VALID, INVALID, OUT_OF_RANGE],
};
