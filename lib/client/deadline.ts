/**
 * One deadline over a whole attempt, joined with the signal of the caller.
 */
import { ProtocolError } from '../base/index.ts';
import type { ClientWorld } from './world.ts';

/** How long an attempt may take, in ms, and who may give it up. */
export interface Attempted {
  readonly options: { readonly signal?: AbortSignal | undefined };
  readonly timeoutMs: number;
}

/** Waits without using up the time of the attempt. */
export type Uncounted = <Value>(wait: () => Promise<Value>) => Promise<Value>;

/**
 * Makes an attempt whose signal is aborted by the caller's signal, or with a ProtocolError
 * `handshake-timeout` when time is up. It is the attempt's business to end then.
 */
export async function withDeadline<Result>(
  { options, timeoutMs }: Attempted,
  world: ClientWorld,
  attempt: (signal: AbortSignal, uncounted: Uncounted) => Promise<Result>,
): Promise<Result> {
  const { signal } = options;
  const aborter = new AbortController();
  const abort = (): void => aborter.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  let leftMs = timeoutMs;
  let sinceMs = 0;
  let clear = (): void => {};
  const start = (): void => {
    sinceMs = world.now();
    clear = world.after(leftMs, () => {
      aborter.abort(new ProtocolError('handshake-timeout', `${timeoutMs} ms`));
    });
  };
  const uncounted: Uncounted = async (wait) => {
    clear();
    leftMs = Math.max(0, leftMs - (world.now() - sinceMs));
    try {
      return await wait();
    } finally {
      start();
    }
  };
  start();
  try {
    return await attempt(aborter.signal, uncounted);
  } finally {
    clear();
    signal?.removeEventListener('abort', abort);
  }
}
