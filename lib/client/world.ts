/**
 * What the client needs of the world besides streams: lots, a clock and an alarm. Replaced in
 * specs.
 */
import { randomBytes } from 'node:crypto';
import { type Alarm, systemAlarm } from '../peer/index.ts';

/** Lots, a clock and an alarm. */
export interface ClientWorld {
  /** Unpredictable bytes. */
  readonly randomBytes: (length: number) => Buffer;
  /** A number from 0 to below 1; needs not be unpredictable. */
  readonly random: () => number;
  /** The time in ms, on a clock that does not go back. */
  readonly now: () => number;
  /** The time of day, in ms since 1970-01-01T00:00:00Z. */
  readonly epochNow: () => number;
  readonly after: Alarm;
}

/** The real world. */
export const SYSTEM_WORLD: ClientWorld = Object.freeze({
  randomBytes,
  random: Math.random,
  now: () => performance.now(),
  epochNow: () => Date.now(),
  after: systemAlarm,
});

/** Clients that are made for the sake of their shape connect to nothing. */
export const NOWHERE: ClientWorld = Object.freeze({ ...SYSTEM_WORLD });
