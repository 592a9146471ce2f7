/**
 * WebSockets of a whole server: one decision about each handshake, one handler for all peers.
 *
 * ```
 *   upgrade request ─► rules ─► accept(exchange)? ─┬─ yes ─► 101, peers, handler
 *                                                  ├─ no ──► its status
 *                                                  └─ answered otherwise: left alone
 * ```
 */
import { A_FUNCTION, checkOptions, HandshakeRejected, type OptionTable } from '../base/index.ts';
import { checkUpgradePolicy, type UpgradeRequest } from '../handshake/index.ts';
import {
  ACCEPT_POLICY,
  type AcceptAnswer,
  type AcceptPolicy,
  type BroadcastOptions,
  type BroadcastResult,
  broadcast,
  checkHandler,
  checkPeerOptions,
  completePolicy,
  decideUpgradeSoon,
  HANDLERS,
  hasHandler,
  type MessageData,
  PEER_OPTIONS,
  type PeerOptions,
  type PreparedMessage,
  type UpgradeDecision,
  type WebSocketHandler,
  type WebSocketPeer,
} from '../peer/index.ts';
import { Deadline } from './clock.ts';
import { answerToFailure } from './error-response.ts';
import type { Exchange } from './exchange.ts';
import { PeerSet } from './peer-set.ts';
import type { ServerSettings } from './server-settings.ts';
import { asUpgradeRequest } from './websocket-upgrade.ts';

/** How a server treats WebSockets: policy, decision, behaviour of the peers, and their handler. */
export interface WebSocketRoute extends AcceptPolicy, PeerOptions, WebSocketHandler {
  /**
   * Decides about a correct handshake. Nothing or `true` accepts it, `false` refuses it with 403;
   * `exchange.reject(404)` or any other ending answers it otherwise. Left out: all are accepted.
   */
  accept?(exchange: Exchange): AcceptAnswer | Promise<AcceptAnswer>;
}

const ROUTE: OptionTable<WebSocketRoute> = {
  ...PEER_OPTIONS,
  ...ACCEPT_POLICY,
  ...HANDLERS,
  accept: A_FUNCTION,
};

/** The open peers of a server. */
export class WebSockets {
  readonly #route: WebSocketRoute;
  readonly #settings: ServerSettings;
  readonly #plainPolicy: AcceptPolicy;
  readonly #securePolicy: AcceptPolicy;
  readonly #open: PeerSet;
  #isClosing = false;

  /** @throws UsageError `invalid-option`, or `invalid-argument` as `WebSocketPeer.attach`. */
  constructor(route: WebSocketRoute, settings: ServerSettings) {
    checkOptions(route, ROUTE, 'options of websocket');
    checkPeerOptions(route);
    checkUpgradePolicy(route);
    checkHandler(route, route.delivery);
    this.#route = route;
    this.#settings = settings;
    this.#open = new PeerSet(settings.wheel);
    this.#plainPolicy = completePolicy(route, false);
    this.#securePolicy = completePolicy(route, true);
  }

  /** Peers that are open. */
  get peers(): ReadonlySet<WebSocketPeer> {
    return this.#open.peers;
  }

  /**
   * Handles a request that wants to become a WebSocket: at once where nobody is asked, or who is
   * asked answers at once. Neither throws nor rejects because of the client.
   */
  handle(exchange: Exchange): Promise<void> | undefined {
    const policy = exchange.isSecure ? this.#securePolicy : this.#plainPolicy;
    const request = asUpgradeRequest(exchange);
    const decision =
      this.#route.accept === undefined
        ? decideUpgradeSoon(request, policy)
        : this.#ask(exchange, request, policy);
    if (decision instanceof Promise) return decision.then((made) => this.#follow(exchange, made));
    this.#follow(exchange, decision);
    return undefined;
  }

  /** Asks the application, which has so much time. */
  #ask(
    exchange: Exchange,
    request: UpgradeRequest,
    policy: AcceptPolicy,
  ): UpgradeDecision | Promise<UpgradeDecision> {
    let deadline: Deadline<AbortController> | undefined;
    const ask = (): AcceptAnswer | Promise<AcceptAnswer> => this.#route.accept?.(exchange);
    const decision = decideUpgradeSoon(request, policy, ask, () => {
      const aborter = new AbortController();
      deadline = new Deadline(this.#settings.wheel, aborter, losePatience);
      deadline.setIn(this.#settings.handshakeTimeoutMs);
      return aborter.signal;
    });
    return decision instanceof Promise ? decision.finally(() => deadline?.clear()) : decision;
  }

  #follow(exchange: Exchange, decision: UpgradeDecision): void {
    if (exchange.ending !== undefined) return;
    if (decision.ok && this.#isClosing) {
      exchange.reject(503);
      return;
    }
    if (decision.ok) {
      const peer = exchange.openPeer(decision, this.#route, this.#open);
      this.#open.know(peer);
      // A route that names no call-back throws away what comes.
      peer.attach(hasHandler(this.#route) ? this.#route : {});
      return;
    }
    const answer = answerToFailure(decision.error);
    // What `accept` threw is judged as what any handler throws.
    if (answer === undefined || decision.status === 500) throw decision.error;
    exchange.reject(decision.status, answer.text, decision.headers);
  }

  /** Sends one message to all peers: encoded once, compressed once. */
  broadcast(data: MessageData | PreparedMessage, options?: BroadcastOptions): BroadcastResult {
    return broadcast(this.peers, data, options);
  }

  /** The server goes away: whoever has not been accepted yet is refused with 503. */
  acceptNobody(): void {
    this.#isClosing = true;
  }
}

function losePatience(patience: AbortController): void {
  patience.abort(new HandshakeRejected(503, 'no decision in time'));
}
