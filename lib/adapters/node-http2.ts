/**
 * WebSockets on streams of `node:http2`, by extended CONNECT [RFC 8441 §4].
 *
 * ```
 * server   SETTINGS_ENABLE_CONNECT_PROTOCOL = 1
 * client   HEADERS   :method = CONNECT   :protocol = websocket   :path = /chat
 * server   HEADERS   :status = 200
 * both     DATA      frames of RFC 6455, the client's masked as ever
 * both     END_STREAM where TCP has FIN, RST_STREAM(CANCEL) where it has RST
 * ```
 * The server has to be made with `settings: { enableConnectProtocol: true }`.
 */
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { LIMITS } from '../base/index.ts';
import type { UpgradeRequest, UpgradeResponse } from '../handshake/index.ts';
import {
  type Alarm,
  Http2Transport,
  readClientAddress,
  type WebSocketPeer,
} from '../peer/index.ts';
import { type Carrier, carryThrough } from './carrier.ts';
import { type AdapterEndpoint, alarmOf } from './endpoint.ts';
import { LineFields } from './line-fields.ts';

const IGNORE = (): void => {};
/** The error code of a stream that went well [RFC 9113 §7]. */
const NO_ERROR = 0x0;

/** Whether the headers of a `'stream'` event ask for a WebSocket. */
export function isWebSocketConnect(headers: IncomingHttpHeaders): boolean {
  return headers[':method'] === 'CONNECT' && headers[':protocol'] === 'websocket';
}

/**
 * Accepts the WebSocket of a `'stream'` event of an HTTP/2 server, or refuses it.
 *
 * @returns the open peer, already read by the endpoint's handler if it has one; `undefined` when
 *   the handshake was refused or the client went away. Rejects with UsageError for bad options
 *   only.
 */
export function acceptStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  endpoint: AdapterEndpoint = {},
): Promise<WebSocketPeer | undefined> {
  stream.on('error', IGNORE);
  const carrier = new StreamCarrier(stream, headers, alarmOf(endpoint));
  return carryThrough(carrier, readHeaders(headers), endpoint);
}

function readHeaders(headers: IncomingHttpHeaders): UpgradeRequest {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    // Without a value it is not there: an Origin of nothing would be a foreign one.
    for (const line of [value ?? []].flat()) lines.push(name, line);
  }
  return {
    method: headers[':method'] ?? '',
    target: headers[':path'] ?? '',
    version: '2.0',
    fields: new LineFields(lines),
    // Never several lines: HTTP/2 does not take a pseudo-header field twice [RFC 9113 §8.3].
    protocol: headers[':protocol'] as string | undefined,
    scheme: headers[':scheme'],
    authority: headers[':authority'] ?? headers.host,
  };
}

class StreamCarrier implements Carrier {
  readonly source: IncomingHttpHeaders;
  readonly head = undefined;
  /** Its scheme says so. */
  readonly isSecure = undefined;
  readonly address: string;
  readonly #stream: ServerHttp2Stream;
  readonly #alarm: Alarm;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, alarm: Alarm) {
    this.#stream = stream;
    this.#alarm = alarm;
    this.source = headers;
    const { session } = stream;
    this.address = session === undefined ? '' : readClientAddress(session.socket).address;
  }

  get isGone(): boolean {
    const stream = this.#stream;
    const hasEnded = stream.readableEnded || stream.endAfterHeaders;
    return hasEnded || stream.destroyed || stream.closed;
  }

  onGone(callback: () => void): void {
    this.#stream.once('close', callback);
  }

  onLeaving(callback: () => void): void {
    this.#stream.once('end', callback);
    this.#stream.once('close', callback);
  }

  get canAnswer(): boolean {
    return this.#stream.writable && !this.#stream.closed;
  }

  drop(): void {
    new Http2Transport(this.#stream).destroy();
  }

  refuse(status: number, headers: Readonly<Record<string, string>>, body: string): void {
    const { connection, upgrade, ...fields } = headers;
    const type = { 'content-type': 'text/plain; charset=utf-8' };
    const stream = this.#stream;
    stream.respond({ ':status': status, ...type, ...fields });
    stream.end(body);
    // The client's half is not wanted any more: read away until the answer has left, then reset
    // [RFC 9113 §8.1]. A stream that it leaves open counts against nobody else.
    stream.resume();
    const cancel = this.#alarm(LIMITS.lingerTimeoutMs.value, () => this.drop());
    stream.once('close', cancel);
    stream.close(NO_ERROR);
  }

  switchOver(response: UpgradeResponse): Http2Transport {
    const fields: Record<string, string | string[]> = {};
    for (const [name, value] of response.fields) {
      const before = fields[name];
      fields[name] = before === undefined ? value : [before, value].flat();
    }
    this.#stream.respond({ ':status': response.status, ...fields });
    return new Http2Transport(this.#stream);
  }
}
