/** What a server can be told, checked once and resolved for all its connections. */
import type { TlsOptions } from 'node:tls';
import {
  A_BOOLEAN,
  A_FUNCTION,
  AN_OBJECT,
  CHECKED_LATER,
  checkOptions,
  hasFastPath,
  type LimitName,
  type LimitOptions,
  type OptionKind,
  type OptionTable,
  resolveLimit,
} from '../base/index.ts';
import {
  createDateSource,
  HTTP_LIMIT_NAMES,
  type HttpLimitName,
  type HttpLimits,
  resolveHttpLimits,
} from '../http/index.ts';
import { SYSTEM_TIME, TimerWheel, type TimeSource } from './clock.ts';
import { checkSpread } from './closing.ts';

/** The limits of a server, beside those of the messages it reads. */
const SERVER_LIMITS = [
  'headTimeoutMs',
  'bodyTimeoutMs',
  'bodyPortionBytes',
  'keepAliveTimeoutMs',
  'writeTimeoutMs',
  'halfCloseTimeoutMs',
  'lingerTimeoutMs',
  'maxLingerMs',
  'maxLingerBytes',
  'handshakeTimeoutMs',
  'shutdownTimeoutMs',
  'maxConnections',
  'maxConnectionsPerAddress',
  'maxRequestsPerConnection',
  'maxBufferedBytes',
  'maxDrainBytes',
  'maxUnreadBytes',
] as const satisfies readonly LimitName[];

type ServerLimitName = (typeof SERVER_LIMITS)[number];

/** Limits and switches of a server. What is left out keeps its default. */
export interface ServerTuning extends LimitOptions<ServerLimitName | HttpLimitName> {
  /** Serves HTTPS with these options of `node:tls`. */
  readonly tls?: TlsOptions | undefined;
  /**
   * Over how long `close` spreads its goodbyes to WebSockets, in ms, so that their clients do not
   * all come back at the same moment. Default 0: all at once, as with HAProxy's close-spread-time.
   */
  readonly closeSpreadMs?: number | undefined;
  /**
   * Whether a client that has ended its side waits for as long as its answer takes. Default false:
   * most are gone then, so `signal` is aborted, and event streams end, for browsers never do that
   * while they listen. Answers by `respond` and `stream` go on, whether they have begun or not, for
   * `halfCloseTimeoutMs` [RFC 9112 §9.6].
   */
  readonly allowHalfOpen?: boolean | undefined;
  /**
   * Whether an absolute target may name another scheme than the one that is spoken, such as
   * `https://` without TLS. Default false: that is answered with 421, so that nothing that is for
   * encrypted connections is asked for without [RFC 9110 §7.4]. For servers behind a proxy that
   * ends TLS and sends absolute targets.
   */
  readonly allowAnyScheme?: boolean | undefined;
  /** Whether sockets, TLS or not, read into one buffer where Node allows it. Default true. */
  readonly sharedReadBuffer?: boolean | undefined;
  /**
   * Whether sockets that read so are also written to past their stream, and those that are not TLS
   * made only when somebody needs them. Default true.
   */
  readonly directWrites?: boolean | undefined;
  /** Where time comes from; a clock of your own makes deadlines testable. */
  readonly time?: TimeSource | undefined;
}

const A_CLOCK: OptionKind = {
  what: 'a clock { now, epochNow, startTicking }',
  fits: (value) => {
    const clock = value as Partial<Record<keyof TimeSource, unknown>> | null;
    const parts = [clock?.now, clock?.epochNow, clock?.startTicking];
    return parts.every((part) => typeof part === 'function');
  },
};

const named = <Name extends string>(names: readonly Name[]): Record<Name, OptionKind> =>
  Object.fromEntries(names.map((name) => [name, CHECKED_LATER])) as Record<Name, OptionKind>;

/** Names and kinds of everything that `createServer` takes. */
const SERVER_OPTIONS: OptionTable<ServerTuning & Record<'request' | 'websocket' | 'error', 1>> = {
  ...named(SERVER_LIMITS),
  ...named(HTTP_LIMIT_NAMES),
  tls: AN_OBJECT,
  closeSpreadMs: CHECKED_LATER,
  allowHalfOpen: A_BOOLEAN,
  allowAnyScheme: A_BOOLEAN,
  sharedReadBuffer: A_BOOLEAN,
  directWrites: A_BOOLEAN,
  time: A_CLOCK,
  request: A_FUNCTION,
  websocket: AN_OBJECT,
  error: A_FUNCTION,
};

/** What every connection of a server knows. */
export interface ServerSettings extends Readonly<Record<ServerLimitName, number>> {
  readonly http: HttpLimits;
  /** Bytes of a request body that `body.bytes` and its like accept. */
  readonly maxBodyBytes: number;
  readonly tls: TlsOptions | undefined;
  readonly closeSpreadMs: number;
  readonly allowHalfOpen: boolean;
  readonly allowAnyScheme: boolean;
  readonly sharedReadBuffer: boolean;
  readonly directWrites: boolean;
  readonly wheel: TimerWheel;
  /** The value of the `Date` field. */
  readonly date: () => string;
}

/** @throws UsageError `invalid-option`. */
export function resolveSettings(tuning: ServerTuning): ServerSettings {
  checkOptions(tuning, SERVER_OPTIONS);
  const limits = Object.fromEntries(
    SERVER_LIMITS.map((name) => [name, resolveLimit(name, tuning[name])]),
  ) as Record<ServerLimitName, number>;
  const time = tuning.time ?? SYSTEM_TIME;
  const wheel = new TimerWheel(time);
  return Object.freeze({
    ...limits,
    // The application may raise the limit of a body when it reads it, so the reader has none.
    http: resolveHttpLimits({ ...httpLimits(tuning), maxBodyBytes: Number.POSITIVE_INFINITY }),
    maxBodyBytes: resolveLimit('maxBodyBytes', tuning.maxBodyBytes),
    tls: tuning.tls,
    closeSpreadMs: checkSpread(tuning.closeSpreadMs ?? 0),
    allowHalfOpen: tuning.allowHalfOpen ?? false,
    allowAnyScheme: tuning.allowAnyScheme ?? false,
    sharedReadBuffer: tuning.sharedReadBuffer ?? hasFastPath('shared-read'),
    directWrites: tuning.directWrites ?? hasFastPath('direct-write'),
    wheel,
    date: createDateSource(() => time.epochNow()),
  });
}

function httpLimits(tuning: ServerTuning): LimitOptions<HttpLimitName> {
  return Object.fromEntries(HTTP_LIMIT_NAMES.map((name) => [name, tuning[name]]));
}
