/**
 * One call later: for deadlines that are few, such as those of opening handshakes. What is many has
 * the ticker.
 */

/** Calls back once after so many ms, unless the returned function is called before. */
export type Alarm = (delayMs: number, due: () => void) => () => void;

/** What a timer can hold: 24 days. It takes a longer time for no time at all. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** An alarm on the system's clock. `Infinity` never comes; nothing else waits beyond 24 days. */
export const systemAlarm: Alarm = (delayMs, due) => {
  if (delayMs === Number.POSITIVE_INFINITY) return () => {};
  const timer = setTimeout(due, Math.min(delayMs, MAX_TIMER_MS));
  return () => clearTimeout(timer);
};
