/**
 * What the caller of a client wants, checked before anything is opened.
 */
import {
  A_BOOLEAN,
  A_STRING,
  AN_ABORT_SIGNAL,
  AN_OBJECT,
  ANYTHING,
  CHECKED_LATER,
  checkOptions,
  type OptionTable,
  resolveLimit,
  UsageError,
} from '../base/index.ts';
import { buildOffer, type DeflatePolicy } from '../deflate/index.ts';
import { buildUpgradeRequest, encodeHandshakeKey, type UpgradeWishes } from '../handshake/index.ts';
import type { FieldsInit } from '../http/index.ts';
import { checkPeerOptions, PEER_OPTIONS, type PeerOptions, type Ticker } from '../peer/index.ts';
import { parseWebSocketUrl } from './address.ts';
import { checkDialOptions, DIAL_OPTIONS, type DialOptions } from './dial.ts';
import { firstHop, type Hop } from './redirect.ts';

/** Options of `connectWebSocket`. */
export interface ConnectOptions extends PeerOptions, DialOptions {
  /** Subprotocols to offer, most wanted first. */
  readonly protocols?: string | readonly string[] | undefined;
  /** Further fields of the request, such as `cookie` or `authorization`. */
  readonly headers?: FieldsInit | undefined;
  /** The value of `Origin`, in ASCII; by default there is none, as there is no page. */
  readonly origin?: string | undefined;
  /**
   * Offers of permessage-deflate, most wanted first; `true` (the default) is the plain one, `false`
   * offers nothing, and so does an empty list.
   */
  readonly deflate?: boolean | DeflatePolicy | readonly DeflatePolicy[] | undefined;
  /**
   * How long everything up to the open connection may take, in ms; default 10 s. The time does not
   * count that is spent behind our own handshakes with the same address, of which one is made at a
   * time [RFC 6455 §4.1]; `signal` ends that as well.
   */
  readonly handshakeTimeoutMs?: number | undefined;
  /** Redirects to follow; default 0: a redirect is a refusal. */
  readonly maxRedirects?: number | undefined;
  /** Gives the attempt up. Once the connection is open it has no effect any more. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Looser than the RFC: `true` lets handshakes with the same address run at the same time. For
   * servers of your own, and for measuring them.
   */
  readonly parallelHandshakes?: boolean | undefined;
  /** Your own data, for `peer.data`. */
  readonly data?: unknown;
  readonly ticker?: Ticker | undefined;
}

/** Names and kinds of everything that `connectWebSocket` takes. */
export const CONNECT_OPTIONS: OptionTable<ConnectOptions> = {
  ...PEER_OPTIONS,
  ...DIAL_OPTIONS,
  protocols: CHECKED_LATER,
  headers: AN_OBJECT,
  origin: A_STRING,
  deflate: CHECKED_LATER,
  handshakeTimeoutMs: CHECKED_LATER,
  maxRedirects: CHECKED_LATER,
  signal: AN_ABORT_SIGNAL,
  parallelHandshakes: A_BOOLEAN,
  data: ANYTHING,
  ticker: AN_OBJECT,
};

/** A checked wish for a connection. Made by {@link makePlan}. */
export interface Plan {
  readonly hop: Hop;
  readonly wishes: Pick<UpgradeWishes, 'protocols' | 'offer' | 'origin'>;
  readonly options: ConnectOptions;
  readonly maxRedirects: number;
  readonly timeoutMs: number;
}

/**
 * Checks everything that the caller gave.
 *
 * @throws UsageError `invalid-argument` for URL and subprotocols, `invalid-header`,
 *   `invalid-option`.
 */
export function makePlan(url: string | URL, options: ConnectOptions): Plan {
  checkOptions(options, CONNECT_OPTIONS);
  checkPeerOptions(options);
  const address = parseWebSocketUrl(url);
  checkDialOptions(options, address);
  const { maxRedirects = 0 } = options;
  if (!Number.isSafeInteger(maxRedirects) || maxRedirects < 0) {
    throw new UsageError('invalid-option', 'maxRedirects is a whole number from 0');
  }
  const { protocols, origin } = options;
  const names = typeof protocols === 'string' ? [protocols] : (protocols ?? []);
  if (protocols === null || !Array.isArray(names)) {
    throw new UsageError('invalid-argument', 'protocols are a name, or an array of names');
  }
  const plan: Plan = {
    hop: firstHop(address, options.headers, options),
    wishes: {
      protocols: names,
      offer: offerOf(options.deflate === undefined ? true : options.deflate),
      origin,
    },
    options,
    maxRedirects,
    timeoutMs: resolveLimit('handshakeTimeoutMs', options.handshakeTimeoutMs),
  };
  buildUpgradeRequest(wishesFor(plan, plan.hop), encodeHandshakeKey(new Uint8Array(16)));
  return plan;
}

function offerOf(deflate: boolean | DeflatePolicy | readonly DeflatePolicy[]): string | undefined {
  if (deflate === false) return undefined;
  if (deflate === true) return buildOffer();
  const policies = Array.isArray(deflate) ? deflate : [deflate];
  if (policies.some((policy) => typeof policy !== 'object' || policy === null)) {
    throw new UsageError('invalid-option', 'deflate is true, false, an offer or several');
  }
  return policies.length === 0 ? undefined : buildOffer(...policies);
}

/** What the handshake of one attempt says. */
export function wishesFor({ wishes }: Plan, { address, fields }: Hop): UpgradeWishes {
  const headers = [...fields];
  const { authorization } = address;
  if (authorization !== undefined && !fields.has('authorization')) {
    headers.push(['Authorization', authorization]);
  }
  return { ...wishes, host: address.host, target: address.target, headers };
}
