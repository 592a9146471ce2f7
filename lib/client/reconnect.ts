/**
 * Whether to come back, and when.
 *
 * | how it ended                                              | comes back                     |
 * |-----------------------------------------------------------|--------------------------------|
 * | closed by us, or the signal                               | never                          |
 * | the network: refused, reset, unreachable, no such name    | yes                            |
 * | no answer in time, no pong in time                        | yes                            |
 * | 408, 425, 429, 500, 502, 503, 504                         | yes, not before `Retry-After`  |
 * | any other answer; a bad certificate                       | no: the next one will be alike |
 * | close code 1001, 1006, 1011 – 1014                        | yes                            |
 * | 1000, 1005 (done), 1002 – 1010 (rules), 3000 – 4999       | no: it was meant               |
 * | a rule broken by the server                               | no                             |
 *
 * `shouldReconnect` may decide otherwise for everything but the first row. It decides, and waits
 * for nothing: one that fails, or does not answer at once, is the end.
 */
import {
  A_FUNCTION,
  CHECKED_LATER,
  checkOptions,
  type OptionTable,
  ProtocolError,
  readVerdict,
} from '../base/index.ts';
import { Backoff, type BackoffOptions, inRange } from './backoff.ts';
import { HandshakeRefused } from './handshake-refused.ts';
import { readRetryAfter } from './retry-after.ts';
import type { ClientWorld } from './world.ts';

/** How a connection ended, or why there was none. */
export interface ReconnectCause {
  /** What went wrong; `undefined` when a close frame said it all. */
  readonly error: Error | undefined;
  /** The peer's close code; 1006 when there was none. */
  readonly code: number;
  /** The peer's reason. */
  readonly reason: string;
  /** Whether there was a connection. */
  readonly wasOpen: boolean;
  /**
   * Bytes of messages that still waited in this process when one looked last before the connection
   * was lost. They are not sent again; more may have been lost on the way.
   */
  readonly unsentBytes: number;
}

/** How to come back. */
export interface ReconnectOptions extends BackoffOptions {
  /**
   * Memory for messages that are kept while there is no connection, in bytes: each counts 256 more
   * than it has. Default 0: `send` throws meanwhile. Stops a queue that grows until the server is
   * back.
   */
  readonly maxQueuedBytes?: number | undefined;
  /** The longest `Retry-After` that is waited for, in ms; default 10 min. A longer one ends it. */
  readonly maxRetryAfterMs?: number | undefined;
  /**
   * Decides instead of the table, at once; `usual` is what the table says. What it throws is the
   * error that the client ends with.
   */
  readonly shouldReconnect?: ((cause: ReconnectCause, usual: boolean) => boolean) | undefined;
}

const RECONNECT: OptionTable<ReconnectOptions> = {
  minDelayMs: CHECKED_LATER,
  maxDelayMs: CHECKED_LATER,
  maxAttempts: CHECKED_LATER,
  stableMs: CHECKED_LATER,
  maxQueuedBytes: CHECKED_LATER,
  maxRetryAfterMs: CHECKED_LATER,
  shouldReconnect: A_FUNCTION,
};

/** The next attempt. */
export interface NextAttempt {
  /** 1 for the first one since a connection lasted. */
  readonly attempt: number;
  readonly delayMs: number;
}

const STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);
const CLOSE_CODES: ReadonlySet<number> = new Set([1001, 1006, 1011, 1012, 1013, 1014]);
/** Our side gave up, because nothing came. */
const SILENCE: ReadonlySet<string> = new Set([
  'handshake-timeout',
  'pong-timeout',
  'premature-eof',
]);
/** The way to the server, which may be there later. A unix socket is a file: ENOENT. */
const NETWORK: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** What the table says about an end that nobody on our side wanted. */
export function isWorthRetrying({ error, code, wasOpen }: ReconnectCause): boolean {
  if (error instanceof HandshakeRefused) return STATUSES.has(error.status);
  if (error instanceof ProtocolError) return SILENCE.has(error.code);
  if (wasOpen) return CLOSE_CODES.has(code);
  return NETWORK.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

/** Decides for one client. */
export class Reconnection {
  readonly maxQueuedBytes: number;
  readonly #backoff: Backoff;
  readonly #world: ClientWorld;
  readonly #maxRetryAfterMs: number;
  readonly #shouldReconnect: ReconnectOptions['shouldReconnect'];

  /** @throws UsageError `invalid-option`. */
  constructor(options: ReconnectOptions, world: ClientWorld) {
    checkOptions(options, RECONNECT, 'options of reconnect');
    this.#backoff = new Backoff(options, world);
    this.#world = world;
    const { maxQueuedBytes = 0, maxRetryAfterMs = 600_000, shouldReconnect } = options;
    this.maxQueuedBytes = inRange('maxQueuedBytes', maxQueuedBytes, 0, Number.MAX_SAFE_INTEGER);
    this.#maxRetryAfterMs = inRange('maxRetryAfterMs', maxRetryAfterMs, 0, 2 ** 30);
    this.#shouldReconnect = shouldReconnect;
  }

  /** Notes that a connection is open. */
  opened(): void {
    this.#backoff.opened();
  }

  /**
   * When to try again; `undefined` when not.
   *
   * @throws what `shouldReconnect` throws; UsageError `invalid-argument` when it answers neither
   *   `true` nor `false`.
   */
  next(cause: ReconnectCause): NextAttempt | undefined {
    const usual = isWorthRetrying(cause);
    if (!this.#isWanted(cause, usual)) return undefined;
    const waitMs = this.#retryAfterMs(cause.error);
    if (waitMs > this.#maxRetryAfterMs) return undefined;
    const delayMs = this.#backoff.next();
    if (delayMs === undefined) return undefined;
    // Behind what the server asked for the lot still spreads the clients.
    return { attempt: this.#backoff.attempts, delayMs: waitMs + delayMs };
  }

  #isWanted(cause: ReconnectCause, usual: boolean): boolean {
    if (this.#shouldReconnect === undefined) return usual;
    return readVerdict(this.#shouldReconnect(cause, usual), 'shouldReconnect');
  }

  #retryAfterMs(error: Error | undefined): number {
    if (!(error instanceof HandshakeRefused)) return 0;
    return readRetryAfter(error.fields.get('retry-after'), this.#world.epochNow()) ?? 0;
  }
}
