/**
 * What connections of one kind share: their limits, and what reads messages for them.
 *
 * Most connections of a process are made with the same options. Whoever gives what another has
 * given gets its kind, so ten thousand idle connections keep the numbers once.
 */
import { haveValues } from '../base/index.ts';
import { type ConnectionLimits, connectionLimits } from './connection-limits.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { type MessageReaders, messageReaders } from './message-reader.ts';

/** What does not change for as long as a connection lives, and is no connection's own. */
export interface ConnectionKind {
  readonly role: ConnectionOptions['role'];
  readonly limits: ConnectionLimits;
  readonly readers: MessageReaders;
}

/** What each connection has of its own. */
type OwnOptions = 'now' | 'takeMaskingKey' | 'deflate' | 'compressThresholdBytes';

/** All that makes a kind, but for whether there is compression; the compiler misses no name. */
const NAMED: Readonly<Record<Exclude<keyof ConnectionOptions, OwnOptions>, true>> = {
  role: true,
  ownsInput: true,
  delivery: true,
  maxFrameBytes: true,
  maxMessageBytes: true,
  maxFragments: true,
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
const NAMES = Object.keys(NAMED) as readonly (keyof typeof NAMED)[];

/**
 * Kinds that are remembered. Connections of which each has a time of its own are each of another
 * kind, and share their readers nevertheless ({@link messageReaders}).
 */
const MAX_KINDS = 16;

interface Known {
  /** In the order of the names. */
  readonly given: readonly unknown[];
  readonly isCompressed: boolean;
  readonly kind: ConnectionKind;
}

/** The kinds that were asked for last, the latest first. */
const known: Known[] = [];

/**
 * Finds the kind of a connection, or makes it.
 *
 * @throws UsageError `invalid-option` for a limit or a time that is none.
 */
export function connectionKind(options: ConnectionOptions): ConnectionKind {
  const latest = known[0];
  if (latest !== undefined && isOf(latest, options)) return latest.kind;
  const index = known.findIndex((some) => isOf(some, options));
  const [found] = index < 0 ? [] : known.splice(index, 1);
  const asked = found ?? makeKind(options);
  known.unshift(asked);
  known.length = Math.min(known.length, MAX_KINDS);
  return asked.kind;
}

function isOf({ given, isCompressed }: Known, options: ConnectionOptions): boolean {
  return isCompressed === (options.deflate !== undefined) && haveValues(options, NAMES, given);
}

function makeKind(options: ConnectionOptions): Known {
  const { role } = options;
  const limits = connectionLimits(options);
  const readers = messageReaders(options);
  const isCompressed = options.deflate !== undefined;
  const given = NAMES.map((name) => options[name]);
  return { given, isCompressed, kind: Object.freeze({ role, limits, readers }) };
}
