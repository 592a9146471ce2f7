/** The ticker once more, by long polling: one request after the other [RFC 6202 §2]. */
import { pulse } from './bus.ts';
import { duration, find, keepNewest, make, showState, showVerdict } from './dom.ts';
import { pageId } from './identity.ts';
import type { PollAnswer } from './messages.ts';
import { restWhileHidden } from './rest.ts';

const SHOWN_ANSWERS = 7;
/** A bar of full width. */
const FULL_MS = 2_500;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

const list = find('answers');
const button = find<HTMLButtonElement>('poll-toggle');
let running: AbortController | undefined;
let lastId = '';
let newest = 0;

/** Makes the button work. */
export function startPoll(): void {
  let wasRunning = false;
  button.addEventListener('click', () => (running === undefined ? start() : stop('off')));
  restWhileHidden(
    () => {
      wasRunning = running !== undefined;
      if (wasRunning) stop('resting');
    },
    () => {
      if (wasRunning) start();
    },
  );
}

function start(): void {
  running = new AbortController();
  button.setAttribute('aria-pressed', 'true');
  button.textContent = 'Stop polling';
  void pollUntil(running.signal);
}

function stop(why: string): void {
  running?.abort();
  running = undefined;
  button.setAttribute('aria-pressed', 'false');
  button.textContent = 'Start polling';
  list.querySelector('.waiting')?.remove();
  showState('poll-state', 'off', why);
}

async function pollUntil(signal: AbortSignal): Promise<void> {
  let waitMs = FIRST_WAIT_MS;
  while (!signal.aborted) {
    showState('poll-state', 'open', 'held by the server');
    const row = make('li', { class: 'waiting' }, ...cells('…', 'waiting'));
    list.append(row);
    keepNewest(list, SHOWN_ANSWERS);
    try {
      const answer = await ask(signal);
      row.remove();
      if (answer.why === 'replaced') return stop('replaced by a newer poll');
      take(answer);
      waitMs = FIRST_WAIT_MS;
      if (answer.why === 'busy') await sleep(FIRST_WAIT_MS);
    } catch {
      row.remove();
      if (signal.aborted) return;
      // After an error the waits grow: a server in trouble is not helped by more requests.
      showState('poll-state', 'waiting', `again in ${duration(waitMs)}`);
      await sleep(waitMs);
      waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
    }
  }
}

async function ask(signal: AbortSignal): Promise<PollAnswer> {
  const query = new URLSearchParams({ page: pageId, after: lastId });
  const response = await fetch(`/poll?${query}`, { signal, cache: 'no-store' });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as PollAnswer;
}

function take(answer: PollAnswer): void {
  pulse('poll');
  lastId = answer.lastId;
  const first = answer.ticks[0]?.n ?? newest + 1;
  const missed = newest > 0 && answer.why !== 'reset' ? first - newest - 1 : 0;
  newest = answer.ticks.at(-1)?.n ?? newest;
  const row = make(
    'li',
    { 'data-held': answer.heldMs },
    ...cells(duration(answer.heldMs), what(answer)),
  );
  row.style.setProperty('--share', String(Math.min(1, answer.heldMs / FULL_MS)));
  list.append(row);
  keepNewest(list, SHOWN_ANSWERS);
  if (missed > 0) showVerdict('poll-verdict', `${missed} events are missing.`, 'bad');
  else showVerdict('poll-verdict', `Up to event ${newest}, none missed.`, 'good');
}

function what({ ticks, why }: PollAnswer): string {
  if (ticks.length === 0) return why === 'timeout' ? 'nothing in time' : why;
  const numbers = ticks.length === 1 ? `${ticks[0]?.n}` : `${ticks[0]?.n} – ${ticks.at(-1)?.n}`;
  return `event ${numbers}`;
}

function cells(held: string, text: string): HTMLElement[] {
  return [
    make('span', { class: 'held' }, held),
    make('span', { class: 'track' }, make('i')),
    make('span', { class: 'what' }, text),
  ];
}

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
