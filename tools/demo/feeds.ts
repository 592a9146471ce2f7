/** The ticker's two ways to a page: an event stream, and one held request after the other. */
import type { Exchange } from 'barewire/server';
import { ticksIn } from './ticker.ts';
import { pageOf, type World } from './world.ts';

/** A first visitor sees a tape that is not empty. */
const FIRST_TICKS = 40;

/**
 * The ticker as an event stream; a client that comes back is given what it missed.
 *
 * @param retryMs what the client is told to wait before it comes back.
 */
export function streamEvents(exchange: Exchange, world: World, retryMs: number): void {
  const { log } = world.ticker;
  const events = exchange.eventStream({ replay: log, retry: retryMs });
  if (events.lastEventId === '') {
    // Without ids: they are a picture of the past, not a position in it.
    for (const tick of ticksIn(log.recent(FIRST_TICKS))) {
      events.send({ event: 'tick', data: JSON.stringify(tick) });
    }
  }
  // Everything before this was said before the client came (back).
  events.send({ event: 'live', data: '' });
  const unsubscribe = world.ticker.subscribe((event) => events.send(event));
  world.streams.set(exchange, { page: pageOf(exchange), cut: () => events.abort() });
  exchange.onClose(() => {
    unsubscribe();
    world.streams.delete(exchange);
    world.factsChanged();
  });
  world.factsChanged();
}

/** Cuts the event streams of the page that asks, in the middle of everything. */
export function cutEvents(exchange: Exchange, world: World): void {
  const page = pageOf(exchange);
  if (page === '') return exchange.reject(400);
  for (const stream of world.streams.values()) if (stream.page === page) stream.cut();
  exchange.respond(204);
}

/** The ticker by long polling. */
export async function answerPoll(exchange: Exchange, world: World): Promise<void> {
  // A client that does not name itself is its own page: it replaces nobody.
  const page = pageOf(exchange) || `${exchange.client.address}:${exchange.client.port}`;
  const after = exchange.query.get('after') ?? '';
  const answer = world.desk.poll(page, after, exchange.signal);
  world.factsChanged();
  const json = JSON.stringify(await answer);
  world.factsChanged();
  if (exchange.signal.aborted) return;
  // Answers of this moment are for this moment only [RFC 6202 §5.6].
  const fields = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  exchange.respond(200, { ...fields, 'x-content-type-options': 'nosniff' }, json);
}
