import {
  CLOSE_TRANSITIONS,
  type CloseEvent,
  type CloseState,
  isReadable,
  isWritable,
  nextCloseState,
} from 'barewire/connection';
import t from 'tap';

const STATES = Object.keys(CLOSE_TRANSITIONS) as CloseState[];
const EVENTS: readonly CloseEvent[] = ['send-close', 'receive-close', 'fail', 'transport-gone'];

interface Reached {
  readonly state: CloseState;
  readonly sent: number;
  readonly received: number;
}

/** Every state that can be reached from `open`, with the close frames that were passed on the way. */
function walk(): Reached[] {
  const found = new Map<string, Reached>();
  const visit = (state: CloseState, sent: number, received: number): void => {
    const key = `${state} ${sent} ${received}`;
    if (found.has(key) || sent > 2 || received > 2) return;
    found.set(key, { state, sent, received });
    for (const event of EVENTS) {
      const next = nextCloseState(state, event);
      if (next === undefined) continue;
      const sends = Number(event === 'send-close');
      visit(next, sent + sends, received + Number(event === 'receive-close'));
    }
  };
  visit('open', 0, 0);
  return [...found.values()];
}

t.test('reaches every state, and passes at most one close frame each way on every path', (t) => {
  const reached = walk();
  t.strictSame(new Set(reached.map(({ state }) => state)), new Set(STATES));
  t.ok(reached.every(({ sent, received }) => sent <= 1 && received <= 1));
  const exchanged = reached.filter(({ state }) => state === 'exchanged');
  t.ok(exchanged.every(({ sent, received }) => sent === 1 && received === 1));
  t.end();
});

t.test('ends in closed from everywhere, and stays there', (t) => {
  for (const state of STATES.filter((name) => name !== 'closed')) {
    t.equal(nextCloseState(state, 'transport-gone'), 'closed');
  }
  for (const event of EVENTS) t.equal(nextCloseState('closed', event), undefined);
  t.end();
});

t.test('reads until a close frame came, and writes until ours left', (t) => {
  t.strictSame(STATES.filter(isReadable), ['open', 'close-sent']);
  t.strictSame(STATES.filter(isWritable), ['open', 'close-received']);
  t.end();
});
