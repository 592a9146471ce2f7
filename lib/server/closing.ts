/**
 * The end of a server: waits until everybody has left, and throws out who has not at the deadline.
 */
import type { Acceptor } from './acceptor.ts';
import { Deadline, type TimerWheel } from './clock.ts';

/** Options of `server.close`. */
export interface CloseOptions {
  /** How long answers may take to be completed, in ms; then they are cut. Default 10 s. */
  readonly deadlineMs?: number | undefined;
}

/** What closing had to do. */
export interface CloseResult {
  /** Connections that were cut at the deadline. */
  readonly cut: number;
}

/** Resolves when no connection is open any more. */
export function untilEveryoneLeft(
  acceptor: Acceptor,
  wheel: TimerWheel,
  deadlineMs: number,
): Promise<CloseResult> {
  return new Promise((resolve) => {
    let cut = 0;
    const deadline = new Deadline(wheel, acceptor, () => {
      cut = acceptor.cut();
    });
    deadline.setIn(deadlineMs);
    // The wheel's timer keeps no process alive, and neither does a socket that nobody reads.
    const vigil = setInterval(() => undefined, 2 ** 30);
    acceptor.whenEmpty(() => {
      deadline.clear();
      clearInterval(vigil);
      resolve({ cut });
    });
  });
}
