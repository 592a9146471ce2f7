/**
 * WebSockets on any `Duplex` whose request somebody else has read: a socket of `net.Server`, a TLS
 * socket, one end of a tunnel.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LIMITS } from '../base/index.ts';
import { formatUpgradeResponse, type UpgradeRequest } from '../handshake/index.ts';
import { type AnsweredRequest, createDateSource, ResponseWriter } from '../http/index.ts';
import {
  type Alarm,
  DuplexTransport,
  readClientAddress,
  type WebSocketPeer,
} from '../peer/index.ts';
import { type Carrier, carryThrough } from './carrier.ts';
import { type AdapterEndpoint, alarmOf } from './endpoint.ts';

/** Silence after which the system asks a client whether it is there. */
const KEEP_ALIVE_MS = 30_000;
const IGNORE = (): void => {};
/** Whatever the request was, its refusal has a body and ends the connection. */
const ANSWERED: AnsweredRequest = { method: 'GET', version: '1.1' };
const date = createDateSource(() => Date.now());

/**
 * Accepts a WebSocket on a stream, or refuses it with an ordinary response and ends the stream.
 *
 * @param request the head of the request, as `barewire/http` reads it, or of the same shape.
 * @param head bytes that came behind the request's head.
 * @returns the open peer, already read by the endpoint's handler if it has one; `undefined` when
 *   the handshake was refused or the client went away. Rejects with UsageError for bad options
 *   only.
 */
export function acceptDuplex(
  stream: Duplex,
  request: UpgradeRequest,
  head?: Buffer,
  endpoint: AdapterEndpoint = {},
  source: unknown = request,
): Promise<WebSocketPeer | undefined> {
  // From here on nobody else looks after this stream's errors.
  stream.on('error', IGNORE);
  // A client that has ended its side still reads the answer, whatever the server is made for.
  stream.allowHalfOpen = true;
  // A client that has vanished is noticed at last, also when nobody pings it.
  if (stream instanceof Socket) stream.setKeepAlive(true, KEEP_ALIVE_MS);
  const carrier = new StreamCarrier(stream, head, source, alarmOf(endpoint));
  return carryThrough(carrier, request, endpoint);
}

class StreamCarrier implements Carrier {
  readonly source: unknown;
  readonly head: Buffer | undefined;
  readonly isSecure: boolean;
  readonly #stream: Duplex;
  readonly #alarm: Alarm;

  constructor(stream: Duplex, head: Buffer | undefined, source: unknown, alarm: Alarm) {
    this.#stream = stream;
    this.#alarm = alarm;
    this.head = head;
    this.source = source;
    this.isSecure = 'encrypted' in stream;
  }

  /** Asked of the system, and so only if somebody counts addresses. */
  get address(): string {
    return readClientAddress(this.#stream).address;
  }

  /** A stream that throws when it is asked is as good as gone. */
  get isGone(): boolean {
    return ask(() => this.#stream.destroyed || this.#stream.readableEnded, true);
  }

  onGone(callback: () => void): void {
    this.#stream.once('close', callback);
  }

  /** Half a TCP connection is no WebSocket: its end is an end, as a reset is. */
  onLeaving(callback: () => void): void {
    this.#stream.once('end', callback);
    this.#stream.once('close', callback);
  }

  get canAnswer(): boolean {
    return ask(() => this.#stream.writable, false);
  }

  drop(): void {
    ask<unknown>(() => this.#stream.destroy(), undefined);
  }

  refuse(status: number, headers: Readonly<Record<string, string>>, body: string): void {
    const stream = this.#stream;
    const bytes = Buffer.from(body);
    const writer = new ResponseWriter(ANSWERED, date);
    const how = { keepAlive: false, contentType: 'text/plain; charset=utf-8' };
    stream.write(writer.head(status, headers, bytes.length, how), 'latin1');
    stream.end(writer.framing === 'none' ? undefined : bytes);
    // What the client still sends is read away, or a reset would overtake the answer.
    stream.resume();
    const cancel = this.#alarm(LIMITS.lingerTimeoutMs.value, () => this.drop());
    stream.once('close', cancel);
    // Both halves have to be over: a client may end its own behind the request, and read on.
    const end = (): void => {
      if (ask(() => stream.readableEnded && stream.writableFinished, true)) this.drop();
    };
    stream.once('end', end);
    stream.once('finish', end);
  }

  switchOver(response: Parameters<Carrier['switchOver']>[0]): DuplexTransport {
    // Made before the yes is written: a stream that is too odd for it can still be refused.
    const transport = new DuplexTransport(this.#stream);
    this.#stream.write(formatUpgradeResponse(response), 'latin1');
    return transport;
  }
}

function ask<Answer>(question: () => Answer, otherwise: Answer): Answer {
  try {
    return question();
  } catch {
    return otherwise;
  }
}
