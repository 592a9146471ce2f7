/** What all requests of the demo share: the room, the ticker, the taps, and who watches what. */
import type { WebSocketPeer } from 'barewire/peer';
import type { Exchange } from 'barewire/server';
import { ChatRoom } from './chat-room.ts';
import type { ServerFacts, WireToPage } from './page/messages.ts';
import { PollDesk } from './poll-desk.ts';
import { Ticker } from './ticker.ts';
import { WireTaps } from './wire-tap.ts';

const PAGE_ID = /^[0-9a-f]{32}$/;
/** Changes of one moment are told together. */
const FACTS_DELAY_MS = 150;

/** Sends to a page that views its wire. */
export type Viewer = (message: WireToPage) => void;

/** The state of a running demo. */
export class World {
  readonly room: ChatRoom;
  readonly taps = new WireTaps();
  readonly ticker: Ticker;
  readonly desk: PollDesk;
  /** What cuts the event streams that are open, by the page that named itself. */
  readonly streams = new Map<Exchange, { readonly page: string; readonly cut: () => void }>();
  /** WebSockets to say goodbye to. */
  readonly peers = new Set<WebSocketPeer>();
  readonly #viewers = new Map<Viewer, string>();
  readonly #run: string;
  readonly #begun = performance.now();
  #factsTimer: NodeJS.Timeout | undefined;

  /** @param run names this run: positions and numbers of an earlier one mean nothing. */
  constructor(run: string) {
    this.#run = run;
    this.room = new ChatRoom(run);
    this.ticker = new Ticker({ epoch: run });
    this.desk = new PollDesk(this.ticker);
  }

  /** Lets a page view; the returned function ends that. */
  addViewer(page: string, viewer: Viewer): () => void {
    this.#viewers.set(viewer, page);
    viewer({ type: 'facts', facts: this.#facts() });
    return () => this.#viewers.delete(viewer);
  }

  /** Tells the viewers of one page. */
  tellPage(page: string, message: WireToPage): void {
    for (const [viewer, itsPage] of this.#viewers) if (itsPage === page) viewer(message);
  }

  /** To be called when a count has changed: everybody who views is told soon. */
  factsChanged(): void {
    this.#factsTimer ??= setTimeout(() => {
      this.#factsTimer = undefined;
      const facts = this.#facts();
      for (const viewer of this.#viewers.keys()) viewer({ type: 'facts', facts });
    }, FACTS_DELAY_MS).unref();
  }

  /** Stops everything that would go on by itself. */
  close(): void {
    clearTimeout(this.#factsTimer);
    this.ticker.stop();
    this.room.close();
    this.desk.close();
    for (const peer of this.peers) void peer.close(1001, 'the demo closes');
  }

  #facts(): ServerFacts {
    return {
      run: this.#run,
      pid: process.pid,
      node: process.versions.node,
      upMs: Math.round(performance.now() - this.#begun),
      sockets: this.room.size + this.#viewers.size,
      streams: this.streams.size,
      polls: this.desk.size,
    };
  }
}

/** The secret by which a page ties its connections together; "" when it names none that is one. */
export function pageOf(exchange: Exchange): string {
  const page = exchange.query.get('page') ?? '';
  return PAGE_ID.test(page) ? page : '';
}
