/**
 * Whatever our reader accepts, Node's own parser reads with the same method, target, fields, body and
 * trailers: two readers in a row that differ are what smuggling needs. The differences that remain are
 * named here, and each is one where Node refuses or hands over earlier.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { HTTP_CASES, inputOf, OWN_HTTP_CASES } from '../support/http-cases.ts';
import { type RecordedMessage, recordRequests } from '../support/http-driver.ts';
import { validRequest } from '../support/http-generators.ts';
import { anyRequests } from '../support/http-mutations.ts';
import { runs } from '../support/laws.ts';
import { type NodeVerdict, readWithNode } from '../support/node-parser.ts';

/** The differences of policy, and what Node does where ours goes on. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  // Methods are tokens [RFC 9110 §9.1]; which of them there are is for the application to say.
  HPE_INVALID_METHOD: 'Node refuses methods that it has no number for',
  // Optional whitespace is SP and HTAB on both sides of any value [RFC 9112 §5.1].
  HPE_INVALID_CONTENT_LENGTH: 'Node refuses HTAB next to a content length',
  HPE_INVALID_TRANSFER_ENCODING: 'Node refuses HTAB next to a transfer coding',
  // A scheme may have digits, "+", "-" and "." [RFC 3986 §3.1].
  HPE_INVALID_URL: 'Node knows schemes of letters only',
  // Proxy-Connection is no field of HTTP and says nothing [RFC 9112 §9.3] (C.2.2).
  HPE_CLOSED_CONNECTION: 'Node takes Proxy-Connection for Connection',
  // The old protocol goes on to the end of the request [RFC 9110 §7.8].
  'upgrade-with-body': 'Node hands over behind the head, and the body with the rest',
  // Upgrade in an HTTP/1.0 request is ignored [RFC 9110 §7.8] (9110-7.8-13).
  'upgrade-in-http10': 'Node hands over although the request is of HTTP/1.0',
  // Empty elements of a list count for nothing [RFC 9110 §5.6.1].
  'upgrade-to-nothing': 'Node hands over although Upgrade names no protocol',
};

type Parts = Pick<RecordedMessage, 'body' | 'trailers'> & Record<string, unknown>;

const partsOf = ({ head, body, trailers }: RecordedMessage): Parts => ({
  method: head['method'],
  target: head['target'],
  version: head['version'],
  headers: head['headers'],
  body,
  trailers,
});

const FRAMING_WITH_TAB = /(?:content-length|transfer-encoding):[^\r]*\t/i;
const PROXY_CONNECTION = /^proxy-connection:[^\r]*close/im;
const ODD_SCHEME = /^\S+ [a-z]+[-+.0-9][-+.0-9a-z]*:\/\//im;
const UPGRADE_TO_NOTHING = /\["upgrade","[ \t,]*,[ \t,]*"\]/i;

/** Tells which difference explains that Node stopped before the message, or `undefined`. */
function explain(text: string, { stopped }: NodeVerdict): string | undefined {
  if (stopped === 'HPE_INVALID_METHOD') return stopped;
  if (stopped === undefined || !(stopped in DIFFERENCES)) return undefined;
  if (stopped === 'HPE_CLOSED_CONNECTION') return PROXY_CONNECTION.test(text) ? stopped : undefined;
  if (stopped === 'HPE_INVALID_URL') return ODD_SCHEME.test(text) ? stopped : undefined;
  return FRAMING_WITH_TAB.test(text) ? stopped : undefined;
}

/** Tells which difference explains that Node hands over behind a head, or `undefined`. */
function explainHandOver({ head }: RecordedMessage): string | undefined {
  if (head['upgrade'] === true) return 'upgrade-with-body';
  const headers = JSON.stringify(head['headers']);
  if (UPGRADE_TO_NOTHING.test(headers)) return 'upgrade-to-nothing';
  const hasUpgrade = /"upgrade"/i.test(headers);
  return head['version'] === '1.0' && hasUpgrade ? 'upgrade-in-http10' : undefined;
}

/** Compares our messages with Node's; returns the first difference's name, or what differs. */
function compare(text: string): string | undefined {
  const input = Buffer.from(text, 'latin1');
  const node = readWithNode(input);
  const ours = recordRequests([input]).messages.filter(({ isComplete }) => isComplete);
  for (const [index, message] of ours.entries()) {
    const theirs = node.requests[index];
    if (theirs?.isComplete !== true) {
      const handOver = node.stopped === undefined && index > 0 && explainHandOver(ours[index - 1]!);
      return handOver || explain(text, node) || `Node stops: ${node.stopped}`;
    }
    const wanted = partsOf(message);
    const { isComplete: _, ...found } = theirs;
    if (JSON.stringify(found) === JSON.stringify(wanted)) continue;
    const sameHead = JSON.stringify({ ...found, body: '', trailers: [] });
    const isHead = JSON.stringify({ ...wanted, body: '', trailers: [] }) === sameHead;
    const handOver = isHead && found.body === '' && explainHandOver(message);
    return handOver || `${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`;
  }
  return undefined;
}

t.test('Node reads what we accept as we do, but for differences that have a name', (t) => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(anyRequests, (text) => {
      const difference = compare(text) ?? 'none';
      seen.set(difference, (seen.get(difference) ?? 0) + 1);
      return difference === 'none' || difference in DIFFERENCES;
    }),
    runs(4000),
  );
  t.ok(seen.get('none')! > 2000, `seen: ${JSON.stringify([...seen])}`);
  t.end();
});

t.test('each named difference is there', (t) => {
  const head = 'PUT / HTTP/1.1\r\nHost: a\r\n';
  const examples: Readonly<Record<string, string>> = {
    HPE_INVALID_METHOD: 'PIT / HTTP/1.1\r\nHost: a\r\n\r\n',
    HPE_INVALID_CONTENT_LENGTH: `${head}Content-Length: 1\t\r\n\r\na`,
    HPE_INVALID_TRANSFER_ENCODING: `${head}Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n`,
    HPE_INVALID_URL: 'PUT h2://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    HPE_CLOSED_CONNECTION: `${head}Proxy-Connection: close\r\n\r\n${head}\r\n`,
    'upgrade-with-body': `${head}Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\na`,
    'upgrade-in-http10':
      'PUT / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\na',
    'upgrade-to-nothing': `${head}Connection: upgrade\r\nUpgrade: ,\r\n\r\n${head}\r\n`,
  };
  t.strictSame(Object.keys(examples), Object.keys(DIFFERENCES));
  for (const [name, text] of Object.entries(examples)) t.equal(compare(text), name);
  t.end();
});

async function readAll(message: IncomingMessage): Promise<Parts> {
  let body = '';
  for await (const chunk of message) body += (chunk as Buffer).toString('latin1');
  const pairs = (raw: readonly string[]): (readonly [string, string])[] =>
    Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2]!, raw[index * 2 + 1]!]);
  return {
    method: message.method,
    target: message.url,
    version: message.httpVersion,
    headers: pairs(message.rawHeaders),
    body,
    trailers: pairs(message.rawTrailers),
  };
}

/** What both read to its end, and no difference is known of. */
const readByBoth = validRequest.filter(
  ({ wire, head }) => compare(wire) === undefined && head['upgrade'] !== true,
);

t.test('law: a node:http server, over a real socket, reads it the same way', async (t) => {
  let answer: (parts: Promise<Parts>) => void = () => {};
  const server = createServer((request, response) => {
    answer(readAll(request).finally(() => response.end()));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const law = fc.asyncProperty(readByBoth, async ({ wire, head, body, trailers }) => {
    const arrived = new Promise<Parts>((done) => {
      answer = done;
    });
    const socket = connect(port, '127.0.0.1', () => socket.write(wire, 'latin1'));
    const { method, target, version, headers } = head;
    const wanted = { method, target, version, headers, body, trailers };
    assert.deepEqual(JSON.parse(JSON.stringify(await arrived)), JSON.parse(JSON.stringify(wanted)));
    socket.destroy();
  });
  await fc.assert(law, runs(60)).finally(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  t.pass('no counterexample');
});

t.test('so does it with every odd request that we accept', (t) => {
  const requests = [...HTTP_CASES.cases, ...OWN_HTTP_CASES].filter(
    ({ kind }) => kind === 'request',
  );
  let compared = 0;
  for (const odd of requests) {
    const difference = compare(inputOf(odd).toString('latin1'));
    compared += 1;
    if (difference !== undefined && !(difference in DIFFERENCES))
      t.fail(`${odd.id}: ${difference}`);
  }
  t.ok(compared > 600, `${compared} requests`);
  t.end();
});
