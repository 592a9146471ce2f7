/**
 * Failures that come later than their call: a callback of the application may be asynchronous, and
 * a rejection that nobody takes would end the process.
 */

/** Whether something may still fail. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** Gives what a callback's promise rejects with to `report`, when it has returned one. */
export function catchLater(result: unknown, report: (error: unknown) => void): void {
  if (isThenable(result)) result.then(undefined, report);
}
