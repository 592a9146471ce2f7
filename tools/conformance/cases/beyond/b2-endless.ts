/**
 * Beyond 2, last chapter: messages that grow until the testee ends them [RFC 6455 §10.4].
 *
 * ```
 * begin ─▶ 1 MiB ─▶ 1 MiB ─▶ …      the next one when the last was taken: memory of the testee,
 *                                   and never of the fuzzer, is what fills up
 *   it closes with 1009, or drops TCP          OK
 *   it just stops reading                      NON-STRICT: bounded, and nobody is told
 *   256 MiB are taken, and still no word       FAILED: there is no bound
 * ```
 * A flood has an end, and who survives it has survived it. Here only a limit helps. Whether the
 * close frame arrives is luck: who drops TCP with octets unread resets it, and a reset that meets
 * us while we write takes the frame with it. So both count the same.
 */
import type { CloseFacts } from '../../close-facts.ts';
import type { Behavior, Case, Chapter, Step } from '../../model.ts';
import { closeAfter, frame, frameHead, piece, repeat } from '../../script.ts';
import type { Acting, Stage } from '../../stage.ts';
import { ENDS_AS_IT_LIKES, judgeRefusal } from './ways-to-end.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const STEP_BYTES = 64 * KIB;

/** As much as the bombs inflate to: more than any default limit that we know of. */
const MOST_MIB = 256;

/** The whole case; a testee that reads more slowly than 2 MiB a second is not heard to the end. */
const SECONDS = 120;

/** Without one more MiB taken in this time, nobody reads any more. */
const STALL_SECONDS = 10;

/** When everything has been taken: a refusal may still be on its way. */
const LAST_WORD_SECONDS = 3;

/** How a message begins and goes on. */
interface Growth {
  readonly begin: Step;
  /** Adds `STEP_BYTES`. */
  readonly more: Step;
  /** Codes that say "this is too much for me". */
  readonly refusals: readonly number[];
}

/** Fragments, each as harmless as the one before. */
const FRAGMENTS: Growth = {
  begin: frame(1, '', { fin: false }),
  more: frame(0, repeat('*', STEP_BYTES), { fin: false }),
  refusals: [1009, 1008],
};

/** One frame that has announced 2^40 octets, and keeps its word. */
const ONE_FRAME: Growth = {
  begin: frameHead(2, 2 ** 40),
  more: piece(Buffer.alloc(STEP_BYTES, 0xfe)),
  // As for the lengths of b1.2: some call a frame of that size a protocol error.
  refusals: [1009, 1008, 1002],
};

/** Lets it grow. */
class Growing implements Acting {
  readonly #stage: Stage;
  readonly #growth: Growth;
  readonly #mostMib: number;
  #taken = 0;
  #isDecided = false;

  constructor(stage: Stage, growth: Growth, mostMib: number) {
    this.#stage = stage;
    this.#growth = growth;
    this.#mostMib = mostMib;
  }

  open(): void {
    this.#stage.play([this.#growth.begin, closeAfter(SECONDS)]);
    this.#grow();
    this.#watch(-1);
  }

  message(): void {
    this.#decide('FAILED', 'A message came back that has not ended.');
  }

  gone(facts: CloseFacts): void {
    if (!this.#isDecided) this.#stage.decide(...this.#judgeEnd(facts));
  }

  #grow(): void {
    if (this.#isDecided) return;
    if (this.#taken === this.#mostMib) {
      this.#stage.after(LAST_WORD_SECONDS, () => this.#judgeAll());
      return;
    }
    this.#stage.play(new Array<Step>(MIB / STEP_BYTES).fill(this.#growth.more));
    this.#stage.whenTaken(() => {
      this.#taken += 1;
      this.#grow();
    });
  }

  #watch(before: number): void {
    this.#stage.after(STALL_SECONDS, () => {
      const taken = this.#taken;
      if (taken === before && taken < this.#mostMib) {
        this.#decide(
          'NON-STRICT',
          `After ${taken} MiB the testee stopped reading, without a word.`,
        );
      } else this.#watch(taken);
    });
  }

  #judgeAll(): void {
    if (this.#stage.octetsReceived > (this.#taken * MIB) / 2) {
      this.#decide('OK', 'The testee sends the message back while it comes: it keeps nothing.');
    } else {
      this.#decide('FAILED', `The testee took ${this.#taken} MiB of a message: it has no limit.`);
    }
  }

  #judgeEnd(facts: CloseFacts): readonly [Behavior, string] {
    const much = `${this.#taken} MiB`;
    if (facts.closedByMe)
      return ['FAILED', `In ${SECONDS} seconds ${much} were taken, and no end.`];
    return facts.remoteCloseCode === undefined
      ? ['OK', `The testee dropped the connection after ${much}.`]
      : judgeRefusal(facts, this.#growth.refusals, SECONDS);
  }

  #decide(behavior: Behavior, because: string): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#stage.decide(behavior, because);
    this.#stage.close();
  }
}

/** How the cases go with a load of so many MiB: self-tests give less than the whole. */
export function endlessCases(mostMib: number): readonly Case[] {
  const endless = (id: string, description: string, growth: Growth): Case => ({
    id,
    description,
    expectation:
      `The testee refuses the message with ${growth.refusals.join(' or ')}, or drops TCP, before ` +
      `${mostMib} MiB. Reading no further is not strict: memory is safe, and nobody is told.`,
    script: [],
    expected: { OK: [] },
    close: ENDS_AS_IT_LIKES,
    act: (stage) => new Growing(stage, growth, mostMib),
    isHeavy: true,
    reportTime: true,
  });
  return [
    endless('b2.4.1', 'Text in fragments of 64 KiB, and never a last one.', FRAGMENTS),
    endless('b2.4.2', 'One frame that announces 1 TiB, and its payload for real.', ONE_FRAME),
  ];
}

/** Messages without an end. */
export const ENDLESS: Chapter = {
  id: 'b2.4',
  title: 'Messages without an end',
  source: 'RFC 6455 §10.4',
  rule:
    'An endpoint has a limit on the size of a message, put together from its frames, and looks ' +
    'at it while the message comes.',
  mistake:
    'Measures a message when it is complete. This one never is, and one connection takes all ' +
    'memory there is.',
  cases: endlessCases(MOST_MIB),
};
