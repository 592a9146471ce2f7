/**
 * The end of a turn: everything sent by one run of user code leaves in one write per connection.
 *
 * One `nextTick` serves all connections of the process, however many took part in the turn: a
 * broadcast to ten thousand peers schedules one callback. Code that runs in promise jobs is part of
 * the turn, because ticks come after them.
 */

/** Something with output that waits for the end of the turn. */
export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];

/** Calls `flush()` at the end of this turn. Call it once per object and turn. */
export function flushAtTurnEnd(flushable: Flushable): void {
  if (waiting.length === 0) process.nextTick(flushAll);
  waiting.push(flushable);
}

function flushAll(): void {
  const batch = waiting;
  waiting = [];
  let index = 0;
  try {
    while (index < batch.length) batch[index++]!.flush();
  } finally {
    // What one throws is loud, and must not silence those behind it, who will not ask again.
    for (const flushable of batch.slice(index)) flushAtTurnEnd(flushable);
  }
}
