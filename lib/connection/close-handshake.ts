/**
 * The closing handshake as a table [RFC 6455 §7].
 *
 * ```
 *                 close sent                       close received
 *   open ───────────────────────► close-sent ───────────────────────► exchanged
 *     │  close received                                                   ▲   │
 *     ├───────────────────────► close-received ── close sent ─────────────┘   │ transport gone
 *     │  a rule was broken                                                    ▼
 *     └───────────────────────► failed ──────── transport gone ──────────► closed
 * ```
 * Law 1: at most one close frame leaves, and nothing but the transport's end follows it.
 * Law 2: after a close frame came, or after failing, whatever else comes is ignored.
 * Law 3: every way out ends in `closed`, and `closed` is entered once.
 *
 * This file knows neither frames nor timers: who may move, and where to.
 */

/** Where a connection stands in its closing handshake. */
export type CloseState =
  | 'open'
  | 'close-sent'
  | 'close-received'
  | 'exchanged'
  | 'failed'
  | 'closed';

/** What may happen to a connection, as far as closing is concerned. */
export type CloseEvent = 'send-close' | 'receive-close' | 'fail' | 'transport-gone';

/** The transition table: a missing cell is an illegal move. */
export const CLOSE_TRANSITIONS: Readonly<
  Record<CloseState, Readonly<Partial<Record<CloseEvent, CloseState>>>>
> = Object.freeze({
  open: {
    'send-close': 'close-sent',
    'receive-close': 'close-received',
    fail: 'failed',
    'transport-gone': 'closed',
  },
  'close-sent': { 'receive-close': 'exchanged', fail: 'failed', 'transport-gone': 'closed' },
  'close-received': { 'send-close': 'exchanged', fail: 'failed', 'transport-gone': 'closed' },
  exchanged: { 'transport-gone': 'closed' },
  failed: { 'transport-gone': 'closed' },
  closed: {},
});

/** The state that `event` leads to, or `undefined` where the table has no cell for it. */
export function nextCloseState(state: CloseState, event: CloseEvent): CloseState | undefined {
  return CLOSE_TRANSITIONS[state][event];
}

/** True while input still means something: before the peer's close frame and before a failure. */
export function isReadable(state: CloseState): boolean {
  return state === 'open' || state === 'close-sent';
}

/** True while frames may still be written: before our own close frame [RFC 6455 §5.5.1]. */
export function isWritable(state: CloseState): boolean {
  return state === 'open' || state === 'close-received';
}
