/**
 * One call later: for deadlines that are few, such as those of opening handshakes. What is many has
 * the ticker.
 */

/** Calls back once after so many ms, unless the returned function is called before. */
export type Alarm = (delayMs: number, due: () => void) => () => void;

/** An alarm on the system's clock. `Infinity` never comes. */
export const systemAlarm: Alarm = (delayMs, due) => {
  if (delayMs === Number.POSITIVE_INFINITY) return () => {};
  const timer = setTimeout(due, delayMs);
  return () => clearTimeout(timer);
};
