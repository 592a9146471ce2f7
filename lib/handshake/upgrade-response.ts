/**
 * The server's yes: 101, or 200 for an extended CONNECT [RFC 6455 §4.2.2 (5), RFC 8441 §5].
 *
 * Refusals are ordinary HTTP responses and are written by whoever writes those.
 */
import { isFieldValue, isToken, lowerAscii, singletonBit, UsageError } from '../base/index.ts';
import type { AcceptableUpgrade } from './server-handshake.ts';

/** What the application adds to the response. */
export interface UpgradeAnswer {
  /** One of the client's subprotocols; `undefined` for none. */
  readonly protocol?: string | undefined;
  /** Further fields, such as `set-cookie`. */
  readonly headers?: Iterable<readonly [name: string, value: string]> | undefined;
}

/** A response's head before it is written. */
export interface UpgradeResponse {
  readonly status: 101 | 200;
  /** Names in lower case, in the order to write them. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/**
 * Fields that belong to the handshake or would frame a body, which a 101 has not [RFC 9110 §8.6].
 */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'upgrade',
  'content-length',
  'transfer-encoding',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
]);

/**
 * Builds the response that opens the connection.
 *
 * @throws UsageError `invalid-argument` for a subprotocol that the client did not offer,
 *   `invalid-header` for a field that is malformed, not the application's to set, or no list and
 *   there twice.
 */
export function buildUpgradeResponse(
  upgrade: AcceptableUpgrade,
  answer: UpgradeAnswer = {},
): UpgradeResponse {
  const isConnect = upgrade.kind === 'extended-connect';
  const fields: (readonly [string, string])[] = [];
  if (!isConnect) {
    fields.push(['upgrade', 'websocket'], ['connection', 'Upgrade']);
    fields.push(['sec-websocket-accept', upgrade.accept]);
  }
  if (answer.protocol !== undefined) {
    if (!upgrade.protocols.includes(answer.protocol)) {
      throw new UsageError('invalid-argument', 'the client did not offer this subprotocol');
    }
    fields.push(['sec-websocket-protocol', answer.protocol]);
  }
  if (upgrade.extension !== undefined) {
    fields.push(['sec-websocket-extensions', upgrade.extension.response]);
  }
  let once = 0;
  for (const [name, value] of answer.headers ?? []) {
    const field = checkField(name, value);
    const bit = singletonBit(field[0]);
    // [RFC 9110 §5.3]
    if ((once & bit) !== 0) throw new UsageError('invalid-header', `${field[0]} is no list`);
    once |= bit;
    fields.push(field);
  }
  return { status: isConnect ? 200 : 101, fields };
}

function checkSyntax(name: string, value: string): void {
  if (isToken(name) && isFieldValue(value)) return;
  throw new UsageError('invalid-header', `${JSON.stringify(name)} or its value is malformed`);
}

function checkField(name: string, value: string): readonly [string, string] {
  checkSyntax(name, value);
  const lowerName = lowerAscii(name);
  if (RESERVED.has(lowerName)) {
    throw new UsageError('invalid-header', `${lowerName} belongs to the handshake`);
  }
  return [lowerName, value];
}

/**
 * Writes a 101 response in the bytes of HTTP/1.1.
 *
 * @returns the head with its empty line, to be written as latin1. Every line has been validated.
 * @throws UsageError `invalid-argument` for the response to an extended CONNECT, `invalid-header`
 *   for a malformed field.
 */
export function formatUpgradeResponse(response: UpgradeResponse): string {
  if (response.status !== 101) throw new UsageError('invalid-argument', 'not an HTTP/1.1 response');
  let head = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (const field of response.fields) {
    const name = field[0];
    const value = field[1];
    // Again: whoever has added to the fields since has not been checked.
    checkSyntax(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}
