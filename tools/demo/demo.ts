/**
 * The demo's server: one page and five ways to keep it up to date, all on one port.
 *
 * ```
 *  GET  /  /page/…       the page                               respond
 *  GET  /chat            WebSocket, watched                     upgrade
 *  GET  /wire            WebSocket: what the watching saw       upgrade
 *  GET  /events          the ticker, with catch-up              event stream
 *  POST /events/cut      cuts the page's own event stream       respond
 *  GET  /poll            the ticker by long polling             respond, later
 *  GET  /progress        work that takes its time               stream
 *  GET  /hijack          an answer by hand                      hijack
 * ```
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type Exchange, type Server } from 'barewire/server';
import { type Asset, readAssets } from './assets.ts';
import { answerPoll, cutEvents, streamEvents } from './feeds.ts';
import { answerByHand } from './handwritten.ts';
import { joinChat, watchWire } from './websockets.ts';
import { pageOf, World } from './world.ts';

/** Settings of a demo; the times make specs quick. */
export interface DemoOptions {
  /** Names this run, so that what a page knows of an earlier one is recognised. */
  readonly run?: string;
  /** Between two steps of the progress. */
  readonly stepMs?: number;
  /** Between two lines of the answer by hand. */
  readonly lineMs?: number;
  /** What event streams tell a client to wait before it comes back. */
  readonly retryMs?: number;
}

type Handler = (exchange: Exchange) => unknown;

/** Makes the demo's server. It listens, and its ticker ticks, when they are told to. */
export function createDemo(options: DemoOptions = {}): { server: Server; world: World } {
  const { run = Date.now().toString(36), stepMs = 60, lineMs = 180 } = options;
  // Long enough to miss some events after a cut, short enough to watch.
  const { retryMs = 2000 } = options;
  const assets = readAssets();
  const world = new World(run);
  const routes = new Map<string, readonly [method: string, handler: Handler]>([
    ['/chat', ['GET', (exchange) => joinChat(exchange, world)]],
    ['/wire', ['GET', (exchange) => watchWire(exchange, world)]],
    ['/events', ['GET', (exchange) => streamEvents(exchange, world, retryMs)]],
    ['/events/cut', ['POST', (exchange) => cutEvents(exchange, world)]],
    ['/poll', ['GET', (exchange) => answerPoll(exchange, world)]],
    ['/progress', ['GET', (exchange) => streamProgress(exchange, stepMs)]],
    ['/hijack', ['GET', (exchange) => hijack(exchange, world, lineMs)]],
  ]);
  const request = (exchange: Exchange): unknown => {
    const asset = assets.get(exchange.path);
    if (asset !== undefined) return serve(exchange, asset);
    const [method, handler] = routes.get(exchange.path) ?? [];
    if (handler === undefined) return exchange.reject(404);
    if (exchange.method === method) return handler(exchange);
    return exchange.reject(405, undefined, { allow: method ?? '' });
  };
  return { server: createServer({ request }), world };
}

function serve(exchange: Exchange, { bytes, headers }: Asset): void {
  const { method } = exchange;
  if (method !== 'GET' && method !== 'HEAD') {
    return exchange.reject(405, undefined, { allow: 'GET, HEAD' });
  }
  const isKnown = exchange.header('if-none-match') === headers['etag'];
  if (isKnown) return exchange.respond(304, headers);
  exchange.respond(200, headers, bytes);
}

/** Work of a hundred steps, told as it gets done; `curl -N` draws the same bar as the page. */
async function streamProgress(exchange: Exchange, stepMs: number): Promise<void> {
  const fields = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  const body = exchange.stream(200, fields);
  for (let percent = 0; percent <= 100; percent += 2) {
    if (percent > 0) await sleep(stepMs);
    const bar = '#'.repeat(percent / 4).padEnd(25, '.');
    const isWanted = await body.write(`[${bar}] ${String(percent).padStart(3)} %\n`);
    if (!isWanted) return;
  }
  body.end();
}

async function hijack(exchange: Exchange, world: World, lineMs: number): Promise<void> {
  const page = pageOf(exchange);
  const { socket } = exchange.hijack();
  await answerByHand(
    socket,
    (text, isFirst) => world.tellPage(page, { type: 'hijack', text, isFirst }),
    lineMs,
  );
}
