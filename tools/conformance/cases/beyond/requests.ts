/**
 * How requests are bent, and their answers put into words.
 */
import type { Behavior, Case, OpeningAnswer } from '../../model.ts';
import { CLOSES_NORMALLY } from '../../script.ts';

/** A verdict and why. */
export type Verdict = readonly [Behavior, string];

/** What came back, in words. */
export function describe({ status, wasTimeout }: OpeningAnswer): string {
  if (status !== undefined) return `The answer was ${status}.`;
  return wasTimeout ? 'There was no answer.' : 'The connection was closed without an answer.';
}

/** A case about a request. */
export function opening(
  id: string,
  description: string,
  expectation: string,
  edit: (head: string) => string,
  judge: (answer: OpeningAnswer) => Verdict,
): Case {
  return {
    id,
    description,
    expectation,
    script: [],
    expected: { OK: [] },
    close: CLOSES_NORMALLY,
    opening: { request: { edit, judge } },
  };
}

/** Replaces a field line, or removes it. */
export const field =
  (name: string, line: string) =>
  (head: string): string =>
    head.replace(new RegExp(`^${name}:.*\\r\\n`, 'im'), line === '' ? '' : `${line}\r\n`);

/** Adds lines at the end of the head, and octets behind it. */
export const adding =
  (lines: string, behind = '') =>
  (head: string): string =>
    `${head.slice(0, -2)}${lines}\r\n\r\n${behind}`;

/** Replaces something else. */
export const replacing =
  (from: string | RegExp, to: string) =>
  (head: string): string =>
    head.replace(from, to);

/** As `400, 404 or 426`. */
const either = (statuses: readonly number[]): string =>
  statuses.join(', ').replace(/, (\d+)$/, ' or $1');

/** Anything but 101, best one of these statuses. */
export const refuses =
  (...best: readonly number[]) =>
  (answer: OpeningAnswer): Verdict => {
    const said = describe(answer);
    if (answer.status === 101 || answer.wasTimeout) return ['FAILED', said];
    if (answer.status !== undefined && best.includes(answer.status)) return ['OK', said];
    return ['NON-STRICT', `${said} Better: ${either(best)}.`];
  };

const accepts = (answer: OpeningAnswer): Verdict => [
  answer.status === 101 ? 'OK' : 'FAILED',
  describe(answer),
];

/** What there is to say about a request: why it matters, where it is ruled, the best answers. */
export interface Note {
  readonly why: string;
  readonly source?: string;
  readonly best?: readonly number[];
}

/** A case in which the server must not open the connection. */
export const refused = (
  id: string,
  description: string,
  edit: (head: string) => string,
  { best = [400], ...lesson }: Note,
): Case => {
  const expectation = `The server refuses, best with ${either(best)}.`;
  return { ...opening(id, description, expectation, edit, refuses(...best)), ...lesson };
};

/** A case in which it must. */
export const accepted = (
  id: string,
  description: string,
  edit: (head: string) => string,
  lesson: Omit<Note, 'best'>,
): Case => ({ ...opening(id, description, 'The server accepts.', edit, accepts), ...lesson });
