/** The ticker by EventSource, and the proof that a cut costs nothing. */
import { pulse } from './bus.ts';
import { duration, find, keepNewest, make, showState, showText, showVerdict } from './dom.ts';
import { pageId } from './identity.ts';
import type { Tick } from './messages.ts';
import { restWhileHidden } from './rest.ts';

const SHOWN_TICKS = 64;

const tape = find('tape');
const button = find<HTMLButtonElement>('cut');
const counts = { received: 0, replayed: 0, missed: 0, doubled: 0 };
let newest = 0;
let lastId = '';
let lostAt: number | undefined;
let openedAt = 0;
/** Since the connection is back, until the server says that what comes now is new. */
let isCatchingUp = true;
let replayedNow = 0;

/** Keeps an event stream open as long as the page is looked at. */
export function startEvents(): void {
  let source = open();
  restWhileHidden(
    () => {
      source.close();
      lose();
      showState('events-state', 'off', 'resting');
    },
    () => {
      source = open();
    },
  );
  button.addEventListener('click', async () => {
    button.disabled = true;
    showVerdict('events-verdict', 'Cut. The browser comes back by itself …');
    await fetch(`/events/cut?page=${pageId}`, { method: 'POST' });
  });
}

/** Opens the stream where the last one stopped; while it lives, the browser reconnects it. */
function open(): EventSource {
  const query = new URLSearchParams({ page: pageId, lastEventId: lastId });
  const source = new EventSource(`/events?${query}`);
  source.onopen = () => {
    showState('events-state', 'open', 'open');
    openedAt = performance.now();
    isCatchingUp = true;
    replayedNow = 0;
  };
  source.onerror = () => {
    const isOver = source.readyState === EventSource.CLOSED;
    showState('events-state', isOver ? 'failed' : 'waiting', isOver ? 'refused' : 'reconnecting');
    lose();
  };
  source.addEventListener('tick', (event) => {
    pulse('events');
    take(JSON.parse(event.data) as Tick, event.lastEventId);
  });
  source.addEventListener('live', () => {
    isCatchingUp = false;
    settle();
  });
  source.addEventListener('reset', (event) => {
    // The server cannot continue from our position: it was restarted, or we were away too long.
    newest = 0;
    const { reason } = JSON.parse(event.data) as { reason: string };
    showVerdict('events-verdict', `The server cannot continue from there: ${reason}.`, 'bad');
    lostAt = undefined;
  });
  return source;
}

/** From here on events are missed, until they are caught up. */
function lose(): void {
  button.disabled = true;
  if (lostAt === undefined && newest > 0) tape.append(make('i', { class: 'cut' }));
  lostAt ??= performance.now();
}

function take(tick: Tick, id: string): void {
  if (newest > 0 && tick.n <= newest) {
    counts.doubled += 1;
    show(id);
    return;
  }
  const lost = newest > 0 ? tick.n - newest - 1 : 0;
  counts.missed += lost;
  for (let n = 0; n < Math.min(lost, 10); n += 1) addBar('lost', 100, 'missed');
  const isReplayed = isCatchingUp && lostAt !== undefined;
  newest = tick.n;
  counts.received += 1;
  if (isReplayed) {
    counts.replayed += 1;
    replayedNow += 1;
  }
  addBar(isReplayed ? 'replayed' : '', tick.value, `event ${tick.n}`);
  show(id);
}

/** Everything that was waiting has come. */
function settle(): void {
  button.disabled = false;
  if (lostAt === undefined) return;
  const away = duration(openedAt - lostAt);
  lostAt = undefined;
  const caughtUp = replayedNow === 1 ? '1 event' : `${replayedNow} events`;
  showVerdict(
    'events-verdict',
    counts.missed === 0
      ? `Back after ${away}: ${caughtUp} caught up, none missed.`
      : `Back after ${away}, and ${counts.missed} events are missing.`,
    counts.missed === 0 ? 'good' : 'bad',
  );
}

function addBar(kind: string, value: number, title: string): void {
  const bar = make('i', { class: kind, title });
  bar.style.setProperty('--value', String(Math.max(4, value)));
  tape.append(bar);
  keepNewest(tape, SHOWN_TICKS);
}

function show(id: string): void {
  lastId = id;
  showText('events-received', counts.received);
  showText('events-replayed', counts.replayed);
  showText('events-missed', counts.missed);
  showText('events-doubled', counts.doubled);
  showText('events-id', id);
}
