/**
 * The deadlines and bounds of a connection, checked, with every default filled in.
 *
 * Most connections of a process have the same. Whoever gives what the last one gave shares its
 * object, so ten thousand idle connections keep the numbers once.
 */
import { haveValues, resolveLimit, UsageError } from '../base/index.ts';
import type { ConnectionOptions } from './connection-options.ts';

/**
 * What ConnectionOptions says of each; times are in ms. With `pieces` a message has no deadline but
 * one that was asked for.
 */
export interface ConnectionLimits {
  readonly messageTimeoutMs: number;
  readonly inflateTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly endTimeoutMs: number;
  readonly maxCloseMs: number;
  /** These three are off when they are 0. */
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxPingsInFlight: number;
}

/** What limits are made of. */
export type ConnectionLimitOptions = Pick<ConnectionOptions, keyof ConnectionLimits | 'delivery'>;

/** All of them: the compiler looks. */
const NAMED: Readonly<Record<keyof ConnectionLimitOptions, true>> = {
  delivery: true,
  messageTimeoutMs: true,
  inflateTimeoutMs: true,
  closeTimeoutMs: true,
  endTimeoutMs: true,
  maxCloseMs: true,
  pingIntervalMs: true,
  pongTimeoutMs: true,
  idleTimeoutMs: true,
  maxPingsInFlight: true,
};
const NAMES = Object.keys(NAMED) as readonly (keyof ConnectionLimitOptions)[];

/** What was given last, in the order of the names, and what came of it. */
let latest: { readonly given: readonly unknown[]; readonly limits: ConnectionLimits } | undefined;

/**
 * Fills in the defaults.
 *
 * @throws UsageError `invalid-option` for a limit or a time that is none.
 */
export function connectionLimits(options: ConnectionLimitOptions = {}): ConnectionLimits {
  if (latest !== undefined && haveValues(options, NAMES, latest.given)) return latest.limits;
  const limits = Object.freeze(fillIn(options));
  latest = { given: NAMES.map((name) => options[name]), limits };
  return limits;
}

function fillIn(options: ConnectionLimitOptions): ConnectionLimits {
  // What is streamed may take its time; what is kept in memory until it is whole may not.
  const otherwise = options.delivery === 'pieces' ? Number.POSITIVE_INFINITY : undefined;
  const { messageTimeoutMs = otherwise, inflateTimeoutMs = otherwise } = options;
  return {
    messageTimeoutMs: resolveLimit('messageTimeoutMs', messageTimeoutMs),
    inflateTimeoutMs: resolveLimit('inflateTimeoutMs', inflateTimeoutMs),
    closeTimeoutMs: resolveLimit('closeTimeoutMs', options.closeTimeoutMs),
    endTimeoutMs: resolveLimit('endTimeoutMs', options.endTimeoutMs),
    maxCloseMs: resolveLimit('maxCloseMs', options.maxCloseMs),
    pingIntervalMs: milliseconds('pingIntervalMs', options.pingIntervalMs),
    pongTimeoutMs: milliseconds('pongTimeoutMs', options.pongTimeoutMs),
    idleTimeoutMs: milliseconds('idleTimeoutMs', options.idleTimeoutMs),
    maxPingsInFlight: resolveLimit('maxPingsInFlight', options.maxPingsInFlight),
  };
}

function milliseconds(name: string, value: number | undefined): number {
  if (value === undefined) return 0;
  if (typeof value !== 'number' || !(value >= 0) || value === Number.POSITIVE_INFINITY) {
    throw new UsageError(
      'invalid-option',
      `${name} must be a number of ms from 0, not ${String(value)}`,
    );
  }
  return value;
}
