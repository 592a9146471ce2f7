/**
 * Beyond 3, part of its first chapter: pings from somebody who does not read the answers
 * [RFC 6455 §5.5.3].
 *
 * ```
 * ping ping ping …  ──▶ testee ──▶ pong pong pong … │ nobody takes them
 *
 *   it stops reading, refuses, or drops TCP          OK
 *   64 MiB are taken, and few pongs were kept        OK: the last ones are enough
 *   64 MiB are taken, and all their pongs come out   FAILED: they lay in its memory
 * ```
 */
import type { CloseFacts } from '../../close-facts.ts';
import type { Behavior, Case, Step } from '../../model.ts';
import { closeAfter, ping, repeat } from '../../script.ts';
import type { Acting, Stage } from '../../stage.ts';
import { ENDS_AS_IT_LIKES, judgeRefusal } from './ways-to-end.ts';

const MIB = 1024 * 1024;

/** Several times what the kernel keeps for both sides. */
const MOST_MIB = 64;

const SECONDS = 120;

/** Without one more MiB taken in this time, the testee has stopped reading. */
const STALL_SECONDS = 5;

/** Without another octet in this time, all answers that were kept have come out. */
const QUIET_SECONDS = 3;

const PING: Step = ping(repeat('p', 125));

/** About a MiB: 125 octets, a header, and a mask or not. */
const ONE_MIB = new Array<Step>(8192).fill(PING);

class Unread implements Acting {
  readonly #stage: Stage;
  readonly #mostMib: number;
  #taken = 0;
  #isDecided = false;

  constructor(stage: Stage, mostMib: number) {
    this.#stage = stage;
    this.#mostMib = mostMib;
  }

  open(): void {
    this.#stage.setReading(false);
    this.#stage.play([closeAfter(SECONDS)]);
    this.#ask();
    this.#watch(-1);
  }

  message(): void {
    this.#decide('FAILED', 'A message came back.');
  }

  gone(facts: CloseFacts): void {
    if (this.#isDecided) return;
    const isDrop = facts.remoteCloseCode === undefined && !facts.closedByMe;
    const dropped = ['OK', `The testee dropped the connection after ${this.#taken} MiB.`] as const;
    this.#stage.decide(...(isDrop ? dropped : judgeRefusal(facts, [1008, 1009], SECONDS)));
  }

  #ask(): void {
    if (this.#isDecided) return;
    if (this.#taken === this.#mostMib) {
      this.#stage.setReading(true);
      this.#judgeAnswers(-1);
      return;
    }
    this.#stage.play(ONE_MIB);
    this.#stage.whenTaken(() => {
      this.#taken += 1;
      this.#ask();
    });
  }

  #watch(before: number): void {
    this.#stage.after(STALL_SECONDS, () => {
      const taken = this.#taken;
      if (taken === this.#mostMib) return;
      if (taken > before) this.#watch(taken);
      else this.#decide('OK', `After ${taken} MiB the testee waited until it can answer.`);
    });
  }

  /** Once no more of them come, or there are too many. */
  #judgeAnswers(before: number): void {
    const { octetsReceived } = this.#stage;
    const kept = Math.round(octetsReceived / MIB);
    if (octetsReceived > (this.#mostMib * MIB) / 2) {
      this.#decide('FAILED', `The testee kept ${kept} MiB of answers, or more, that nobody took.`);
    } else if (octetsReceived === before) {
      this.#decide('OK', `Of the answers ${kept} MiB were kept, the kernel's part among them.`);
    } else this.#stage.after(QUIET_SECONDS, () => this.#judgeAnswers(octetsReceived));
  }

  #decide(behavior: Behavior, because: string): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#stage.decide(behavior, because);
    this.#stage.setReading(true);
    this.#stage.close();
  }
}

/** Pings without end. Self-tests give less than the whole load. */
export const unreadPings = (mostMib = MOST_MIB): Case => ({
  id: 'b3.1.3',
  description: 'Pings, and more of them, from somebody who does not read the answers.',
  expectation:
    `The testee reads no further, ends the connection, or answers the last pings only. Half of ` +
    `the answers to ${mostMib} MiB of pings is too much to keep.`,
  script: [],
  expected: { OK: [] },
  close: ENDS_AS_IT_LIKES,
  act: (stage) => new Unread(stage, mostMib),
  isHeavy: true,
  reportTime: true,
});
