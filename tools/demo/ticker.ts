/** The demo's source of events: a value that wanders, told at irregular moments and remembered. */
import { EventStreamReader, type LoggedEvent, ReplayLog } from 'barewire/sse';
import type { Tick } from './page/messages.ts';

const SHORTEST_PAUSE_MS = 350;
const LONGEST_PAUSE_MS = 1500;

/** What a ticker takes from the world. */
export interface TickerOptions {
  /** Names this run, so that positions of an earlier one are recognised. */
  readonly epoch: string;
  readonly now?: () => number;
  /** 0 – 1, as `Math.random`. */
  readonly random?: () => number;
}

/** Counts events, keeps them in a log, and tells whoever listens. */
export class Ticker {
  readonly log: ReplayLog;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #listeners = new Set<(event: LoggedEvent) => void>();
  #timer: NodeJS.Timeout | undefined;
  #n = 0;
  #value = 50;

  constructor({ epoch, now = Date.now, random = Math.random }: TickerOptions) {
    this.log = new ReplayLog({ epoch });
    this.#now = now;
    this.#random = random;
  }

  /** Calls `listener` with each event from now on; the returned function ends that. */
  subscribe(listener: (event: LoggedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes one event now. */
  tick(): LoggedEvent {
    this.#n += 1;
    const pull = (50 - this.#value) * 0.08;
    this.#value = Math.min(98, Math.max(4, this.#value + pull + (this.#random() - 0.5) * 34));
    const tick: Tick = { n: this.#n, value: Math.round(this.#value), at: this.#now() };
    const event = this.log.append({ event: 'tick', data: JSON.stringify(tick) });
    for (const listener of this.#listeners) listener(event);
    return event;
  }

  /** Ticks by itself until {@link stop}. */
  start(): void {
    const pause = SHORTEST_PAUSE_MS + this.#random() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS);
    this.#timer = setTimeout(() => {
      this.tick();
      this.start();
    }, pause);
    this.#timer.unref();
  }

  /** Ticks no more. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Reads ticks back from the text of logged events, as any client does. */
export function ticksIn(events: readonly LoggedEvent[]): Tick[] {
  const ticks: Tick[] = [];
  const reader = new EventStreamReader({
    event: ({ data }) => ticks.push(JSON.parse(data) as Tick),
    retry: () => undefined,
    failed: (error) => {
      throw error;
    },
  });
  for (const { text } of events) reader.receive(Buffer.from(text));
  return ticks;
}
