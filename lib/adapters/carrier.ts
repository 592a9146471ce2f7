/**
 * From a request to an open peer, for every kind of server: asks, answers, opens.
 *
 * What differs between HTTP/1.1 and HTTP/2 is how the answer is written and what carries the bytes:
 * that is a {@link Carrier}. The rest is the same, and stands here once.
 */
import debug from 'debug';
import { asError, callSafely, isThenable, resolveLimit } from '../base/index.ts';
import type { UpgradeRequest, UpgradeResponse } from '../handshake/index.ts';
import {
  type AcceptedUpgrade,
  completePolicy,
  decideUpgradeSoon,
  hasHandler,
  openPeer,
  type RefusedOpening,
  type Transport,
  type UpgradeDecision,
  type WebSocketPeer,
} from '../peer/index.ts';
import { ADAPTER_CHANNELS } from './adapter-channels.ts';
import { type Counted, countIn } from './census.ts';
import { type AdapterEndpoint, alarmOf, checkEndpoint } from './endpoint.ts';
import { Opening } from './opening.ts';
import { hasEnded, type Leaver, Patience } from './patience.ts';

const log = debug('barewire:adapters');

/** What carries a handshake and the bytes behind it. */
export interface Carrier extends Counted, Leaver {
  /** The server's own request, for `accept`. */
  readonly source: unknown;
  /** Bytes that came behind the request. */
  readonly head: Buffer | undefined;
  /** True when the client has gone away: its stream is closed, or its side of it is ended. */
  readonly isGone: boolean;
  /** True for TLS; `undefined` when it is the request that says so. */
  readonly isSecure: boolean | undefined;
  /** Whether a refusal can still be written: a client that has ended its side may read on. */
  readonly canAnswer: boolean;
  /** Called when the client goes away, while its stream may still be there. */
  onLeaving(callback: () => void): void;
  refuse(status: number, headers: Readonly<Record<string, string>>, body: string): void;
  /** Gives up what is left of the stream of a client that has gone away. */
  drop(): void;
  /**
   * Writes the yes; returns what carries the frames.
   *
   * @throws when it cannot be written as it is; nothing has been written then.
   */
  switchOver(response: UpgradeResponse): Transport;
}

/**
 * Carries a handshake through.
 *
 * @returns the open peer, already read by the endpoint's handler if it has one; `undefined` when
 *   the handshake was refused or the client went away. Rejects with UsageError for bad options
 *   only.
 */
export async function carryThrough(
  carrier: Carrier,
  request: UpgradeRequest,
  endpoint: AdapterEndpoint,
): Promise<WebSocketPeer | undefined> {
  const refusal = enter(carrier, endpoint);
  const { source } = carrier;
  const { request: asked } = ADAPTER_CHANNELS;
  if (asked.hasSubscribers) asked.publish({ endpoint, source });
  if (carrier.isGone) return leave(carrier, endpoint);
  // Also an answer that is there at once opens nothing before the caller has the promise.
  const decision = refusal ?? (await decide(carrier, request, endpoint));
  if (decision === undefined) return leave(carrier, endpoint);
  if (!decision.ok) return refuse(carrier, decision, endpoint);
  if (carrier.isGone) return leave(carrier, endpoint);
  return switchOver(carrier, decision, endpoint);
}

/** Checks the options and counts the client in. Nobody else would end the stream it waits on. */
function enter(carrier: Carrier, endpoint: AdapterEndpoint): RefusedOpening | undefined {
  try {
    checkEndpoint(endpoint);
    return carrier.isGone ? undefined : countIn(endpoint, carrier);
  } catch (error) {
    if (carrier.canAnswer) carrier.refuse(500, {}, '');
    else carrier.drop();
    throw error;
  }
}

/** Half a connection is no WebSocket, but who has only ended its half still reads an answer. */
function leave(carrier: Carrier, endpoint: AdapterEndpoint): undefined {
  if (carrier.canAnswer) {
    return refuse(carrier, { ok: false, status: 400, headers: {}, error: hasEnded() }, endpoint);
  }
  carrier.drop();
  return undefined;
}

/** `undefined`: the client has left. */
type Decision = UpgradeDecision | undefined;

/** Asks the rules and the application, who have so much time. */
function decide(
  carrier: Carrier,
  request: UpgradeRequest,
  endpoint: AdapterEndpoint,
): Decision | Promise<Decision> {
  const policy = completePolicy(endpoint, carrier.isSecure);
  if (endpoint.accept === undefined) return decideUpgradeSoon(request, policy);
  const timeoutMs = resolveLimit('handshakeTimeoutMs', endpoint.handshakeTimeoutMs);
  const patience = new Patience(carrier, timeoutMs, alarmOf(endpoint));
  const decision = decideUpgradeSoon(request, policy, (upgrade) => {
    const answer = endpoint.accept?.(new Opening(request, upgrade, patience, carrier.source));
    return isThenable(answer) ? patience.within(answer) : answer;
  });
  const end = (made: UpgradeDecision): Decision => {
    patience.end();
    return !made.ok && patience.wasLeft(made.error) ? undefined : made;
  };
  return decision instanceof Promise ? decision.then(end) : end(decision);
}

/** Fields that the application adds may be none of this protocol: `keep-alive` on HTTP/2. */
function switchOver(
  carrier: Carrier,
  accepted: AcceptedUpgrade,
  endpoint: AdapterEndpoint,
): WebSocketPeer | undefined {
  let transport: Transport;
  try {
    transport = carrier.switchOver(accepted.response);
  } catch (error) {
    const refusal = { ok: false, status: 500, headers: {}, error: asError(error) } as const;
    return refuse(carrier, refusal, endpoint);
  }
  return open(carrier, transport, accepted, endpoint);
}

function open(
  carrier: Carrier,
  transport: Transport,
  { upgrade, protocol, data }: AcceptedUpgrade,
  endpoint: AdapterEndpoint,
): WebSocketPeer {
  const opened = {
    role: 'server' as const,
    extension: upgrade.extension,
    protocol: protocol ?? '',
    head: carrier.head,
    data,
    ticker: endpoint.ticker,
  };
  const peer = openOn(carrier, () => openPeer(transport, opened, endpoint));
  const { accepted } = ADAPTER_CHANNELS;
  if (accepted.hasSubscribers) accepted.publish({ endpoint, source: carrier.source, peer });
  if (hasHandler(endpoint)) peer.attach(endpoint);
  return peer;
}

/** A stream on which there can be no peer has nobody who ends it. */
function openOn(carrier: Carrier, open: () => WebSocketPeer): WebSocketPeer {
  try {
    return open();
  } catch (error) {
    carrier.drop();
    throw error;
  }
}

function refuse(carrier: Carrier, refusal: RefusedOpening, endpoint: AdapterEndpoint): undefined {
  log('refused with %d: %s', refusal.status, refusal.error.message);
  if (carrier.canAnswer) writeRefusal(carrier, refusal);
  else carrier.drop();
  const { refused } = ADAPTER_CHANNELS;
  if (refused.hasSubscribers) refused.publish({ endpoint, source: carrier.source, refusal });
  if (endpoint.refused !== undefined) {
    callSafely(
      () => endpoint.refused!(refusal),
      (error) => console.error('barewire: the option refused failed:', error),
    );
  } else if (refusal.status === 500) {
    console.error('barewire: accept failed:', refusal.error);
  }
  return undefined;
}

function writeRefusal(carrier: Carrier, { status, headers, error }: RefusedOpening): void {
  try {
    // What an application threw is for its own eyes.
    carrier.refuse(status, headers, status === 500 ? '' : error.message);
  } catch (cause) {
    // Fields of a rejection that cannot be sent: an injected line, a length of their own.
    console.error('barewire: a refusal cannot be sent as it is:', cause);
    carrier.refuse(500, {}, '');
  }
}
