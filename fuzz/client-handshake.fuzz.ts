/**
 * The client's half of the opening handshake [RFC 6455 §4.1], on what the response reader delivers.
 *
 * Invariants, for any response that the reader accepts, and for several sets of wishes:
 * - checking it never throws;
 * - it opens the connection exactly when a literal reading of the rules says so, and agrees on what
 *   that says of permessage-deflate;
 * - a failure names the first rule that is broken.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DeflateParameters } from 'barewire/deflate';
import {
  buildUpgradeRequest,
  computeAccept,
  readUpgradeResponse,
  type UpgradeWishes,
} from 'barewire/handshake';
import type { ResponseHead } from 'barewire/http';
import { judgeExtension } from '../spec/support/extension-verdict.ts';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import { readRequests, readResponses } from './http-recorder.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const PROTOCOLS = ['chat', 'superchat'];
const OFFERS = [
  undefined,
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits=10',
  'permessage-deflate; server_max_window_bits=10; client_no_context_takeover',
  // The second one is for a server that does not promise what the first one asks for.
  'permessage-deflate; server_no_context_takeover; client_max_window_bits=12, permessage-deflate',
];

/** What both ends go on with. */
interface Agreement {
  readonly protocol: string | undefined;
  readonly extension: DeflateParameters | undefined;
}

/** The rules one after the other: the first that is broken, or what is agreed on. */
function expectedOf(head: ResponseHead, wishes: UpgradeWishes): string | Agreement {
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
  const extension = listed === undefined ? undefined : judgeExtension(listed, wishes.offer);
  if (extension === 'bad') return 'bad-extension';
  const chosen = fields.getAll('sec-websocket-protocol');
  const isWished = chosen.length === 1 && wishes.protocols?.includes(chosen[0]!) === true;
  if (chosen.length > 0 && !isWished) return 'bad-subprotocol';
  return { protocol: chosen[0], extension };
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
    const { protocol, extension } = result.ok ? result : {};
    const found = result.ok ? { protocol, extension } : result.error.code;
    const expected = expectedOf(head, wishes);
    expectLaw(isDeepStrictEqual(found, expected), 'agrees with a literal reading', () =>
      JSON.stringify({ found, expected }),
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

const EXTENSIONS = `${ANSWER}Sec-WebSocket-Extensions: permessage-deflate`;

const ANSWERS = [
  `${ANSWER}\r\n`,
  `${EXTENSIONS}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`,
  `${EXTENSIONS}; client_max_window_bits=9\r\n\r\n`,
  `${EXTENSIONS}; server_max_window_bits=10\r\n\r\n`,
  `${EXTENSIONS}; server_max_window_bits=11; client_no_context_takeover\r\n\r\n`,
  `${EXTENSIONS}; server_no_context_takeover\r\n\r\n`,
  `${EXTENSIONS}, permessage-deflate\r\n\r\n`,
  'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
];

/** Each answer to each offer: a change is rarely one of both. */
const SEEDS = ANSWERS.flatMap((answer) =>
  OFFERS.map((_, offer) => Buffer.from([...Buffer.from(answer), offer, 1])),
);

/** Client handshakes. */
export const target: FuzzTarget = {
  name: 'client-handshake',
  subjects: ['handshake/client-handshake', 'http/message-reader', 'http/status-line'],
  seeds: SEEDS,
  dictionary: [
    ...['Upgrade', 'websocket', 'superchat', 'permessage-deflate', 'Sec-WebSocket-', ', ', '; '],
    ...['server_no_context_takeover', 'client_no_context_takeover'],
    ...['server_max_window_bits=11', 'client_max_window_bits=11'],
  ],
  maxLength: 500,
  run,
};
