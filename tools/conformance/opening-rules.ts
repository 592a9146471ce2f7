/**
 * What makes an opening handshake good enough to begin [RFC 6455 §4.1, §4.2.1]: the rules that the
 * original asks of a testee, and no others.
 */
import { computeAccept, isHandshakeKey } from 'barewire/handshake';
import { hasToken, joinField, type ScannedHead } from './head-scan.ts';

/** The status of a response, and what else its first line says. */
export interface StatusLine {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
}

/** Reads the first line of a response; `undefined` when it is none. */
export function readStatusLine({ startLine }: ScannedHead): StatusLine | undefined {
  const match = /^(HTTP\/\S+)\s+(\d{3})(?:\s+(.*))?$/.exec(startLine);
  return match === null
    ? undefined
    : { version: match[1]!, status: Number(match[2]), reason: match[3] ?? '' };
}

/** Says why a response opens no connection; `undefined` when it does. Extensions are read apart. */
export function findResponseFault(
  head: ScannedHead,
  { version, status, reason }: StatusLine,
  key: string,
  protocols: readonly string[],
): string | undefined {
  if (version !== 'HTTP/1.1') return `the version is ${version}`;
  if (status !== 101) {
    const location = status < 400 ? joinField(head, 'location') : undefined;
    const refused = `status ${status} ${reason}`.trim();
    return location === undefined ? refused : `${refused}, to ${location}`;
  }
  if (joinField(head, 'upgrade')?.toLowerCase() !== 'websocket') return 'no Upgrade: websocket';
  if (!hasToken(head, 'connection', 'upgrade')) return 'no Connection: upgrade';
  const accepts = head.fields.get('sec-websocket-accept') ?? [];
  if (accepts.length !== 1) return `Sec-WebSocket-Accept stands there ${accepts.length} times`;
  if (accepts[0] !== computeAccept(key)) return 'Sec-WebSocket-Accept is not the answer to the key';
  for (const name of ['sec-websocket-extensions', 'sec-websocket-protocol']) {
    if ((head.fields.get(name)?.length ?? 0) > 1) return `${name} stands there more than once`;
  }
  const protocol = joinField(head, 'sec-websocket-protocol') ?? '';
  if (protocol !== '' && !protocols.includes(protocol)) {
    return `the subprotocol "${protocol}" was not offered`;
  }
  return undefined;
}

/** What a refusal must say besides its status [RFC 9110 §15.5]. */
export const OWED_LINES: Readonly<Record<number, string>> = {
  405: 'Allow: GET\r\n',
  426: 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n',
};

/** Why a request is refused. */
export interface RequestFault {
  readonly status: number;
  readonly reason: string;
}

/** What a good request asks for. */
export interface AskedUpgrade {
  readonly target: string;
  readonly key: string;
}

/** Reads a request to open a connection. */
export function readRequestLine(head: ScannedHead): AskedUpgrade | RequestFault {
  const [method = '', target = '', version = '', ...more] = head.startLine.split(/\s+/);
  const refuse = (status: number, reason: string): RequestFault => ({ status, reason });
  if (version === '' || more.length > 0) return refuse(400, 'The request line is malformed.');
  if (method !== 'GET') return refuse(405, `The method is ${method}, not GET.`);
  if (version !== 'HTTP/1.1') return refuse(505, `The version is ${version}, not HTTP/1.1.`);
  if (head.fields.get('host')?.length !== 1) return refuse(400, 'There must be one Host.');
  if (!hasToken(head, 'upgrade', 'websocket')) return refuse(426, 'No Upgrade: websocket.');
  if (!hasToken(head, 'connection', 'upgrade')) return refuse(400, 'No Connection: upgrade.');
  if (joinField(head, 'sec-websocket-version') !== '13') {
    return refuse(426, 'Sec-WebSocket-Version must be 13.');
  }
  const keys = head.fields.get('sec-websocket-key') ?? [];
  if (keys.length !== 1 || !isHandshakeKey(keys[0]!)) {
    return refuse(400, 'Sec-WebSocket-Key must stand there once, 16 octets in base64.');
  }
  return { target, key: keys[0]! };
}
