/**
 * How many may be here at a time: in total, and from one address.
 *
 * Handshakes count from the request on, while `accept` thinks as well, and until their stream is
 * gone: who only ever begins is as much of a flood as who stays. Addresses count as for our own
 * server, IPv6 by the /64; streams without an address count in total only.
 */
import { HandshakeRejected, LIMITS, resolveLimit } from '../base/index.ts';
import { addressGroup, type RefusedOpening } from '../peer/index.ts';

/** The caps of an endpoint, named as those of `createServer`. */
export interface Caps {
  /**
   * WebSockets and handshakes at a time; more are refused with 503. Counted for this endpoint
   * object: make it once, not for each request. Default: not counted.
   */
  readonly maxConnections?: number | undefined;
  /**
   * The same from one address, refused with 429. Lower than what a proxy in front of you needs.
   * Default: not counted.
   */
  readonly maxConnectionsPerAddress?: number | undefined;
}

/** What is counted: something that comes from somewhere, and is gone at last. */
export interface Counted {
  /** Address of the other end; "" when it has none. */
  readonly address: string;
  onGone(callback: () => void): void;
}

const CENSUSES = new WeakMap<object, Census>();

/**
 * Counts one in, until it is gone.
 *
 * @returns the refusal, when there are as many as may be; then it is not counted.
 * @throws UsageError `invalid-option` for a bad cap.
 */
export function countIn(caps: Caps, counted: Counted): RefusedOpening | undefined {
  const total = resolveLimit('maxConnections', caps.maxConnections);
  const perAddress = resolveLimit('maxConnectionsPerAddress', caps.maxConnectionsPerAddress);
  if (caps.maxConnections === undefined && caps.maxConnectionsPerAddress === undefined) {
    return undefined;
  }
  let census = CENSUSES.get(caps);
  if (census === undefined) {
    census = new Census();
    CENSUSES.set(caps, census);
  }
  return census.enter(counted, total, perAddress);
}

class Census {
  #total = 0;
  readonly #perAddress = new Map<string, number>();

  enter(counted: Counted, total: number, perAddress: number): RefusedOpening | undefined {
    const group = addressGroup(counted.address);
    const before = this.#perAddress.get(group) ?? 0;
    if (this.#total >= total) return refuse(503, 'too many connections');
    if (group !== '' && before >= perAddress) return refuse(429, 'too many from your address');
    this.#total += 1;
    if (group !== '') this.#perAddress.set(group, before + 1);
    counted.onGone(() => this.#leave(group));
    return undefined;
  }

  #leave(group: string): void {
    this.#total -= 1;
    const left = (this.#perAddress.get(group) ?? 0) - 1;
    if (left > 0) this.#perAddress.set(group, left);
    else this.#perAddress.delete(group);
  }
}

function refuse(status: number, message: string): RefusedOpening {
  const headers = { 'retry-after': String(Math.ceil(LIMITS.keepAliveTimeoutMs.value / 1000)) };
  const error = new HandshakeRejected(status, message, headers);
  return { ok: false, status, headers: error.headers, error };
}
