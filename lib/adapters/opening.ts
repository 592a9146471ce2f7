/**
 * An opening handshake as an application sees it that decides about it.
 */
import { HandshakeRejected } from '../base/index.ts';
import type { AcceptableUpgrade, FieldLookup, UpgradeRequest } from '../handshake/index.ts';

/** What `accept` is asked about: a handshake that broke no rule. */
export class Opening {
  /** The path of the target, as it was sent. */
  readonly path: string;
  /** The query of the target with its "?"; empty when there is none. */
  readonly query: string;
  /** The authority that the client called. */
  readonly host: string;
  /** The `Origin` field; `undefined` means that no browser's page is behind the request. */
  readonly origin: string | undefined;
  /** Subprotocols that the client offers, most wanted first. */
  readonly protocols: readonly string[];
  /** The fields of the request. */
  readonly fields: FieldLookup;
  /** The server's own request: an IncomingMessage, or the headers of an HTTP/2 stream. */
  readonly source: unknown;
  readonly #patience: { readonly signal: AbortSignal };

  /** @param patience its signal is not looked at before somebody asks for it. */
  constructor(
    request: UpgradeRequest,
    upgrade: AcceptableUpgrade,
    patience: { readonly signal: AbortSignal },
    source: unknown,
  ) {
    // An absolute target has the same meaning as its path [RFC 9112 §3.2.2].
    const target = request.target.replace(/^[a-z][-+.0-9a-z]*:\/\/[^/?#]*/i, '');
    const end = target.indexOf('?');
    this.path = (end === -1 ? target : target.slice(0, end)) || '/';
    this.query = end === -1 ? '' : target.slice(end);
    this.host = upgrade.host;
    this.origin = upgrade.origin;
    this.protocols = upgrade.protocols;
    this.fields = request.fields;
    this.source = source;
    this.#patience = patience;
  }

  /** Aborted when the client goes away or time is up: the answer is not wanted any more. */
  get signal(): AbortSignal {
    return this.#patience.signal;
  }

  /**
   * Makes a refusal, to be returned or thrown.
   *
   * @param status 300 – 599.
   * @param message is the body of the response, as plain text.
   * @throws UsageError `invalid-argument` for another status; `invalid-header` for one that demands
   *   a field that is missing: 401, 405, 407 and 426 do [RFC 9110 §15.5].
   */
  reject(
    status: number,
    message = '',
    headers: Readonly<Record<string, string>> = {},
  ): HandshakeRejected {
    return new HandshakeRejected(status, message, headers);
  }
}
