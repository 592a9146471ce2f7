/**
 * Conversations made up at random: what one client says, how its bytes are cut, and how it leaves.
 *
 * They are almost right. Requests are valid and then, often, changed a little; behind a handshake
 * come messages, most of them legal; and any client may stop, wait, end its side, stop reading, or
 * reset the connection in the middle of anything. Meanwhile time passes, for all of them at once.
 */
import { mutate, tokensOf } from '../engine/mutators.ts';
import type { Random } from '../engine/random.ts';
import { PATHS } from './subject.ts';
import { makeWebSocket } from './websocket-speech.ts';

/** One thing that a client does. */
export type Step =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  /** Lets the event loop turn. */
  | { readonly kind: 'wait'; readonly turns: number }
  /** Lets time pass on the server's clock. */
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'stop-reading' | 'read-on' | 'end' | 'destroy' | 'reset' };

const WORDS = tokensOf([
  'GET ',
  'HEAD ',
  'CONNECT ',
  ' HTTP/1.0\r\n',
  '\r\n\r\n',
  '\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Connection: close\r\n',
  'Connection: Upgrade\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\n',
  'ffffffffffffffff\r\n',
  '0\r\n\r\n',
  126,
  127,
  65_536,
]);

const METHODS = ['GET', 'GET', 'POST', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE'];
const FIELDS = [
  'Connection: keep-alive',
  'Connection: close',
  'Expect: 100-continue',
  'Accept: text/event-stream',
  'Last-Event-ID: 1',
  'X-Long: '.padEnd(900, 'x'),
];

function makeBody(random: Random): string {
  const length = random.pick([0, 1, 5, 300, 5_000, 30_000]);
  return 'b'.repeat(length);
}

function makeChunks(random: Random, body: string): string {
  let rest = body;
  let wire = '';
  while (rest !== '') {
    const length = 1 + random.below(rest.length);
    wire += `${length.toString(16)}\r\n${rest.slice(0, length)}\r\n`;
    rest = rest.slice(length);
  }
  return `${wire}0\r\n${random.oneIn(3) ? 'X-Trailer: t\r\n' : ''}\r\n`;
}

function makeRequest(random: Random): Buffer {
  const method = random.pick(METHODS);
  const lines = [`${method} ${random.pick(PATHS)} HTTP/1.${random.oneIn(8) ? 0 : 1}`, 'Host: a'];
  if (random.oneIn(3)) lines.push(random.pick(FIELDS));
  const hasBody = method === 'POST' || method === 'PUT' || random.oneIn(6);
  const body = hasBody ? makeBody(random) : '';
  const isChunked = hasBody && random.oneIn(2);
  if (hasBody)
    lines.push(isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`);
  const wire = isChunked ? makeChunks(random, body) : body;
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${wire}`, 'latin1');
}

/** What a client wants to say, before it is cut. */
function makeSpeech(random: Random): Buffer {
  if (random.oneIn(6)) return Buffer.concat(makeWebSocket(random));
  const parts: Buffer[] = [];
  for (let left = 1 + random.below(4); left > 0; left -= 1) parts.push(makeRequest(random));
  if (random.oneIn(3)) parts.push(...makeWebSocket(random));
  const speech = Buffer.concat(parts);
  if (!random.oneIn(3)) return speech;
  const other = makeRequest(random);
  const changed = mutate(speech, { random, dictionary: WORDS, other }, 80_000);
  return Buffer.from(changed);
}

/** From less than a tick to longer than most deadlines; some end just before or behind one. */
const SPANS_MS = [400, 1_000, 1_000, 4_900, 5_100, 9_900, 10_100, 21_000, 30_100, 61_000];

/** `read-on`: stays, and leaves it to the server to end the connection. */
const ENDS = ['end', 'end', 'destroy', 'reset', 'reset', 'read-on'] as const;

/** Makes a conversation. */
export function makeConversation(random: Random): Step[] {
  const steps: Step[] = [];
  const wait = (): void => void steps.push({ kind: 'wait', turns: random.below(12) });
  let rest = random.oneIn(12) ? Buffer.alloc(0) : makeSpeech(random);
  const given = random.oneIn(3) ? rest.length : random.below(rest.length + 1);
  rest = rest.subarray(0, given);
  const most = random.pick([1, 20, 400, 100_000]);
  // Time passes for all clients: were each to let it, few requests would ever be answered.
  const letsTimePass = random.oneIn(8);
  const pass = (): void => void steps.push({ kind: 'time', ms: random.pick(SPANS_MS) });
  for (let pieces = 0; rest.length > 0; pieces += 1) {
    const length = pieces > 60 ? rest.length : 1 + random.below(Math.min(most, rest.length));
    steps.push({ kind: 'send', bytes: Buffer.from(rest.subarray(0, length)) });
    rest = rest.subarray(length);
    if (random.oneIn(3)) wait();
    if (random.oneIn(30)) steps.push({ kind: random.pick(['stop-reading', 'read-on'] as const) });
    if (letsTimePass && random.oneIn(6)) pass();
  }
  wait();
  if (letsTimePass) pass();
  steps.push({ kind: random.pick(ENDS) });
  if (steps.at(-1)?.kind === 'end') {
    wait();
    steps.push({ kind: random.pick(['destroy', 'reset', 'read-on'] as const) });
  }
  return steps;
}
