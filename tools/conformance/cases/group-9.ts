/**
 * Group 9, limits and performance: large messages, many fragments, many small writes, many turns.
 *
 * The content is not compared here, only type and length: the point is that the echo comes at all,
 * and how long it takes. A testee with a limit fails visibly, which is not wrong as such: a limit
 * on messages or fragments is good practice [RFC 6455 §10.4]. But a default below these sizes
 * surprises users, and whoever chooses one should know.
 */
import type { Case, Chapter, Group, Step } from '../model.ts';
import { CLOSES_NORMALLY, closeAfter, message, repeat, text } from '../script.ts';
import type { Acting, Stage } from '../stage.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const TEXT_PATTERN = 'BAsd7&jh23';
const BINARY_PATTERN = Buffer.from('00fe23faf0', 'hex');

type Type = 'text' | 'binary';
const opcodeOf = (type: Type): 1 | 2 => (type === 'text' ? 1 : 2);

/** What one echo must look like. */
interface Shape {
  readonly type: Type;
  readonly length: number;
  readonly seconds: number;
}

/** Judges the first echo by type and length, then closes. */
const judgeFirstEcho =
  ({ type, length, seconds }: Shape, steps: readonly Step[]) =>
  (stage: Stage): Acting => ({
    open(): void {
      stage.decide(
        'FAILED',
        `No message came back before the end; ${seconds} seconds are allowed.`,
      );
      stage.play([...steps, closeAfter(seconds)]);
    },
    message(payload, isBinary): void {
      if (isBinary !== (type === 'binary')) stage.decide('FAILED', 'The echo has another type.');
      else if (payload.length !== length) {
        stage.decide('FAILED', `The echo has ${payload.length} octets instead of ${length}.`);
      } else stage.decide('OK', 'The echo has the right type and length.');
      stage.close();
    },
  });

/** Sends the next message when the last has come back, `turns` times. */
const judgeTurns =
  ({ type, length, seconds }: Shape, turns: number) =>
  (stage: Stage): Acting => {
    const payload = Buffer.alloc(length, type === 'text' ? '*' : 0xfe);
    let done = 0;
    const send = (): void => stage.sendMessage(payload, type === 'binary', 0);
    return {
      open(): void {
        stage.decide(
          'FAILED',
          `Not all of ${turns} came back before the end; ${seconds} seconds are allowed.`,
        );
        send();
        stage.play([closeAfter(seconds)]);
      },
      message(echo, isBinary): void {
        done += 1;
        const isRight = isBinary === (type === 'binary') && echo.length === length;
        if (isRight && done < turns) {
          send();
          return;
        }
        if (isRight) stage.decide('OK', `${turns} messages have come back one after another.`);
        else stage.decide('FAILED', `Echo ${done} has another type or length.`);
        stage.close();
      },
    };
  };

function limitCase(id: string, description: string, act: (stage: Stage) => Acting): Case {
  return {
    id,
    description,
    expectation: 'The echo has the same type and length.',
    script: [],
    expected: { OK: [] },
    close: CLOSES_NORMALLY,
    act,
    isHeavy: true,
    reportTime: true,
  };
}

/** 9.1, 9.2: one frame of growing size. */
function growing(id: string, type: Type, seconds: readonly number[]): readonly Case[] {
  const sizes = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
  return sizes.map((length, index) => {
    const payload = repeat(type === 'text' ? TEXT_PATTERN : BINARY_PATTERN, length);
    const shape = { type, length, seconds: seconds[index]! };
    const description = `A ${type} message of ${length} octets in one frame.`;
    const steps = [message(opcodeOf(type), payload)];
    return limitCase(`${id}.${index + 1}`, description, judgeFirstEcho(shape, steps));
  });
}

/** 9.3, 9.4: four MiB in fragments of growing size, an empty last one included. */
function fragmented(id: string, type: Type): readonly Case[] {
  const length = 4 * MIB;
  return Array.from({ length: 9 }, (_, index) => {
    const size = 64 * 4 ** index;
    // In the original only the first of the binary cases has FE: the asterisk is no slip of ours.
    const payload = repeat(id === '9.4' && index === 0 ? Buffer.of(0xfe) : '*', length);
    const shape = { type, length, seconds: 100 };
    const description = `A ${type} message of ${length} octets in fragments of ${size}.`;
    const steps = [message(opcodeOf(type), payload, size)];
    return limitCase(`${id}.${index + 1}`, description, judgeFirstEcho(shape, steps));
  });
}

/** 9.5, 9.6: one MiB in one frame, in writes of growing size. */
function chopped(id: string, type: Type): readonly Case[] {
  const length = MIB;
  return Array.from({ length: 6 }, (_, index) => {
    const chop = 64 * 2 ** index;
    const payload = repeat(type === 'text' ? TEXT_PATTERN : BINARY_PATTERN, length);
    const shape = { type, length, seconds: 1000 };
    const description = `A ${type} message of ${length} octets, written ${chop} octets at a time.`;
    const step = { ...text(payload, { chop }), opcode: opcodeOf(type) } as Step;
    return limitCase(`${id}.${index + 1}`, description, judgeFirstEcho(shape, [step]));
  });
}

/** 9.7, 9.8: a thousand round trips of growing size. */
function roundTrips(id: string, type: Type): readonly Case[] {
  const sizes = [0, 16, 64, 256, 1024, 4096];
  const seconds = [60, 60, 60, 120, 240, 480];
  return sizes.map((length, index) => {
    const shape = { type, length, seconds: seconds[index]! };
    const description = `1000 ${type} messages of ${length} octets, each after the echo before.`;
    return limitCase(`${id}.${index + 1}`, description, judgeTurns(shape, 1000));
  });
}

const chapter = (
  id: string,
  title: string,
  rule: string,
  mistake: string,
  cases: readonly Case[],
  source = 'RFC 6455 §5.2',
): Chapter => ({ id, title, source, rule, mistake, cases });

const LARGE = 'A frame may carry more than any buffer holds; it arrives in many reads.';
const LARGE_MISTAKE =
  'Copies all that has arrived on every read, which takes quadratic time, or reads the 64 bits ' +
  'of the length as 32.';
const PIECES = 'How a message is cut into fragments is no business of the application.';
const PIECES_MISTAKE =
  'Counts fragments against a limit that 65537 exceed, or joins them pairwise, in quadratic time.';
const CHOPS = 'How octets are cut into TCP segments is no business of the protocol.';
const CHOPS_MISTAKE = 'Parses the frame from its beginning on each read.';
const TURNS =
  'Small messages go back and forth without waiting: TCP lets an application turn off the ' +
  'algorithm that collects them.';
const TURNS_SOURCE = 'RFC 9293 §3.7.4';
const TURNS_MISTAKE = 'Leaves Nagle’s algorithm on, which adds 40 ms to every turn.';

/** Limits and performance. */
export const GROUP_9: Group = {
  id: '9',
  title: 'Limits/Performance',
  chapters: [
    chapter(
      '9.1',
      'Text messages of growing size',
      LARGE,
      LARGE_MISTAKE,
      growing('9.1', 'text', [10, 10, 100, 100, 100, 100]),
    ),
    chapter(
      '9.2',
      'Binary messages of growing size',
      LARGE,
      LARGE_MISTAKE,
      growing('9.2', 'binary', [10, 10, 10, 10, 100, 100]),
    ),
    chapter(
      '9.3',
      'Text in fragments of growing size',
      PIECES,
      PIECES_MISTAKE,
      fragmented('9.3', 'text'),
      'RFC 6455 §5.4',
    ),
    chapter(
      '9.4',
      'Binary in fragments of growing size',
      PIECES,
      PIECES_MISTAKE,
      fragmented('9.4', 'binary'),
      'RFC 6455 §5.4',
    ),
    chapter('9.5', 'Text in writes of growing size', CHOPS, CHOPS_MISTAKE, chopped('9.5', 'text')),
    chapter(
      '9.6',
      'Binary in writes of growing size',
      CHOPS,
      CHOPS_MISTAKE,
      chopped('9.6', 'binary'),
    ),
    chapter(
      '9.7',
      'Round trips of text',
      TURNS,
      TURNS_MISTAKE,
      roundTrips('9.7', 'text'),
      TURNS_SOURCE,
    ),
    chapter(
      '9.8',
      'Round trips of binary',
      TURNS,
      TURNS_MISTAKE,
      roundTrips('9.8', 'binary'),
      TURNS_SOURCE,
    ),
  ],
};
