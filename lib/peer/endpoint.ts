/**
 * One place where WebSockets are accepted: who may come in, by which rules, and who reads.
 *
 * The same object serves our own server and every adapter, so that an application moves from one to
 * the other without a change.
 */
import type { AcceptAnswer, AcceptPolicy } from './accept.ts';
import type { PeerOptions } from './open.ts';
import { CALL_BACKS } from './option-tables.ts';
import type { WebSocketHandler } from './peer-options.ts';

/**
 * Everything about the WebSockets of one place.
 *
 * `Subject` is what `accept` is asked about: our server's exchange, or an adapter's opening.
 */
export interface WebSocketEndpoint<Subject> extends AcceptPolicy, PeerOptions, WebSocketHandler {
  /** Decides about a handshake that broke no rule; left out, all of them are accepted. */
  accept?(subject: Subject): AcceptAnswer | Promise<AcceptAnswer>;
  /** How long `accept` may take, in ms; default 10 s. Then the answer is 503. */
  readonly handshakeTimeoutMs?: number | undefined;
}

/** Whether an endpoint reads by call-backs; if not, whoever gets the peer reads it. */
export function hasHandler(endpoint: WebSocketHandler): boolean {
  return CALL_BACKS.some((name) => typeof endpoint[name] === 'function');
}
