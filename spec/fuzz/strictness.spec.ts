/** Each reason to refuse what Node reads is there, and holds for nothing but what it is about. */
import type { ProtocolError } from 'barewire/base';
import { RequestReader, ResponseReader } from 'barewire/http';
import t, { type Test } from 'tap';
import { parseWithNode } from '../../fuzz/oracles/node-parser.ts';
import { STRICTER_REQUESTS, STRICTER_RESPONSES } from '../../fuzz/oracles/stricter.ts';
import { checkStrictness, type Reading, type Reasons } from '../../fuzz/oracles/strictness.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
const PUT = 'PUT / HTTP/1.1\r\nHost: a\r\n';
const CODED = 'Transfer-Encoding: chunked\r\n';
const ZEROS = '0'.repeat(17);

/** Behind a head that ends in an empty line. */
const BOTH: Readonly<Record<string, string>> = {
  'te-and-cl': 'Transfer-Encoding:\r\nContent-Length: 0\r\n\r\n',
  'bad-transfer-encoding': 'Transfer-Encoding: , chunked\r\n\r\n0\r\n\r\n',
  'unknown-transfer-coding': 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'bad-chunk-ext': `${CODED}\r\n3;a=\r\nabc\r\n0\r\n\r\n`,
  'bad-chunk-size': `${CODED}\r\n${ZEROS}3\r\nabc\r\n0\r\n\r\n`,
  'too-many-headers': `Content-Length: 0\r\n${'a:\r\n'.repeat(128)}\r\n`,
  'trailers-too-large': `${CODED}\r\n0\r\n${'a:\r\n'.repeat(65)}\r\n`,
  'forbidden-trailer': `${CODED}\r\n0\r\nTE: x\r\n\r\n`,
};

const behind = (head: string): Record<string, string> =>
  Object.fromEntries(Object.entries(BOTH).map(([code, rest]) => [code, head + rest]));

const REQUESTS: Readonly<Record<string, string>> = {
  ...behind(PUT),
  'te-http10': `PUT / HTTP/1.0\r\n${CODED}\r\n0\r\n\r\n`,
  'missing-host': 'GET / HTTP/1.1\r\n\r\n',
  'multiple-host': `${GET}Host: a\r\n\r\n`,
  'bad-host': 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
  'bad-expect': `${GET}Expect: x\r\n\r\n`,
  'unsupported-version': 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
  'bad-version': 'OPTIONS * RTSP/1.0\r\nHost: a\r\n\r\n',
  'bad-target': 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n',
  'bad-request-line': 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
  'bare-cr': `\r${GET}\r\n`,
  'bare-lf': `\n${GET}\r\n`,
  'connect-with-body': 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n',
  'body-too-large': 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n',
  'chunked-not-final': 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n',
};

const OK = 'HTTP/1.1 200 OK\r\n';
const EMPTY = `${OK}Content-Length: 0\r\n\r\n`;

const RESPONSES: Examples = {
  ...behind(OK),
  'te-http10': `HTTP/1.0 200 OK\r\n${CODED}\r\n0\r\n\r\n`,
  'unsolicited-response': EMPTY.repeat(2),
  'unsupported-version': `HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n`,
  'bad-status-line': [`\r\n${EMPTY}`, 'RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  'bare-cr': 'HTTP/1.1 200 OK\r\rContent-Length: 0\r\n\r\n',
  'bare-lf': `\n${EMPTY}`,
};

const ASKED = ['GET', 'GET'];

/** How far the text is read here, behind a message before it, and why no further. */
function readHere(kind: 'request' | 'response', text: string): Reading {
  let [accepted, code] = [0, undefined as string | undefined];
  const sink = {
    head() {},
    body() {},
    end: () => {
      accepted += 1;
    },
    failed: (error: ProtocolError) => {
      code = error.code;
    },
  };
  const reader = kind === 'request' ? new RequestReader(sink) : new ResponseReader(sink);
  if (reader instanceof ResponseReader) for (const method of ASKED) reader.expect(method);
  const bytes = Buffer.from(text, 'latin1');
  reader.receive(bytes);
  return { bytes, kind, asked: kind === 'request' ? [] : ASKED, accepted, code };
}

/** Whether the reasons allow to read no further than that. */
function isAllowed(reading: Reading, reasons: Reasons): boolean {
  const { bytes, kind, asked = [] } = reading;
  try {
    checkStrictness(parseWithNode(bytes, kind, false, asked), reading, reasons);
    return true;
  } catch {
    return false;
  }
}

/** A message with much of what reasons look for, and nothing wrong. */
const RICH = `${CODED}X: \r\n\r\n03;a="b\\"c";d=e\r\nabc\r\n0\r\nX: y\r\n\r\n`;
const RICH_REQUEST = `PUT http://a:80/?b HTTP/1.1\r\nHost: a:80\r\nExpect: 100-continue\r\n${RICH}`;
const RICH_RESPONSE = `HTTP/1.1 299 any reason\r\n${RICH}`;

/** By the code of the reason. */
type Examples = Readonly<Record<string, string | readonly string[]>>;

interface Given {
  readonly kind: 'request' | 'response';
  readonly reasons: Reasons;
  readonly examples: Examples;
  readonly rich: string;
}

function check(t: Test, { kind, reasons, examples, rich }: Given): void {
  t.same(Object.keys(examples).sort(), Object.keys(reasons).sort(), 'all of them');
  const all = Object.entries(examples).flatMap(([code, some]) =>
    [some].flat().map((example) => [code, example] as const),
  );
  for (const [code, example] of all) {
    const reading = readHere(kind, rich + example);
    t.match(reading, { accepted: code === 'unsolicited-response' ? 2 : 1, code });
    t.ok(isAllowed(reading, reasons), code);
    t.notOk(isAllowed(reading, {}), `Node reads it: ${code}`);
    for (const accepted of [0, 1]) {
      const wrongly = { ...readHere(kind, rich + rich), accepted, code };
      t.notOk(isAllowed(wrongly, reasons), `${code} would be noticed`);
    }
  }
}

t.test('requests are refused for reasons that can be seen in them', (t) => {
  check(t, {
    ...{ kind: 'request', reasons: STRICTER_REQUESTS },
    ...{ examples: REQUESTS, rich: RICH_REQUEST },
  });
  t.end();
});

t.test('so are responses', (t) => {
  check(t, {
    ...{ kind: 'response', reasons: STRICTER_RESPONSES },
    ...{ examples: RESPONSES, rich: RICH_RESPONSE },
  });
  t.end();
});
