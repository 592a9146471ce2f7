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

import { buildUpgradeRequest, computeAccept } from 'barewire/handshake';
import { OpeningError, readCompressionResponse } from './compression-agreement.ts';
import { describeGarbage } from './garbage.ts';
import { joinField, MAX_HEAD_BYTES, type ScannedHead, scanHead } from './head-scan.ts';
import type { AgreedDeflate } from './message-deflate.ts';
import { findResponseFault, OWED_LINES, readRequestLine, readStatusLine } from './opening-rules.ts';

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

/**
 * How the original spells the name of the protocol. Names have no case here [RFC 6455 §4.2.1]; a
 * testee that thinks otherwise shall fail where it fails there.
 */
const UPGRADE = 'Upgrade: WebSocket\r\n';

/** The request that opens a connection. */
export function buildRequest(target: Target, key: string, offer: string | undefined): string {
  const request = buildUpgradeRequest(
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
  return request.replace(/^Upgrade:.*\r\n/im, UPGRADE);
}

/** Reads the answer to a request of the fuzzer's. */
export class ClientOpening {
  readonly #done: (result: OpeningResult) => void;
  readonly #expected: {
    readonly key: string;
    readonly offer: string | undefined;
    readonly protocols?: readonly string[] | undefined;
  };
  #raw: Buffer = Buffer.alloc(0);
  #isDone = false;

  /** @param done called once. */
  constructor(
    expected: { key: string; offer: string | undefined; protocols?: readonly string[] | undefined },
    done: (result: OpeningResult) => void,
  ) {
    this.#done = done;
    this.#expected = expected;
  }

  /** Takes what has come. */
  receive(bytes: Buffer): void {
    if (this.#isDone) return;
    this.#raw = Buffer.concat([this.#raw, bytes]);
    const head = scanHead(this.#raw);
    if (head !== undefined) this.#head(head);
    else if (!mayBeResponse(this.#raw)) this.#fail(`${describeGarbage(this.#raw, 'server')}.`);
  }

  /** TCP is gone, or time is up. */
  giveUp(reason: string): void {
    this.#fail(
      this.#raw.length === 0 ? reason : `${reason} ${describeGarbage(this.#raw, 'server')}.`,
    );
  }

  #head(head: ScannedHead): void {
    const line = readStatusLine(head);
    if (line === undefined) {
      this.#fail(`${describeGarbage(this.#raw, 'server')}.`);
      return;
    }
    const rest = this.#raw.subarray(head.length);
    if (line.status < 200 && line.status !== 101) {
      // What is only on the way to an answer says nothing yet [RFC 9110 §15.2].
      this.#raw = Buffer.alloc(0);
      if (rest.length > 0) this.receive(rest);
      return;
    }
    const httpResponse = this.#raw.toString('latin1', 0, head.length);
    const serverName = joinField(head, 'server');
    const facts = { httpResponse, serverName, status: line.status };
    const { key, offer, protocols = [] } = this.#expected;
    const fault = findResponseFault(head, line, key, protocols);
    if (fault !== undefined) {
      const isRefusal = line.status !== 101;
      const what = isRefusal
        ? 'The server refused the handshake'
        : 'The response opens no connection';
      this.#finish({ ...facts, ok: false, reason: `${what}: ${fault}.` });
      return;
    }
    try {
      const listed = joinField(head, 'sec-websocket-extensions');
      const agreed = readCompressionResponse(listed, offer !== undefined);
      this.#finish({ ...facts, ok: true, rest, agreed });
    } catch (error) {
      if (!(error instanceof OpeningError)) throw error;
      this.#finish({ ...facts, ok: false, reason: error.message });
    }
  }

  #fail(reason: string): void {
    this.#finish({ ok: false, reason, httpResponse: this.#raw.toString('latin1', 0, 2000) });
  }

  #finish(result: OpeningResult): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(result);
  }
}

/** Whether this can still become the head of a response. */
function mayBeResponse(bytes: Buffer): boolean {
  const begun = bytes.toString('latin1', 0, 'HTTP/'.length);
  return bytes.length <= MAX_HEAD_BYTES && 'HTTP/'.startsWith(begun);
}

/** A request that came to the fuzzer. */
export type AskedOpening =
  | {
      readonly ok: true;
      /** Path and query. */
      readonly target: string;
      /** The value of `Sec-WebSocket-Extensions`. */
      readonly offers: string | undefined;
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
  readonly #done: (asked: AskedOpening) => void;
  #raw: Buffer = Buffer.alloc(0);
  #isDone = false;

  /** @param done called once. */
  constructor(done: (asked: AskedOpening) => void) {
    this.#done = done;
  }

  /** Takes what has come. */
  receive(bytes: Buffer): void {
    if (this.#isDone) return;
    this.#raw = Buffer.concat([this.#raw, bytes]);
    const head = scanHead(this.#raw);
    if (head !== undefined) this.#head(head);
    else if (
      this.#raw.length > MAX_HEAD_BYTES ||
      !/^[A-Z]/.test(this.#raw.toString('latin1', 0, 1))
    ) {
      this.#finish({ ok: false, status: 400, reason: `${describeGarbage(this.#raw, 'client')}.` });
    }
  }

  #head(head: ScannedHead): void {
    const asked = readRequestLine(head);
    if ('status' in asked) {
      this.#finish({ ok: false, ...asked }, head.length);
      return;
    }
    const offers = joinField(head, 'sec-websocket-extensions');
    const accept = computeAccept(asked.key);
    const rest = this.#raw.subarray(head.length);
    this.#finish({ ok: true, target: asked.target, offers, accept, rest }, head.length);
  }

  #finish(asked: WithoutText<AskedOpening>, headLength = 2000): void {
    this.#isDone = true;
    this.#done({ ...asked, httpRequest: this.#raw.toString('latin1', 0, headLength) });
  }
}

type WithoutText<Asked> = Asked extends unknown ? Omit<Asked, 'httpRequest'> : never;

/** The response that opens a connection. */
export function buildResponse(accept: string, extension: string | undefined): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Server: barewire-conformance',
    UPGRADE.trimEnd(),
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
    `HTTP/1.1 ${status} Refused\r\nServer: barewire-conformance\r\n${OWED_LINES[status] ?? ''}` +
    'Content-Type: text/plain; charset=utf-8\r\n' +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  );
}
