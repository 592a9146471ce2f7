/**
 * The opening handshake from the fuzzer's side, in both roles [RFC 6455 §4].
 *
 * ```
 * fuzzer as client   request out ──▶ head of the response in ──▶ opened, or a reason why not
 * fuzzer as server   head of the request in ──▶ asked: path and query, offers ──▶ answer out
 * ```
 * Bytes in, text out; the raw heads are kept, because people want to see them in the report. What
 * comes behind the head belongs to the first frame and is handed over.
 */

import { buildUpgradeRequest, readUpgradeRequest, readUpgradeResponse } from 'barewire/handshake';
import {
  Fields,
  type RequestHead,
  RequestReader,
  type ResponseHead,
  ResponseReader,
} from 'barewire/http';
import { OpeningError, readCompressionResponse } from './compression-agreement.ts';
import type { AgreedDeflate } from './message-deflate.ts';

/** Where a testee that is a server listens. */
export interface Target {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Path and query. */
  readonly path: string;
  /** The value of `Host`. */
  readonly authority: string;
  readonly origin?: string | undefined;
  readonly protocols?: readonly string[] | undefined;
  /** Accept any certificate. */
  readonly isInsecure?: boolean | undefined;
}

/** What came of an opening handshake that the fuzzer began. */
export type OpeningResult = {
  /** The response's head as it came, or whatever came instead. */
  readonly httpResponse: string;
  /** The `Server` field, when there is one. */
  readonly serverName?: string | undefined;
  readonly status?: number | undefined;
} & (
  | { readonly ok: true; readonly rest: Buffer; readonly agreed: AgreedDeflate | undefined }
  | { readonly ok: false; readonly reason: string }
);

/** Octets of garbage that are worth keeping. */
const MAX_RAW_BYTES = 16 * 1024;

/** The request that opens a connection. */
export function buildRequest(target: Target, key: string, offer: string | undefined): string {
  return buildUpgradeRequest(
    {
      host: target.authority,
      target: target.path,
      protocols: target.protocols,
      offer,
      origin: target.origin,
      headers: [
        ['User-Agent', 'barewire-conformance'],
        ['Pragma', 'no-cache'],
        ['Cache-Control', 'no-cache'],
      ],
    },
    key,
  );
}

/** Reads the answer to a request of the fuzzer's. */
export class ClientOpening {
  readonly #reader: ResponseReader;
  readonly #done: (result: OpeningResult) => void;
  readonly #expected: {
    readonly key: string;
    readonly offer: string | undefined;
    readonly protocols: readonly string[];
  };
  #raw = Buffer.alloc(0);
  #isDone = false;

  /** @param done called once. */
  constructor(
    expected: { key: string; offer: string | undefined; protocols?: readonly string[] | undefined },
    done: (result: OpeningResult) => void,
  ) {
    this.#done = done;
    this.#expected = { ...expected, protocols: expected.protocols ?? [] };
    this.#reader = new ResponseReader({
      head: (head) => this.#head(head),
      body: () => {},
      end: () => {},
      failed: (error) => this.#fail(`${describeGarbage(this.#raw)}: ${error.message}`),
    });
    this.#reader.expect('GET');
  }

  /** Takes what has come. */
  receive(bytes: Buffer): void {
    if (this.#isDone) return;
    if (this.#raw.length < MAX_RAW_BYTES) this.#raw = Buffer.concat([this.#raw, bytes]);
    this.#reader.receive(bytes);
  }

  /** TCP is gone, or time is up. */
  giveUp(reason: string): void {
    this.#fail(this.#raw.length === 0 ? reason : `${reason} ${describeGarbage(this.#raw)}.`);
  }

  #head(head: ResponseHead): void {
    if (head.isInterim && !head.isUpgrade) return;
    const rest = this.#reader.handOver();
    const httpResponse = this.#raw.toString('latin1', 0, this.#raw.length - rest.length);
    const facts = { httpResponse, serverName: head.fields.get('server'), status: head.status };
    const { key, offer, protocols } = this.#expected;
    // Extensions are agreed upon by the suite's own rules, so they are left out here.
    const visible = Fields.from(
      [...head.fields].filter(([name]) => !/^sec-websocket-extensions$/i.test(name)),
    );
    const { version, status } = head;
    const opened = readUpgradeResponse({ version, status, fields: visible }, { protocols }, key);
    if (!opened.ok) {
      const detail =
        head.status === 101 ? opened.error.message : `status ${head.status} ${head.reason}`.trim();
      this.#finish({ ...facts, ok: false, reason: `The server refused the handshake: ${detail}` });
      return;
    }
    try {
      const listed = head.fields.get('sec-websocket-extensions');
      const agreed = readCompressionResponse(listed, offer !== undefined);
      this.#finish({ ...facts, ok: true, rest, agreed });
    } catch (error) {
      if (!(error instanceof OpeningError)) throw error;
      this.#finish({ ...facts, ok: false, reason: error.message });
    }
  }

  #fail(reason: string): void {
    this.#finish({ ok: false, reason, httpResponse: this.#raw.toString('latin1').slice(0, 2000) });
  }

  #finish(result: OpeningResult): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(result);
  }
}

/** Says what kind of thing came instead of an HTTP head. */
export function describeGarbage(bytes: Buffer): string {
  // A TLS record: alert or handshake, protocol version 3.x.
  if ((bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 0x03) {
    return 'The peer speaks TLS (a server: try wss://)';
  }
  const line = /^[\x20-\x7e]*/.exec(bytes.toString('latin1', 0, 60))![0];
  const isText = line.length > 3;
  const shown = isText ? JSON.stringify(line) : `octets ${bytes.toString('hex', 0, 16)} …`;
  return `The peer did not speak HTTP (${shown})`;
}

/** A request that came to the fuzzer. */
export type AskedOpening =
  | {
      readonly ok: true;
      readonly head: RequestHead;
      readonly httpRequest: string;
      readonly accept: string;
      readonly rest: Buffer;
    }
  | {
      readonly ok: false;
      readonly status: number;
      readonly reason: string;
      readonly httpRequest: string;
    };

/** Reads the request of a testee that is a client. */
export class ServerOpening {
  readonly #reader: RequestReader;
  readonly #done: (asked: AskedOpening) => void;
  #raw = Buffer.alloc(0);

  /** @param done called once. */
  constructor(done: (asked: AskedOpening) => void) {
    this.#done = done;
    this.#reader = new RequestReader({
      head: (head) => this.#head(head),
      body: () => {},
      end: () => {},
      failed: (error) => this.#refuse(error.status ?? 400, error.message),
    });
  }

  /** Takes what has come. */
  receive(bytes: Buffer): void {
    if (this.#raw.length < MAX_RAW_BYTES) this.#raw = Buffer.concat([this.#raw, bytes]);
    this.#reader.receive(bytes);
  }

  #head(head: RequestHead): void {
    const rest = this.#reader.handOver();
    const upgrade = readUpgradeRequest(head, { origins: 'any' });
    const httpRequest = this.#raw.toString('latin1', 0, this.#raw.length - rest.length);
    if (upgrade.ok) {
      this.#done({ ok: true, head, httpRequest, accept: upgrade.accept, rest });
    } else {
      this.#done({ ok: false, status: upgrade.status, reason: upgrade.error.message, httpRequest });
    }
  }

  #refuse(status: number, reason: string): void {
    this.#done({
      ok: false,
      status,
      reason,
      httpRequest: this.#raw.toString('latin1').slice(0, 2000),
    });
  }
}

/** The response that opens a connection. */
export function buildResponse(accept: string, extension: string | undefined): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Server: barewire-conformance',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  if (extension !== undefined) lines.push(`Sec-WebSocket-Extensions: ${extension}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The response that refuses one. */
export function buildRefusal(status: number, reason: string): string {
  const body = `${reason}\n`;
  return (
    `HTTP/1.1 ${status} Refused\r\nServer: barewire-conformance\r\n` +
    'Content-Type: text/plain; charset=utf-8\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}
