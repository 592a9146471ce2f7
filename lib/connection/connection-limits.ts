/**
 * The deadlines and bounds of a connection, checked, with every default filled in.
 *
 * Connections of one kind share them, see connection-kind.ts.
 */
import { resolveLimit, UsageError } from '../base/index.ts';
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

/**
 * Fills in the defaults.
 *
 * @throws UsageError `invalid-option` for a limit or a time that is none.
 */
export function connectionLimits(options: ConnectionLimitOptions = {}): ConnectionLimits {
  // What is streamed may take its time; what is kept in memory until it is whole may not.
  const otherwise = options.delivery === 'pieces' ? Number.POSITIVE_INFINITY : undefined;
  const { messageTimeoutMs = otherwise, inflateTimeoutMs = otherwise } = options;
  return Object.freeze({
    messageTimeoutMs: resolveLimit('messageTimeoutMs', messageTimeoutMs),
    inflateTimeoutMs: resolveLimit('inflateTimeoutMs', inflateTimeoutMs),
    closeTimeoutMs: resolveLimit('closeTimeoutMs', options.closeTimeoutMs),
    endTimeoutMs: resolveLimit('endTimeoutMs', options.endTimeoutMs),
    maxCloseMs: resolveLimit('maxCloseMs', options.maxCloseMs),
    pingIntervalMs: milliseconds('pingIntervalMs', options.pingIntervalMs),
    pongTimeoutMs: milliseconds('pongTimeoutMs', options.pongTimeoutMs),
    idleTimeoutMs: milliseconds('idleTimeoutMs', options.idleTimeoutMs),
    maxPingsInFlight: resolveLimit('maxPingsInFlight', options.maxPingsInFlight),
  });
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
