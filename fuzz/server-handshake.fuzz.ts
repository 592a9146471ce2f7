/**
 * The server's half of the opening handshake [RFC 6455 §4.2], on what the request reader delivers.
 *
 * Invariants, for any request that the reader accepts, with any policy:
 * - checking it never throws;
 * - it is acceptable exactly when a literal reading of the rules says so, and when `URL` says that
 *   origins are the same which are written with nothing but letters, digits, dots and a port; the
 *   names of loopback are written down here once more;
 * - a refusal has a status from 400, a code of the violation table, and fields that can be written;
 * - an acceptance can be answered, our response reader reads the answer as an upgrade, and our
 *   client accepts it with the same subprotocol.
 */
import { isFieldValue, isToken, ProtocolError, VIOLATIONS } from 'barewire/base';
import {
  type AcceptableUpgrade,
  buildUpgradeResponse,
  formatUpgradeResponse,
  type RefusedUpgrade,
  readUpgradeRequest,
  readUpgradeResponse,
  type UpgradePolicy,
} from 'barewire/handshake';
import type { RequestHead } from 'barewire/http';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import { readRequests, readResponses } from './http-recorder.ts';
import { countExtensions, isExtensionList } from './oracles/extension-list.ts';

const listOf = (values: readonly string[]): string[] =>
  values
    .join(',')
    .split(',')
    .map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ''));

/** The rules one after the other, for a request that HTTP itself has accepted. */
function isAcceptable({ method, version, fields }: RequestHead): boolean {
  const values = (name: string): readonly string[] => fields.getAll(name);
  const has = (name: string, wanted: string): boolean =>
    listOf(values(name)).some((part) => part.toLowerCase() === wanted);
  const key = values('sec-websocket-key')[0] ?? '';
  const protocols = values('sec-websocket-protocol');
  const extensions = values('sec-websocket-extensions');
  const lengths = values('content-length');
  return (
    method === 'GET' &&
    version === '1.1' &&
    has('upgrade', 'websocket') &&
    has('connection', 'upgrade') &&
    values('host').length === 1 &&
    values('sec-websocket-key').length === 1 &&
    isSixteenBytes(key) &&
    values('sec-websocket-version').join(',') === '13' &&
    values('origin').length <= 1 &&
    values('transfer-encoding').length === 0 &&
    lengths.every((length) => Number(length) === 0) &&
    (protocols.length === 0 || isNameList(listOf(protocols))) &&
    (extensions.length === 0 || isShortList(extensions.join(', ')))
  );
}

/** Base64; the bits behind the last byte may be set. */
const isSixteenBytes = (key: string): boolean =>
  Buffer.from(key, 'base64').length === 16 && /^[\w+/]+==$/.test(key) && !key.includes('_');

const isNameList = (names: readonly string[]): boolean =>
  names.every(isToken) && new Set(names).size === names.length;

const isShortList = (value: string): boolean =>
  isExtensionList(value) && countExtensions(value) <= 64;

const PLAIN = /^[a-z0-9.]+(:\d{1,5})?$/i;

/** What the server was called: the authority of an absolute target, or Host. */
function calledAs({ target, fields }: RequestHead): string {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(target)?.[1] ?? fields.get('host') ?? '';
}

/** Whether the policy lets the page in; `undefined` where `URL` reads more into the names. */
function isLetIn(
  head: RequestHead,
  { origins, hosts, isSecure }: UpgradePolicy,
): boolean | undefined {
  const called = calledAs(head);
  const name = called.replace(/:\d+$/, '').toLowerCase();
  const isLocal = /^(localhost|.*\.localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.test(name);
  if (hosts === 'loopback' && !PLAIN.test(called)) return undefined;
  if (hosts === 'loopback' && !isLocal) return false;
  const origin = head.fields.get('origin');
  if (origins === 'any' || origin === undefined) return true;
  const [, scheme = '', page = ''] = /^(.*?):\/\/(.*)$/s.exec(origin.toLowerCase()) ?? [];
  if (scheme !== 'https' && (scheme !== 'http' || isSecure === true)) return false;
  if (!PLAIN.test(page) || !PLAIN.test(called)) return undefined;
  const [asked, server] = [`${scheme}://${page}`, `${scheme}://${called}`];
  if (!URL.canParse(asked) || !URL.canParse(server)) return undefined;
  const [theirs, ours] = [new URL(asked), new URL(server)];
  // `1` is 0.0.0.1 to it.
  const isSpelled = theirs.hostname === page.replace(/:\d+$/, '') && ours.hostname === name;
  return isSpelled ? theirs.origin === ours.origin : undefined;
}

function checkRefusal({ status, headers, error }: RefusedUpgrade): void {
  expectLaw(Number.isInteger(status) && status >= 400 && status < 600, 'refuses with an error');
  if (error instanceof ProtocolError) expectLaw(error.code in VIOLATIONS, 'refuses for a rule');
  for (const [name, value] of Object.entries(headers)) {
    expectLaw(isToken(name) && isFieldValue(value), 'a refusal can be written');
  }
}

function checkAnswer(upgrade: AcceptableUpgrade, head: RequestHead): void {
  const protocol = upgrade.protocols.at(-1);
  const response = buildUpgradeResponse(upgrade, { protocol });
  const bytes = Buffer.from(`${formatUpgradeResponse(response)}\x81\x00`, 'latin1');
  const feed = { chunks: [bytes], pattern: 0, ended: false, limits: {} };
  const { messages, rest } = readResponses(feed, ['GET']);
  expectLaw(
    messages[0]?.head.isUpgrade === true && rest === '\x81\x00',
    'the answer is an upgrade',
  );
  const offer = head.fields.get('sec-websocket-extensions');
  const wishes = { protocols: upgrade.protocols, offer };
  const opened = readUpgradeResponse(
    messages[0]!.head,
    wishes,
    head.fields.get('sec-websocket-key'),
  );
  expectLaw(opened.ok && opened.protocol === protocol, 'our client accepts the answer', () =>
    JSON.stringify({ opened, response }),
  );
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const policy: UpgradePolicy = {
    origins: choices.pick(['any', 'any', 'same-origin']),
    hosts: choices.pick(['any', 'any', 'loopback']),
    deflate: choices.pick([true, false, { serverMaxWindowBits: 9, clientNoContextTakeover: true }]),
    isSecure: choices.flag(),
  };
  const feed = { chunks: [Buffer.from(choices.rest)], pattern: 0, ended: false, limits: {} };
  for (const { head } of readRequests(feed).messages) {
    const result = readUpgradeRequest(head, policy);
    const isAllowed = isLetIn(head, policy);
    const expected = isAcceptable(head) && isAllowed !== false;
    const isKnown = isAllowed !== undefined || !expected;
    expectLaw(!isKnown || result.ok === expected, 'agrees with a literal reading', () =>
      JSON.stringify({ head, result }),
    );
    if (result.ok) checkAnswer(result, head);
    else checkRefusal(result);
  }
}

const REQUEST =
  'GET /chat HTTP/1.1\r\nHost: localhost:1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n';
const EXTENSIONS =
  'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x; y="z"\r\n';

const SEEDS = [
  `${REQUEST}\r\n`,
  `${REQUEST}Origin: http://localhost:1\r\nSec-WebSocket-Protocol: chat, superchat\r\n\r\n`,
  `${REQUEST}${EXTENSIONS}Content-Length: 0\r\n\r\n`,
];
/** Loopback only, the same origin only. */
const STRICT = `${REQUEST}Origin: http://LOCALHOST:1\r\n\r\n\0\0\x02\x02`;

/** Server handshakes. */
export const target: FuzzTarget = {
  name: 'server-handshake',
  subjects: [
    'handshake/server-handshake',
    'handshake/upgrade-request',
    'handshake/origin',
    'handshake/subprotocol',
  ],
  seeds: [...SEEDS.map((text) => `${text}\0\0\0\0`), STRICT].map((text) =>
    Buffer.from(text, 'latin1'),
  ),
  dictionary: [
    ...['http://localhost', 'https://', '127.0.0.1', ':80', ':443', 'Origin: '],
    ...['Upgrade', 'websocket', 'keep-alive, Upgrade', 'Origin: null\r\n', 'Sec-WebSocket-'],
    // Whole, so that a second key is one insertion away, wherever a line begins or ends.
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
    '\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ],
  maxLength: 600,
  run,
};
