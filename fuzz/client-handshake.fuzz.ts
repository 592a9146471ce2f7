/**
 * The client's half of the opening handshake [RFC 6455 §4.1], on what the response reader delivers.
 *
 * Invariants, for any response that the reader accepts, and for several sets of wishes:
 * - checking it never throws;
 * - it opens the connection exactly when a literal reading of the rules says so, but for the
 *   parameters of permessage-deflate, which the target `extension-list` reads;
 * - a failure names the first rule that is broken.
 */
import {
  buildUpgradeRequest,
  computeAccept,
  readUpgradeResponse,
  type UpgradeWishes,
} from 'barewire/handshake';
import type { ResponseHead } from 'barewire/http';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import { readRequests, readResponses } from './http-recorder.ts';
import { isExtensionList } from './oracles/extension-list.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const PROTOCOLS = ['chat', 'superchat'];
const OFFERS = [undefined, 'permessage-deflate', 'permessage-deflate; client_max_window_bits=10'];

/** The rules one after the other; extensions are not read but by {@link mayHaveBadParameters}. */
function expectedCode(head: ResponseHead, wishes: UpgradeWishes): string | undefined {
  const { fields } = head;
  const options = (fields.get('connection') ?? '')
    .split(',')
    .map((part) => part.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase());
  if (head.version !== '1.1') return 'bad-version';
  if (head.status !== 101) return 'bad-status';
  if (fields.get('upgrade')?.toLowerCase() !== 'websocket') return 'bad-upgrade';
  if (!options.includes('upgrade')) return 'bad-connection';
  const accepts = fields.getAll('sec-websocket-accept');
  if (accepts.length !== 1 || accepts[0] !== computeAccept(KEY)) return 'bad-accept';
  const listed = fields.get('sec-websocket-extensions');
  if (listed !== undefined) {
    const isPossible = wishes.offer !== undefined && isExtensionList(listed);
    if (!isPossible || !/^[ \t]*permessage-deflate[^,]*$/.test(listed)) return 'bad-extension';
  }
  const chosen = fields.getAll('sec-websocket-protocol');
  if (chosen.length === 0) return undefined;
  const isWished = chosen.length === 1 && wishes.protocols?.includes(chosen[0]!) === true;
  return isWished ? undefined : 'bad-subprotocol';
}

/** Whether permessage-deflate is answered with parameters, which may be bad. */
function mayHaveBadParameters({ fields }: ResponseHead): boolean {
  const listed = fields.get('sec-websocket-extensions');
  return listed !== undefined && listed.trim() !== 'permessage-deflate';
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const wishes = {
    host: 'localhost',
    target: '/',
    protocols: choices.flag() ? PROTOCOLS : [],
    offer: choices.pick(OFFERS),
  };
  const feed = { chunks: [Buffer.from(choices.rest)], pattern: 0, ended: false, limits: {} };
  for (const { head } of readResponses(feed, ['GET', 'GET']).messages) {
    const result = readUpgradeResponse(head, wishes, KEY);
    const code = result.ok ? undefined : result.error.code;
    const expected = expectedCode(head, wishes);
    const isBadParameter =
      code === 'bad-extension' &&
      (expected === undefined || expected === 'bad-subprotocol') &&
      mayHaveBadParameters(head);
    expectLaw(isBadParameter || code === expected, 'agrees with a literal reading', () =>
      JSON.stringify({ code, expected }),
    );
  }
  checkRequest(choices.rest, wishes);
}

/** What the client writes is one request, whatever the target: or it is refused. */
function checkRequest(bytes: Uint8Array, wishes: UpgradeWishes): void {
  const target = Buffer.from(bytes.subarray(0, 40)).toString('latin1');
  let request: string;
  try {
    request = buildUpgradeRequest({ ...wishes, target: `/${target}`, origin: target }, KEY);
  } catch (error) {
    expectLaw((error as Error).name === 'UsageError', 'refuses the caller, and crashes not');
    return;
  }
  const chunks = [Buffer.from(`${request}\x81\x00`, 'latin1')];
  const { messages, rest } = readRequests({ chunks, pattern: 0, ended: false, limits: {} });
  expectLaw(messages.length === 1 && messages[0]!.head.wantsUpgrade, 'writes one upgrade');
  expectLaw(rest === '\x81\x00', 'and nothing behind it');
}

const ANSWER =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

const SEEDS = [
  `${ANSWER}\r\n`,
  `${ANSWER}Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n`,
  `${ANSWER}Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\r\n\r\n`,
  'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
];

/** Client handshakes. */
export const target: FuzzTarget = {
  name: 'client-handshake',
  subjects: ['handshake/client-handshake', 'http/message-reader', 'http/status-line'],
  seeds: SEEDS.map((text) => Buffer.from(`${text}\x01\x01`, 'latin1')),
  dictionary: ['Upgrade', 'websocket', 'superchat', 'permessage-deflate', 'Sec-WebSocket-'],
  maxLength: 500,
  run,
};
