/**
 * How the cases of our own judge: a few ways to end that the original's tables have no words for.
 */
import type { CloseFacts } from '../../close-facts.ts';
import type { Behavior, Case, CloseExpectation, Step } from '../../model.ts';
import { CLOSES_NORMALLY, closeAfter, FAILS_WITH_1002, killAfter } from '../../script.ts';
import type { Acting, Stage } from '../../stage.ts';

/** The case itself says how it may end. */
export const ENDS_AS_IT_LIKES: CloseExpectation = {
  closedByMe: true,
  codes: [],
  requireClean: false,
  isPartOfCase: true,
};

/** The testee fails the connection, with one of these codes or by dropping TCP. */
export const failsWith = (...codes: readonly number[]): CloseExpectation => ({
  closedByMe: false,
  codes,
  requireClean: false,
  wrongEndIsFatal: true,
});

/** The same for a bad close frame: without the code 1002 it would look like a good answer to it. */
export const REFUSED_CLOSE: CloseExpectation = {
  ...failsWith(1002),
  wrongCodeIsFatal: true,
  needsCode: true,
};

/** A case in which nothing comes back; how it ends is what `more` says. */
function silentCase(
  id: string,
  description: string,
  steps: readonly Step[],
  more: Pick<Case, 'expectation' | 'close'> & Partial<Case>,
): Case {
  return { id, description, script: [...steps, killAfter(1)], expected: { OK: [] }, ...more };
}

/** A case whose steps break a rule: nothing comes back, and the testee ends it. */
export function refusedCase(
  id: string,
  description: string,
  steps: readonly Step[],
  more: Partial<Case> = {},
): Case {
  return silentCase(id, description, steps, {
    expectation: 'The testee fails the connection at once; nothing comes back.',
    close: { ...FAILS_WITH_1002, wrongEndIsFatal: true },
    ...more,
  });
}

/** A case whose steps close the connection: nothing comes back but the answer. */
export function closedCase(
  id: string,
  description: string,
  steps: readonly Step[],
  more: Partial<Case> = {},
): Case {
  return silentCase(id, description, steps, {
    expectation: 'The close frame is answered, and nothing else comes.',
    close: { ...CLOSES_NORMALLY, wrongCodeIsFatal: true },
    autoClose: false,
    ...more,
  });
}

/** What a testee under load may do. */
export interface Load {
  readonly steps: readonly Step[];
  /** Judges the echo, when one comes. */
  readonly isEcho: (payload: Buffer, isBinary: boolean) => boolean;
  /** The verdict for carrying it all. */
  readonly echoed: Behavior;
  /** Codes that say "this is too much for me". */
  readonly refusals: readonly number[];
  readonly seconds: number;
}

/**
 * A load that a testee may carry or refuse, as long as it does one of the two and says so.
 */
export const judgeLoad =
  ({ steps, isEcho, echoed, refusals, seconds }: Load) =>
  (stage: Stage): Acting => {
    let isDecided = false;
    const decide = (behavior: Behavior, because: string): void => {
      isDecided = true;
      stage.decide(behavior, because);
    };
    return {
      open(): void {
        stage.play([...steps, closeAfter(seconds)]);
      },
      message(payload, isBinary): void {
        if (isEcho(payload, isBinary)) decide(echoed, 'The testee has carried the whole load.');
        else decide('FAILED', 'The echo differs from what was sent.');
        stage.close();
      },
      gone(facts): void {
        if (!isDecided) decide(...judgeRefusal(facts, refusals, seconds));
      },
    };
  };

/** How a testee ended a connection of its own accord that was too much for it. */
export function judgeRefusal(
  facts: CloseFacts,
  refusals: readonly number[],
  seconds: number,
): readonly [Behavior, string] {
  const { remoteCloseCode: code, closedByMe } = facts;
  if (closedByMe) return ['FAILED', `Neither carried nor refused within ${seconds} seconds.`];
  if (code === undefined)
    return ['NON-STRICT', 'The testee dropped the connection without a word.'];
  return refusals.includes(code)
    ? ['OK', `The testee refused the load with ${code}.`]
    : ['FAILED', `The testee closed with ${code}, which says something else.`];
}
