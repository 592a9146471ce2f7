/**
 * The response reader [RFC 9112 §4, §6.3] against itself in pieces, and against Node's parser.
 *
 * Invariants, for any bytes answering any methods, cut anywhere, paused anywhere, with any limits:
 * - the reader never throws, fails at most once, and is inert afterwards;
 * - it reports the same messages, failure, phase and rest, however it is fed;
 * - bodies and heads stay within their limits;
 * - it reports no more final responses than there were requests;
 * - what it reports as complete, Node reads in the same way: status, reason, version, field lines,
 *   body, trailers, persistence, and what is handed over behind an upgrade or a CONNECT.
 *
 * Accepted differences:
 * - *tabs around a length* [RFC 9110 §5.6.3]: Node takes spaces only;
 * - *tabs around a coding* [RFC 9110 §5.6.3]: Node does not see `chunked`, and reads to the end,
 *   whatever is wrong with the chunks, or missing;
 * - *Proxy-Connection* [RFC 9112 §C.2.2]: Node takes it for Connection, and may read no further;
 * - *tabs around an option* [RFC 9110 §5.6.3]: Node does not see the option;
 * - *both options on HTTP/1.0* [RFC 9112 §9.3]: to Node, keep-alive wins over close;
 * - *responses without a body* [RFC 9112 §6.3]: Node says that the connection ends before it knows
 *   that nothing is to come;
 * - *fields without effect* [RFC 9112 §6.3]: of a response that has no body whatever its fields
 *   say, Node still checks the framing fields.
 *
 * And where Node accepts what is refused here, the refusal is one of
 * {@link STRICTER_RESPONSES}, and the bytes of the message show its reason.
 */
import type { ResponseHead } from 'barewire/http';
import { cutAt } from '../spec/support/feeding.ts';
import type { HttpCase } from '../spec/support/http-cases.ts';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import {
  asksForBoth,
  chooseLimits,
  mentions,
  type ReadMessage,
  type ReadOutcome,
  readResponses,
} from './http-recorder.ts';
import { caseSeeds, MAX_LENGTH } from './http-seeds.ts';
import {
  hasTabIn,
  type NodeMessage,
  type NodeOutcome,
  parseWithNode,
} from './oracles/node-parser.ts';
import { STRICTER_RESPONSES } from './oracles/stricter.ts';
import { checkStrictness } from './oracles/strictness.ts';

function isSameMessage(ours: ReadMessage<ResponseHead>, theirs: NodeMessage): boolean {
  const { head } = ours;
  return (
    head.status === theirs.status &&
    head.reason === theirs.reason &&
    head.version === theirs.version &&
    String(ours.lines) === String(theirs.lines) &&
    ours.body === theirs.body &&
    String(ours.trailers) === String(theirs.trailers)
  );
}

function isAcceptedDifference(
  bytes: Uint8Array,
  ours: ReadMessage<ResponseHead>,
  error: string,
): boolean {
  // tabs around a length
  if (error === 'HPE_INVALID_CONTENT_LENGTH' && hasTabIn('content-length', bytes)) return true;
  if (isCodingUnseen(bytes, ours)) return true;
  // fields without effect
  return ours.head.framing.kind === 'none' && /LENGTH|ENCODING/.test(error);
}

/** Node reads to the end of the connection, and there is nothing to compare any more. */
function isCodingUnseen(bytes: Uint8Array, ours: ReadMessage<ResponseHead>): boolean {
  // tabs around a coding
  return ours.head.framing.kind === 'chunked' && hasTabIn('transfer-encoding', bytes);
}

function compareWithNode(
  bytes: Uint8Array,
  theirs: NodeOutcome,
  { messages, rest }: ReadOutcome<ResponseHead>,
): void {
  for (const [index, ours] of messages.entries()) {
    if (!ours.isComplete) return;
    const other = theirs.messages[index];
    if (other?.isComplete !== true) {
      const isAccepted = isAcceptedDifference(bytes, ours, theirs.error ?? '');
      expectLaw(isAccepted, 'Node accepts it too', () => JSON.stringify({ ours, theirs }));
      return;
    }
    const isSame = isSameMessage(ours, other);
    if (!isSame && isCodingUnseen(bytes, ours)) return;
    expectLaw(isSame, 'Node reads the same', () => JSON.stringify({ ours, other }));
    if (mentions(ours, 'proxy-connection')) return; // Proxy-Connection
    if (ours.head.isUpgrade) {
      expectLaw(rest === theirs.rest, 'Node hands over the same', () =>
        JSON.stringify({ rest, theirs: theirs.rest }),
      );
      return;
    }
    const isBodyless = ours.head.framing.kind === 'none'; // responses without a body
    if (!isBodyless && !hasTabIn('connection', bytes) && !asksForBoth(ours.head)) {
      const isSame = ours.head.keepAlive === other.keepAlive;
      expectLaw(isSame, 'Node sees the same persistence');
    }
    if (!ours.head.keepAlive) return;
  }
}

const METHODS = ['GET', 'HEAD', 'CONNECT', 'POST'];

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const limits = chooseLimits(choices);
  const ended = choices.flag();
  const pattern = choices.byte();
  const asked = [choices.pick(METHODS), choices.pick(METHODS), 'GET'];
  const cuts = choices.cuts(6);
  const bytes = choices.rest;
  const feed = { chunks: [Buffer.from(bytes)], pattern: 0, ended, limits };
  const whole = readResponses(feed, asked);
  const cut = readResponses({ ...feed, chunks: cutAt(bytes, cuts), pattern }, asked);
  expectLaw(JSON.stringify(whole) === JSON.stringify(cut), 'cuts and pauses do not matter', () =>
    JSON.stringify({ whole, cut }),
  );
  const finals = whole.messages.filter(({ head }) => !head.isInterim);
  expectLaw(finals.length <= asked.length, 'no response without a request');
  for (const { head, lines } of whole.messages) {
    const bytesOfLines = lines.reduce((sum, part) => sum + part.length, 0);
    expectLaw(bytesOfLines <= (limits.maxHeaderBytes ?? 16_384), 'heads stay within their limit');
    expectLaw(head.reason.length <= (limits.maxReasonBytes ?? 8000), 'reasons stay within theirs');
  }
  const theirs = parseWithNode(bytes, 'response', ended, asked);
  compareWithNode(bytes, theirs, whole);
  if (Object.keys(limits).length > 0) return;
  const last = whole.messages.at(-1);
  if (last?.isComplete === false && isCodingUnseen(bytes, last)) return;
  const accepted = whole.messages.filter(({ isComplete }) => isComplete).length;
  const reading = { bytes, kind: 'response', asked, accepted, code: whole.code } as const;
  checkStrictness(theirs, reading, STRICTER_RESPONSES);
}

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKS = '3\r\nabc\r\n0\r\nX: y\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';

const SEEDS = [
  `${OK}Content-Length: 3\r\n\r\nabcHTTP/1.1 204 No Content\r\n\r\n`,
  `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
  'HTTP/1.0 404 Not Found\r\nConnection: close\r\n\r\nuntil the end',
  `${SWITCH}\r\n\x81\x00`,
  `HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n${OK}content-length: 0\r\n\r\n`,
  `${OK}Proxy-Connection: close\r\nContent-Length: 0\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\n3;a="b\\"";c\r\nabc\r\n0\r\n\r\n`,
  `${OK}Transfer-Encoding:chunked\t\r\n\r\n3\r\nabc`,
];

/** Uncut, to the requests of the case, and ended where it is. */
function decisionsOf({ context = {} }: HttpCase): readonly number[] {
  const { requestMethod = 'GET', requestMethods = [requestMethod], eof = false } = context;
  const [first, second] = requestMethods.map((method) => Math.max(0, METHODS.indexOf(method)));
  return [0, second ?? 0, first ?? 0, 0, eof ? 1 : 0, 0];
}

/** Responses. */
export const target: FuzzTarget = {
  name: 'response-reader',
  subjects: ['http/message-reader', 'http/status-line', 'http/body-reader'],
  seeds: [
    ...SEEDS.map((text) => Buffer.from(`${text}\0\0\0\0\0\0\0`, 'latin1')),
    ...caseSeeds('response', decisionsOf),
  ],
  dictionary: [
    'chunked',
    'Content-Length: ',
    'Transfer-Encoding: ',
    'Proxy-Connection: ',
    '\r\n',
    '\r\n\r\n',
    'HTTP/1.1 ',
  ],
  maxLength: MAX_LENGTH,
  run,
};
