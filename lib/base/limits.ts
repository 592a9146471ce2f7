/**
 * Every default limit: its value, its unit, a precedent, and the attack it stops.
 *
 * Nothing a peer sends may grow without a bound, so each bound stands here, in one table that the
 * documentation prints. Options override single values; {@link resolveLimit} refuses a bad one
 * instead of coercing it, because a limit that silently becomes "none" is worse than none.
 *
 * Longer than the house allows: it is one table.
 */
import { UsageError } from './errors.ts';

/** One default limit. */
export interface Limit {
  /** The default, in `unit`. */
  readonly value: number;
  readonly unit: 'bytes' | 'count' | 'ms' | 'ratio';
  /** What others chose. */
  readonly precedent: string;
  /** What goes wrong without it. */
  readonly stops: string;
}

const defineLimits = <Name extends string>(
  table: Record<Name, Limit>,
): Readonly<Record<Name, Limit>> => {
  // Frozen row by row: nobody changes the defaults of others in the same process.
  for (const row of Object.values<Limit>(table)) Object.freeze(row);
  return Object.freeze(table);
};

/**
 * What each thing that waits counts beyond its bytes, wherever output is bounded by bytes: a
 * message behind another one, a piece of a message, a message or an event held back for a peer that
 * reads slowly. Stops output that is small, and many: an empty message that waits takes 70 – 280
 * bytes of memory, and a bound of bytes alone would let a million of them wait.
 */
export const ENTRY_OVERHEAD_BYTES = 256;

const KIB = 1024;
const MIB = 1024 * KIB;

/** Every limit by the name of the option that overrides it. */
export const LIMITS = defineLimits({
  // lib/http
  maxMethodBytes: {
    value: 32,
    unit: 'bytes',
    precedent: 'the longest registered method has 17',
    stops: 'endless methods',
  },
  maxTargetBytes: {
    value: 8000,
    unit: 'bytes',
    precedent: 'RFC 9112 §3 asks for at least 8000',
    stops: 'endless targets',
  },
  maxHeaderBytes: {
    value: 16 * KIB,
    unit: 'bytes',
    precedent: 'Node 16 KiB',
    stops: 'memory held by an endless head',
  },
  maxHeaderCount: {
    value: 128,
    unit: 'count',
    precedent: 'nginx and Apache 100, Node 2000',
    stops: 'hash and list work per request',
  },
  maxReasonBytes: {
    value: 8000,
    unit: 'bytes',
    precedent: 'as the target',
    stops: 'endless status lines',
  },
  maxChunkExtBytes: {
    value: 4 * KIB,
    unit: 'bytes',
    precedent: 'Node 16 KiB per message',
    stops: 'bodies made of chunk extensions only',
  },
  maxTrailerBytes: {
    value: 8 * KIB,
    unit: 'bytes',
    precedent: 'half a head',
    stops: 'memory held by endless trailers',
  },
  maxTrailerCount: {
    value: 64,
    unit: 'count',
    precedent: 'half a head',
    stops: 'list work per message',
  },
  maxBodyBytes: {
    value: 1 * MIB,
    unit: 'bytes',
    precedent: 'nginx 1 MiB',
    stops: 'uploads that fill memory',
  },

  // lib/codec, lib/connection
  maxFrameBytes: {
    value: 16 * MIB,
    unit: 'bytes',
    precedent: 'tungstenite 16 MiB',
    stops: 'a header that announces more than we would keep',
  },
  maxMessageBytes: {
    value: 16 * MIB,
    unit: 'bytes',
    precedent: 'ws 100 MiB, tungstenite 64 MiB, Bun 16 MiB',
    stops: 'memory held by one message',
  },
  maxFragments: {
    value: 131_072,
    unit: 'count',
    precedent: 'ws 16384; 65,536 one-KiB fragments must pass the 64 MiB conformance cases',
    stops: 'work and memory per message that its bytes do not show',
  },
  messageTimeoutMs: {
    value: 60_000,
    unit: 'ms',
    precedent: 'nginx client_body_timeout 60 s',
    stops: 'a message that is begun and never finished; only the time in which we read counts',
  },
  inflateTimeoutMs: {
    value: 30_000,
    unit: 'ms',
    precedent: 'half the time that a message may take to arrive',
    stops: 'a message that occupies the threads of zlib without end; waiting for others is free',
  },
  closeTimeoutMs: {
    value: 10_000,
    unit: 'ms',
    precedent: 'Python websockets 10 s, ws 30 s',
    stops: 'peers that take no close frame, or never answer one',
  },
  endTimeoutMs: {
    value: 5_000,
    unit: 'ms',
    precedent: 'Python websockets 10 s for each step of closing',
    stops: 'connections that are over, held open by a peer that does not end its side',
  },
  maxCloseMs: {
    value: 300_000,
    unit: 'ms',
    precedent: 'nginx lingering_time 30 s, for what nobody wants; here it is what was accepted',
    stops: 'peers that take a byte now and then, and so put off the end for ever',
  },
  maxPingsInFlight: {
    value: 1024,
    unit: 'count',
    precedent: 'ws and Python websockets have none',
    stops: 'pings, and whoever waits for them, piling up for a peer that answers none',
  },
  handshakeTimeoutMs: {
    value: 10_000,
    unit: 'ms',
    precedent: 'Python websockets 10 s',
    stops: 'half-open handshakes',
  },
  maxInflateRatio: {
    value: 1100,
    unit: 'ratio',
    precedent: 'deflate cannot exceed about 1032 : 1',
    stops: 'nothing by default; lower it to refuse bombs early',
  },
  maxExtensionOffers: {
    value: 64,
    unit: 'count',
    precedent: 'browsers send one',
    stops: 'list work per handshake',
  },

  // lib/sse
  maxEventBytes: {
    value: 1 * MIB,
    unit: 'bytes',
    precedent: 'browsers have none',
    stops: 'an event stream line or event without an end',
  },
  maxReplayEvents: {
    value: 1000,
    unit: 'count',
    precedent: 'message_bus 1000 a channel',
    stops: 'a replay log that grows with every event',
  },
  maxReplayBytes: {
    value: 1 * MIB,
    unit: 'bytes',
    precedent: 'AnyCable 1 MiB of output a client',
    stops: 'a replay log, and the catch-up of one client, made of few large events',
  },

  // lib/server
  headTimeoutMs: {
    value: 10_000,
    unit: 'ms',
    precedent: 'Node 60 s, Apache 20 s',
    stops: 'slow heads (slowloris), and slow TLS handshakes',
  },
  bodyTimeoutMs: {
    value: 30_000,
    unit: 'ms',
    precedent: 'nginx 60 s between reads',
    stops: 'slow bodies',
  },
  keepAliveTimeoutMs: {
    value: 5_000,
    unit: 'ms',
    precedent: 'Node 5 s',
    stops: 'idle connections held for nothing',
  },
  writeTimeoutMs: {
    value: 30_000,
    unit: 'ms',
    precedent: 'nginx send_timeout 60 s',
    stops: 'readers that stop reading',
  },
  halfCloseTimeoutMs: {
    value: 30_000,
    unit: 'ms',
    precedent: 'nginx gives up at once, Go never',
    stops: 'handlers that work without end for a client that has ended its side and may be gone',
  },
  lingerTimeoutMs: {
    value: 2_000,
    unit: 'ms',
    precedent: 'nginx lingering_timeout 5 s between reads',
    stops: 'an early answer lost to a reset, without waiting for a client that sends nothing',
  },
  maxLingerMs: {
    value: 30_000,
    unit: 'ms',
    precedent: 'nginx lingering_time 30 s',
    stops: 'uploads that trickle for ever behind an early answer',
  },
  shutdownTimeoutMs: {
    value: 10_000,
    unit: 'ms',
    precedent: 'Docker kills 10 s after SIGTERM',
    stops: 'a server that never closes because of one slow client',
  },
  maxConnections: {
    value: 100_000,
    unit: 'count',
    precedent: 'the file descriptor limit of most systems',
    stops: 'connection floods in total',
  },
  maxConnectionsPerAddress: {
    value: 100_000,
    unit: 'count',
    precedent: 'off in most servers; lower it when no proxy stands in front',
    stops: 'connection floods from one address',
  },
  maxRequestsPerConnection: {
    value: 10_000,
    unit: 'count',
    precedent: 'nginx 1000',
    stops: 'connections that never rotate',
  },
  bodyPortionBytes: {
    value: 16 * KIB,
    unit: 'bytes',
    precedent: 'Apache mod_reqtimeout 500 bytes/s; with bodyTimeoutMs this is 546',
    stops: 'bodies of a byte a second: so much must come within each bodyTimeoutMs',
  },
  maxLingerBytes: {
    value: 16 * MIB,
    unit: 'bytes',
    precedent: 'nginx bounds only the time',
    stops: 'uploads without an end behind an early answer',
  },
  maxDrainBytes: {
    value: 256 * KIB,
    unit: 'bytes',
    precedent: 'Go 256 KiB',
    stops: 'uploads that nobody wants, read only to keep the connection',
  },
  maxUnreadBytes: {
    value: 64 * KIB,
    unit: 'bytes',
    precedent: 'one read',
    stops: 'memory held by pipelined requests, and by bodies that the application reads slowly',
  },
  maxBufferedBytes: {
    value: 16 * MIB,
    unit: 'bytes',
    precedent: 'uWebSockets 64 KiB by default, ws none',
    stops: 'output piled up for a client that does not read',
  },
});

/** The name of a limit: a key of {@link LIMITS} and an option of the classes it bounds. */
export type LimitName = keyof typeof LIMITS;

/** Overrides for a set of limits; what is left out keeps its default. */
export type LimitOptions<Name extends LimitName> = { readonly [N in Name]?: number | undefined };

/**
 * Returns the caller's value for a limit, or the default.
 *
 * @param given the caller's value in the limit's unit; `undefined` means the default. A whole
 *   number from 0, or `Infinity` where the caller really wants no bound.
 * @throws UsageError `invalid-option` for anything else: never coerced.
 */
export function resolveLimit(name: LimitName, given: number | undefined): number {
  if (given === undefined) return LIMITS[name].value;
  const isWhole = Number.isSafeInteger(given) && given >= 0;
  if (typeof given !== 'number' || !(isWhole || given === Number.POSITIVE_INFINITY)) {
    const { unit } = LIMITS[name];
    throw new UsageError(
      'invalid-option',
      `${name} must be a whole number of ${unit} from 0, or Infinity, not ${String(given)}`,
    );
  }
  return given;
}
