/**
 * The request reader [RFC 9112 §2 – §7] against itself in pieces, and against Node's parser.
 *
 * Invariants, for any bytes, cut anywhere, paused anywhere, with any limits:
 * - the reader never throws, fails at most once, and is inert afterwards;
 * - it reports the same messages, failure, phase and rest, however it is fed, also behind an
 *   upgrade that its owner declines;
 * - field lines are the same ones in whatever way one looks at them;
 * - bodies and heads stay within their limits;
 * - what it reports as complete, Node reads in the same way: method, target, version, field lines,
 *   body, trailers, persistence and where the message ends: behind an upgrade or a CONNECT the same
 *   bytes are handed over. (Told that what follows a head is no HTTP, Node would hand over there,
 *   and the body with the rest; here it is not told so, and reads the body first, as we do.)
 *
 * Accepted differences, where Node refuses what is accepted here:
 * - *any token is a method* [RFC 9110 §9.1]: Node knows a list of methods;
 * - *schemes and authorities* [RFC 9112 §3.2]: Node has a URL grammar of its own for targets that
 *   do not begin with "/"; digits in a scheme, for example, are none to it;
 * - *upgrade on HTTP/1.0* [RFC 9110 §7.8]: ignored here, seen there;
 * - *tabs around a length* [RFC 9110 §5.6.3]: Node takes spaces only;
 * - *tabs around a coding* [RFC 9110 §5.6.3]: Node does not see `chunked`; it hands over behind a
 *   head that asks for an upgrade, whatever is wrong with the chunks.
 *
 * And where both accept a message, but say different things of what follows:
 * - *an empty list of protocols* [RFC 9110 §7.8]: Node hands over to an Upgrade that names none;
 * - *tabs around an option* [RFC 9110 §5.6.3]: Node does not see the option;
 * - *Proxy-Connection* [RFC 9112 §C.2.2]: Node takes it for Connection, also among trailers;
 * - *both options on HTTP/1.0* [RFC 9112 §9.3]: to Node, keep-alive wins over close.
 *
 * And where Node accepts what is refused here, the refusal is one of
 * {@link STRICTER_REQUESTS}, and the bytes of the message show its reason.
 */
import type { RequestHead } from 'barewire/http';
import { cutAt } from '../spec/support/feeding.ts';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import {
  asksForBoth,
  chooseLimits,
  mentions,
  type ReadMessage,
  type ReadOutcome,
  readRequests,
} from './http-recorder.ts';
import { caseSeeds, MAX_LENGTH } from './http-seeds.ts';
import {
  hasTabIn,
  NODE_METHODS,
  type NodeMessage,
  type NodeOutcome,
  parseWithNode,
} from './oracles/node-parser.ts';
import { STRICTER_REQUESTS } from './oracles/stricter.ts';
import { checkStrictness } from './oracles/strictness.ts';

function isSameMessage(ours: ReadMessage<RequestHead>, theirs: NodeMessage): boolean {
  const { head } = ours;
  return (
    head.method === theirs.method &&
    head.target === theirs.target &&
    head.version === theirs.version &&
    String(ours.lines) === String(theirs.lines) &&
    ours.body === theirs.body &&
    ours.isComplete === theirs.isComplete &&
    String(ours.trailers) === String(theirs.trailers)
  );
}

function isAcceptedDifference(bytes: Uint8Array, head: RequestHead, error: string): boolean {
  if (!NODE_METHODS.has(head.method)) return true; // any token is a method
  if (error === 'HPE_INVALID_URL') return head.targetForm !== 'origin'; // schemes and authorities
  if (error === 'HPE_INVALID_TRANSFER_ENCODING') return hasTabIn('transfer-encoding', bytes);
  return error === 'HPE_INVALID_CONTENT_LENGTH' && hasTabIn('content-length', bytes);
}

/** Whether there is an Upgrade, and it names no protocol. */
function upgradesToNothing({ fields }: RequestHead): boolean {
  const values = fields.getAll('upgrade');
  return values.length > 0 && /^[ \t,]*$/.test(values.join());
}

function compareWithNode(
  bytes: Uint8Array,
  theirs: NodeOutcome,
  { messages, rest }: ReadOutcome<RequestHead>,
): void {
  for (const [index, ours] of messages.entries()) {
    if (!ours.isComplete) return;
    const other = theirs.messages[index];
    if (other?.isComplete !== true) {
      const isAccepted = isAcceptedDifference(bytes, ours.head, theirs.error ?? '');
      expectLaw(isAccepted, 'Node accepts it too', () => JSON.stringify({ ours, theirs }));
      return;
    }
    expectLaw(isSameMessage(ours, other), 'Node reads the same', () =>
      JSON.stringify({ ours, other }),
    );
    if (mentions(ours, 'proxy-connection')) return; // Proxy-Connection
    if (hasTabIn('connection', bytes)) return; // tabs around an option
    if (ours.head.version === '1.0' && other.isUpgrade) return; // upgrade on HTTP/1.0
    if (other.isUpgrade && upgradesToNothing(ours.head)) return; // an empty list of protocols
    expectLaw(ours.head.wantsUpgrade === other.isUpgrade, 'Node sees the same upgrade');
    if (ours.head.wantsUpgrade) {
      expectLaw(rest === theirs.rest, 'Node hands over the same', () =>
        JSON.stringify({ rest, theirs: theirs.rest }),
      );
      return;
    }
    if (other.keepAlive && asksForBoth(ours.head)) return; // both options on HTTP/1.0
    expectLaw(ours.head.keepAlive === other.keepAlive, 'Node sees the same persistence');
  }
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const limits = chooseLimits(choices);
  const ended = choices.flag();
  const pattern = choices.byte();
  const cuts = choices.cuts(6);
  const bytes = choices.rest;
  const whole = readRequests({ chunks: [Buffer.from(bytes)], pattern: 0, ended, limits });
  const cut = readRequests({ chunks: cutAt(bytes, cuts), pattern, ended, limits });
  expectLaw(JSON.stringify(whole) === JSON.stringify(cut), 'cuts and pauses do not matter', () =>
    JSON.stringify({ whole, cut }),
  );
  if (whole.messages.some(({ head }) => head.wantsUpgrade)) {
    const feed = { ended, limits, isUpgradeDeclined: true };
    const further = readRequests({ ...feed, chunks: [Buffer.from(bytes)], pattern: 0 });
    // In pieces, no head is taken for one that came before.
    const octets = Array.from(bytes, (octet) => Buffer.of(octet));
    const alike = readRequests({ ...feed, chunks: octets, pattern });
    expectLaw(
      JSON.stringify(further) === JSON.stringify(alike),
      'nor do they behind an upgrade that nothing is made of',
      () => JSON.stringify({ further, alike }),
    );
  }
  for (const { head, lines } of whole.messages) {
    const bytesOfLines = lines.reduce((sum, part) => sum + part.length, 0);
    expectLaw(bytesOfLines <= (limits.maxHeaderBytes ?? 16_384), 'heads stay within their limit');
    expectLaw(head.target.length <= (limits.maxTargetBytes ?? 8000), 'targets stay within theirs');
    expectLaw(lines.length / 2 <= (limits.maxHeaderCount ?? 128), 'lines stay within their number');
  }
  const theirs = parseWithNode(bytes, 'request', false);
  compareWithNode(bytes, theirs, whole);
  if (Object.keys(limits).length > 0) return;
  const last = whole.messages.at(-1);
  if (
    last?.isComplete === false &&
    last.head.wantsUpgrade &&
    hasTabIn('transfer-encoding', bytes)
  ) {
    return; // tabs around a coding
  }
  const accepted = whole.messages.filter(({ isComplete }) => isComplete).length;
  const reading = { bytes, kind: 'request', accepted, code: whole.code } as const;
  checkStrictness(theirs, reading, STRICTER_REQUESTS);
}

const HOST = 'Host: a\r\n';
const CHUNKS = '3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n';
const UPGRADE = 'Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00';

const SEEDS = [
  `GET / HTTP/1.1\r\n${HOST}\r\n`,
  'GET /a?b HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n',
  `POST /x HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n${HOST}\r\n`,
  `POST /x HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
  'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\nrest',
  `GET /chat HTTP/1.1\r\n${HOST}${UPGRADE}`,
  `GET /chat HTTP/1.1\r\n${HOST}${UPGRADE.slice(0, -2)}`.repeat(3),
  `GET / HTTP/1.1\r\n${HOST}Connection: x\r\nUser-Agent: close\r\nConnection: y\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}X: spaced \r\nY: tabbed\t\r\n\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HOST}Connection: close\r\nExpect: 100-continue\r\n\r\n`,
  'GET http://a/b HTTP/1.1\r\nhost: a\r\nX:  two words \t\r\nX:\r\n\r\n',
  `GET / HTTP/1.1\r\n${HOST}Proxy-Connection: close\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n`,
  'GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n',
  `GET / HTTP/1.1\r\n${HOST}Proxy-Connection: upgrade\r\nUpgrade: x\r\n\r\n`,
  'OPTIONS * RTSP/1.0\r\n\r\n',
  'SOURCE / ICE/1.0\r\n\r\n',
  'GET /\r\n\r\n',
];

/** Requests. */
export const target: FuzzTarget = {
  name: 'request-reader',
  subjects: [
    'http/message-reader',
    'http/request-line',
    'http/field-section',
    'http/body-reader',
    'http/body-framing',
    'http/chunk-extension',
  ],
  seeds: [
    ...SEEDS.map((text) => Buffer.from(`${text}\0\0\0\0`, 'latin1')),
    ...caseSeeds('request', () => [0, 0, 0, 0]),
  ],
  dictionary: [
    'chunked',
    'Content-Length: ',
    'Transfer-Encoding: ',
    'Host: ',
    'Proxy-Connection: ',
    '\r\n',
    '\r\n\r\n',
    'HTTP/1.1',
  ],
  maxLength: MAX_LENGTH,
  run,
};
