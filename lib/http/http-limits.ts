/**
 * The limits of a message, resolved once and shared by every reader of a server.
 *
 * Each number is a bound that is checked before memory grows, so none of them may be coerced:
 * `resolveLimit` refuses what is not a whole number.
 */
import {
  CHECKED_LATER,
  checkOptions,
  type LimitName,
  type LimitOptions,
  type OptionTable,
  resolveLimit,
} from '../base/index.ts';

/** The limits that a caller may override; see the table in `barewire/base` for the defaults. */
export type HttpLimitName = (typeof HTTP_LIMIT_NAMES)[number];

/** Their names. */
export const HTTP_LIMIT_NAMES = [
  'maxMethodBytes',
  'maxTargetBytes',
  'maxHeaderBytes',
  'maxHeaderCount',
  'maxReasonBytes',
  'maxChunkExtBytes',
  'maxTrailerBytes',
  'maxTrailerCount',
  'maxBodyBytes',
] as const satisfies readonly LimitName[];

const LIMIT_TABLE = Object.fromEntries(
  HTTP_LIMIT_NAMES.map((name) => [name, CHECKED_LATER]),
) as OptionTable<HttpLimitOptions>;

/** Overrides; what is left out keeps its default. */
export type HttpLimitOptions = LimitOptions<HttpLimitName>;

/** Resolved limits, in bytes or counts. Made by {@link resolveHttpLimits}. */
export type HttpLimits = Readonly<Record<HttpLimitName, number>>;

const resolved = new WeakSet<object>();

/**
 * Fills in defaults. A result given back in is returned as it is, so that a server resolves once
 * and ten thousand connections share one object.
 *
 * @throws UsageError `invalid-option` for a value that is not a whole number from 0, or Infinity.
 */
export function resolveHttpLimits(options: HttpLimitOptions = {}): HttpLimits {
  if (resolved.has(options)) return options as HttpLimits;
  checkOptions(options, LIMIT_TABLE, 'limits');
  const limits = Object.freeze({
    maxMethodBytes: resolveLimit('maxMethodBytes', options.maxMethodBytes),
    maxTargetBytes: resolveLimit('maxTargetBytes', options.maxTargetBytes),
    maxHeaderBytes: resolveLimit('maxHeaderBytes', options.maxHeaderBytes),
    maxHeaderCount: resolveLimit('maxHeaderCount', options.maxHeaderCount),
    maxReasonBytes: resolveLimit('maxReasonBytes', options.maxReasonBytes),
    maxChunkExtBytes: resolveLimit('maxChunkExtBytes', options.maxChunkExtBytes),
    maxTrailerBytes: resolveLimit('maxTrailerBytes', options.maxTrailerBytes),
    maxTrailerCount: resolveLimit('maxTrailerCount', options.maxTrailerCount),
    maxBodyBytes: resolveLimit('maxBodyBytes', options.maxBodyBytes),
  });
  resolved.add(limits);
  return limits;
}
