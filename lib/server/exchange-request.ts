/** The request of an exchange, as the application sees it. */
import { equalsIgnoringCase } from '../base/index.ts';
import { type Fields, listElements, type RequestHead } from '../http/index.ts';
import type { ClientAddress } from '../peer/index.ts';
import { fitsScheme, type SplitTarget, splitTarget } from './exchange-target.ts';
import type { PeerSet } from './peer-set.ts';
import type { RequestBody } from './request-body.ts';
import type { ServerSettings } from './server-settings.ts';
import type { SocketPump } from './socket-pump.ts';

/** The connection, as an exchange sees it. */
export interface ExchangeTransport {
  readonly pump: SocketPump;
  readonly settings: ServerSettings;
  readonly client: ClientAddress;
  /** Whether the connection is encrypted. */
  readonly isSecure: boolean;
  /** The server lets nobody in any more. */
  readonly isClosing: boolean;
  /** WebSockets that the application accepts by itself: the server says goodbye to them. */
  readonly guests: PeerSet;
  /** Whether the connection could serve another request after the response that begins now. */
  mayKeepAlive(): boolean;
  /** The response has been written. */
  responseEnded(): void;
  /**
   * Speaks HTTP no more, and returns the bytes that have come and were not read; they are yours.
   */
  handOver(): Buffer;
  /** Ends the connection behind what was written, without the end of the answer. */
  breakOff(): void;
  /** Takes what code of the application threw where nobody catches it. */
  reportError(error: unknown): void;
}

/** What came. Nothing here changes while an exchange lasts. */
export abstract class ExchangeRequest {
  /** The request's header fields, looked up case-blind. */
  readonly fields: Fields;
  /** The request's body, to read or to leave. */
  readonly body: RequestBody;
  readonly #head: RequestHead;
  readonly #transport: ExchangeTransport;
  #split: SplitTarget | undefined;
  #query: URLSearchParams | undefined;

  constructor(head: RequestHead, body: RequestBody, transport: ExchangeTransport) {
    this.fields = head.fields;
    this.body = body;
    this.#head = head;
    this.#transport = transport;
  }

  /** As it came; methods are case-sensitive. */
  get method(): string {
    return this.#head.method;
  }

  /** The request target as it came. */
  get target(): string {
    return this.#head.target;
  }

  get version(): '1.0' | '1.1' {
    return this.#head.version;
  }

  /** The path of the target, still percent-encoded and never normalised. */
  get path(): string {
    return this.#splitTarget().path;
  }

  /** What follows the "?" of the target, decoded as a form. The object is kept. */
  get query(): URLSearchParams {
    // With a mark of ours before it: one that is there is left out, and it may be the client's.
    this.#query ??= new URLSearchParams(`?${this.#splitTarget().search}`);
    return this.#query;
  }

  /** Host and port that the client called; "" when it named none, which HTTP/1.0 may do. */
  get host(): string {
    // [RFC 9112 §3.3] The target of CONNECT is the authority, whatever Host says.
    if (this.#head.targetForm === 'authority') return this.#head.target;
    return this.#head.authority ?? this.fields.get('host') ?? '';
  }

  /** Whether the connection is encrypted. */
  get isSecure(): boolean {
    return this.#transport.isSecure;
  }

  /** @internal Whether the target names another scheme than the one that is spoken here. */
  get isMisdirected(): boolean {
    const { settings, isSecure } = this.#transport;
    if (this.#head.targetForm !== 'absolute' || settings.allowAnyScheme) return false;
    return !fitsScheme(this.target, isSecure);
  }

  /**
   * Address and port of the other end. A proxy's, if there is one in between. The system is asked
   * when this, or {@link Exchange.onClose}, is first called for a connection: once the client has
   * gone it knows nothing, and the address is "".
   */
  get client(): ClientAddress {
    return this.#transport.client;
  }

  /** Whether the client asks for another protocol, such as a WebSocket. */
  get wantsUpgrade(): boolean {
    return this.#head.wantsUpgrade;
  }

  /** Whether it asks to become a WebSocket; whether correctly is another question. */
  get wantsWebSocket(): boolean {
    if (!this.#head.wantsUpgrade || this.#head.method === 'CONNECT') return false;
    const protocols = listElements(this.fields.get('upgrade')!);
    return protocols.some((protocol) => equalsIgnoringCase(protocol, 'websocket'));
  }

  /** Returns a request field's value, several joined with ", "; `undefined` when it is absent. */
  header(name: string): string | undefined {
    return this.fields.get(name);
  }

  #splitTarget(): SplitTarget {
    this.#split ??= splitTarget(this.#head.target, this.#head.targetForm);
    return this.#split;
  }
}
