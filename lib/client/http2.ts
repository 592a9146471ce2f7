/**
 * A WebSocket on one stream of an HTTP/2 connection, by extended CONNECT [RFC 8441 §5].
 *
 * ```
 *   session ── SETTINGS allow it? ──► HEADERS :method = CONNECT :protocol = websocket
 *                                └──► :status = 200 ──► open peer      the session stays yours
 * ```
 * Who opens and closes the HTTP/2 connection, and verifies whom it leads to, is `node:http2` and
 * its user. Frames are masked as ever: HTTP/2 changes nothing about that [RFC 8441 §5].
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { checkOptions, type OptionTable, ProtocolError, UsageError } from '../base/index.ts';
import {
  buildExtendedConnect,
  readUpgradeResponse,
  type UpgradeWishes,
} from '../handshake/index.ts';
import { Fields } from '../http/index.ts';
import {
  Http2Transport,
  openPeer,
  takeMaskingKey,
  unlessAborted,
  type WebSocketPeer,
} from '../peer/index.ts';
import { tellingOf } from './client-channels.ts';
import { withDeadline } from './deadline.ts';
import { HandshakeRefused } from './handshake-refused.ts';
import { CONNECT_OPTIONS, type ConnectOptions, makePlan, wishesFor } from './plan.ts';
import { IGNORE } from './sockets.ts';
import { type ClientWorld, SYSTEM_WORLD } from './world.ts';

/** Options of {@link connectOverHttp2}: those of a connection that need no dialling. */
export type Http2ConnectOptions = Omit<
  ConnectOptions,
  | 'tls'
  | 'socketPath'
  | 'proxy'
  | 'createConnection'
  | 'lookup'
  | 'localAddress'
  | 'maxRedirects'
  | 'parallelHandshakes'
>;

const HTTP2_OPTIONS: OptionTable<Http2ConnectOptions> = ((): OptionTable<Http2ConnectOptions> => {
  const { tls, socketPath, proxy, createConnection, lookup, ...others } = CONNECT_OPTIONS;
  const { localAddress, maxRedirects, parallelHandshakes, ...options } = others;
  return options;
})();

/**
 * Opens a WebSocket on a new stream of a session.
 *
 * @param url `ws:` or `wss:`; its host is the `:authority` that the server is called by.
 * @returns rejects with UsageError `not-supported` when the server's settings do not allow it, and
 *   otherwise as `connectWebSocket` does.
 */
export async function connectOverHttp2(
  session: ClientHttp2Session,
  url: string | URL,
  options: Http2ConnectOptions = {},
  world: ClientWorld = SYSTEM_WORLD,
): Promise<WebSocketPeer> {
  checkOptions(options, HTTP2_OPTIONS);
  const plan = makePlan(url, options);
  if (plan.hop.address.socketPath !== undefined) {
    throw new UsageError(
      'invalid-argument',
      'the session leads to a place already, not to a socket',
    );
  }
  const attempt = async (signal: AbortSignal): Promise<WebSocketPeer> => {
    await unlessAborted(settingsAllow(session), signal);
    const wishes = wishesFor(plan, plan.hop);
    const scheme = plan.hop.address.isSecure ? 'https' : 'http';
    const stream = session.request(Object.fromEntries(joinLines(wishes, scheme)), {
      endStream: false,
    });
    stream.on('error', IGNORE);
    try {
      return await shakeHands(stream, wishes, options, signal);
    } catch (error) {
      new Http2Transport(stream).destroy();
      throw error;
    }
  };
  return tellingOf(plan, () => withDeadline(plan, world, attempt));
}

/** Until a ping is tried again that the session did not take, in ms. */
const PING_PAUSE_MS = 20;
/** One answer for all that wait for the settings of a session. */
const SETTINGS = new WeakMap<ClientHttp2Session, Promise<void>>();

/** Waits for the server's settings; without its consent nothing may be sent [RFC 8441 §3]. */
function settingsAllow(session: ClientHttp2Session): Promise<void> {
  const before = SETTINGS.get(session);
  if (before !== undefined) return before;
  const waiting = waitForSettings(session);
  SETTINGS.set(session, waiting);
  // Settings may change: who asks later looks anew.
  const forget = (): boolean => SETTINGS.delete(session);
  waiting.then(forget, forget);
  return waiting;
}

function waitForSettings(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    let again: NodeJS.Timeout | undefined;
    const settle = (error?: Error): void => {
      clearTimeout(again);
      session.off('remoteSettings', check);
      session.off('error', settle);
      session.off('close', close);
      if (error === undefined) resolve();
      else reject(error);
    };
    const check = (): void => {
      if (session.remoteSettings?.enableConnectProtocol === true) return settle();
      settle(new UsageError('not-supported', 'the server does not allow extended CONNECT'));
    };
    const close = (): void => settle(new ProtocolError('premature-eof', 'no settings'));
    if (session.destroyed) return close();
    // Node shows the initial value until the server has spoken.
    if (session.remoteSettings?.enableConnectProtocol === true) return settle();
    session.on('remoteSettings', check);
    session.on('error', settle);
    session.on('close', close);
    // Settings are the first thing that a server sends: they came before the answer to a ping.
    const ask = (): void => {
      // Its 'close' may be far away: the socket below has an end of its own.
      if (session.closed || session.destroyed) return close();
      session.ping((error) => {
        if (error === null) return check();
        // Too many pings of somebody else are on their way: their answers make room.
        again = setTimeout(ask, PING_PAUSE_MS);
      });
    };
    if (!session.connecting) ask();
  });
}

/** `node:http2` takes an array for a field that has several lines. */
function joinLines(
  wishes: UpgradeWishes,
  scheme: 'http' | 'https',
): Map<string, string | string[]> {
  const lines = new Map<string, string | string[]>();
  for (const [name, value] of buildExtendedConnect(wishes, scheme)) {
    const before = lines.get(name);
    lines.set(name, before === undefined ? value : [before, value].flat());
  }
  return lines;
}

async function shakeHands(
  stream: ClientHttp2Stream,
  wishes: UpgradeWishes,
  options: Http2ConnectOptions,
  signal: AbortSignal,
): Promise<WebSocketPeer> {
  const { status, fields } = await unlessAborted(readResponse(stream), signal);
  if (status < 200 || status > 299) {
    throw new HandshakeRefused('server', { status, reason: '', fields }, Buffer.alloc(0));
  }
  const result = readUpgradeResponse({ version: '2.0', status, fields }, wishes, undefined);
  if (!result.ok) throw result.error;
  const response = fields.get('sec-websocket-extensions') ?? '';
  const opened = {
    role: 'client' as const,
    takeMaskingKey,
    extension: result.extension && { parameters: result.extension, response },
    protocol: result.protocol ?? '',
    data: options.data,
    ticker: options.ticker,
  };
  return openPeer(new Http2Transport(stream), opened, options);
}

function readResponse(stream: ClientHttp2Stream): Promise<{ status: number; fields: Fields }> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new ProtocolError('premature-eof', 'no response'));
    stream.once('error', reject);
    stream.once('close', fail);
    stream.once('response', (headers: IncomingHttpHeaders & { ':status'?: number }) => {
      stream.off('error', reject);
      stream.off('close', fail);
      const { ':status': status = 0, ...rest } = headers;
      resolve({ status, fields: Fields.from(rest as Record<string, string | string[]>) });
    });
  });
}
