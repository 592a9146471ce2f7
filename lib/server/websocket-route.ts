/**
 * WebSockets of a whole server: one decision about each handshake, one handler for all peers.
 *
 * ```
 *   upgrade request ─► decideUpgrade ─► accept(exchange)? ─┬─ yes ─► 101, peers, handler
 *                                                          ├─ no ──► its status
 *                                                          └─ answered otherwise: left alone
 * ```
 */
import { HandshakeRejected } from '../base/index.ts';
import { checkUpgradePolicy } from '../handshake/index.ts';
import {
  type AcceptAnswer,
  type AcceptPolicy,
  type BroadcastResult,
  broadcast,
  checkPeerOptions,
  decideUpgrade,
  type MessageData,
  type PeerOptions,
  type PeerSendOptions,
  type PreparedMessage,
  type WebSocketHandler,
  type WebSocketPeer,
} from '../peer/index.ts';
import { Deadline } from './clock.ts';
import { answerToFailure } from './error-response.ts';
import type { Exchange } from './exchange.ts';
import type { ServerSettings } from './server-settings.ts';
import { asUpgradeRequest, withTransport } from './websocket-upgrade.ts';

/** How a server treats WebSockets: policy, decision, behaviour of the peers, and their handler. */
export interface WebSocketRoute extends AcceptPolicy, PeerOptions, WebSocketHandler {
  /**
   * Decides about a correct handshake. Nothing or `true` accepts it, `false` refuses it with 403;
   * `exchange.reject(404)` or any other ending answers it otherwise. Left out: all are accepted.
   */
  accept?(exchange: Exchange): AcceptAnswer | Promise<AcceptAnswer>;
}

/** The open peers of a server. */
export class WebSockets {
  /** Peers that are open. */
  readonly peers = new Set<WebSocketPeer>();
  readonly #route: WebSocketRoute;
  readonly #settings: ServerSettings;
  #isClosing = false;

  /** @throws UsageError `invalid-option`. */
  constructor(route: WebSocketRoute, settings: ServerSettings) {
    checkPeerOptions(route);
    checkUpgradePolicy(route);
    this.#route = route;
    this.#settings = settings;
  }

  /** Handles a request that wants to become a WebSocket. Never rejects because of the client. */
  async handle(exchange: Exchange): Promise<void> {
    const policy = withTransport(this.#route, exchange);
    const patience = new AbortController();
    const deadline = new Deadline(this.#settings.wheel, patience, losePatience);
    deadline.setIn(this.#settings.handshakeTimeoutMs);
    const request = asUpgradeRequest(exchange);
    const ask = (): AcceptAnswer | Promise<AcceptAnswer> => this.#route.accept?.(exchange);
    const decision = await decideUpgrade(request, policy, ask, patience.signal);
    deadline.clear();
    if (exchange.ending !== undefined) return;
    if (decision.ok && this.#isClosing) {
      exchange.reject(503);
      return;
    }
    if (decision.ok) {
      this.add(exchange.openPeer(decision, this.#route));
      return;
    }
    const answer = answerToFailure(decision.error);
    if (answer === undefined) throw decision.error;
    exchange.reject(decision.status, answer.text, decision.headers);
  }

  /** Knows a peer until it is closed, and reads it with the route's handler. */
  add(peer: WebSocketPeer): void {
    this.peers.add(peer);
    void peer.closed.then(() => this.peers.delete(peer));
    peer.attach(this.#route);
  }

  /** Sends one message to all peers: encoded once, compressed once. */
  broadcast(
    data: MessageData | PreparedMessage,
    options?: PeerSendOptions & { readonly except?: WebSocketPeer | undefined },
  ): BroadcastResult {
    return broadcast(this.peers, data, options);
  }

  /** Says goodbye to all peers: 1001, the server goes away. */
  close(): void {
    this.#isClosing = true;
    for (const peer of this.peers) void peer.close(1001, 'server closes');
  }
}

function losePatience(patience: AbortController): void {
  patience.abort(new HandshakeRejected(503, 'no decision in time'));
}
