/**
 * Functions of the application that are called out of an event of a socket or a timer: nobody above
 * them could take a failure, and one that nobody takes ends the process. They may be asynchronous,
 * so a failure may come later than the call.
 */
import { UsageError } from './errors.ts';

/** Whether something may still fail. Promises of other libraries count as well. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/**
 * Calls something, and gives what it throws, or rejects with later, to `report`. Nobody waits for
 * it.
 */
export function callSafely(callback: () => unknown, report: (error: unknown) => void): void {
  try {
    const result = callback();
    if (isThenable(result)) result.then(undefined, report);
  } catch (error) {
    report(error);
  }
}

/** What was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/**
 * Reads what a predicate has answered. A promise is truthy, so an asynchronous predicate would say
 * yes to everybody.
 *
 * @param what names the predicate, for people.
 * @throws UsageError `invalid-argument` for anything but `true` and `false`.
 */
export function readVerdict(answer: unknown, what: string): boolean {
  if (typeof answer === 'boolean') return answer;
  // It is refused already, and what it rejects with changes nothing.
  if (isThenable(answer)) answer.then(undefined, () => {});
  throw new UsageError('invalid-argument', `${what} must answer true or false, and at once`);
}
