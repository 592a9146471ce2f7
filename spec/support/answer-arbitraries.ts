/**
 * A server's answers to opening handshakes, field by field: correct ones, such with a flaw or two,
 * and hostile ones. `opening-arbitraries.ts` makes the requests.
 */
import { buildOffer, type DeflatePolicy } from 'barewire/deflate';
import { computeAccept } from 'barewire/handshake';
import { deflatePolicy } from './extension-arbitraries.ts';
import { fc } from './fast-check.ts';
import { protocols } from './handshake-arbitraries.ts';
import { printedAs } from './laws.ts';
import { wrongLines } from './opening-arbitraries.ts';

type Line = readonly [name: string, value: string];

/** What a client has asked for; without a key it was by an extended CONNECT [RFC 8441 §5]. */
export interface Question {
  readonly key: string | undefined;
  readonly protocols: readonly string[];
  readonly offer: string | undefined;
}

/** An answer in its parts. */
export interface Answer {
  readonly version: string;
  readonly status: number;
  readonly lines: readonly Line[];
}

/** What was asked, and what has come back. */
export interface Exchange {
  readonly question: Question;
  readonly answer: Answer;
}

/** For each field values that are wrong, or nearly, or for somebody else. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  Upgrade: [
    ...['', 'h2c', 'websocket2', 'h2c, websocket', 'websocket, websocket', 'websocket,'],
    ...['websocket/13', '"websocket"', 'web socket', 'websoc\u212aet'],
  ],
  Connection: ['', 'close', 'upgraded', 'keep-alive', 'Upgrade;x', 'up grade', '"Upgrade"'],
  'Sec-WebSocket-Accept': [
    ...['', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo', 'x', 'é'],
  ],
  'Sec-WebSocket-Protocol': ['', 'chat, x', 'x,', 'Chat', 'nobody', '"chat"', 'chat;x', 'é'],
  'Sec-WebSocket-Extensions': [
    ...['', ',', 'x', 'Permessage-Deflate', 'permessage-deflate, permessage-deflate'],
    ...['permessage-deflate', 'permessage-deflate, x', 'x, permessage-deflate'],
    ...['no', 'server_no_context_takeover=1', 'client_no_context_takeover=""'].map(deflateWith),
    ...['', '=7', '=08', '=8', '="9"', '=15', '=16', '=-8', '=8; server_max_window_bits=8'].map(
      (value) => deflateWith(`server_max_window_bits${value}`),
    ),
    ...['', '=7', '=8', '=10', '=15', '=16', '=1e1', '=8; client_max_window_bits=9'].map((value) =>
      deflateWith(`client_max_window_bits${value}`),
    ),
  ],
};

function deflateWith(parameters: string): string {
  return `permessage-deflate; ${parameters}`;
}

const wrong = wrongLines(WRONG, 8, Object.keys(WRONG));

const asked = fc.record({
  key: fc.option(
    fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((nonce) => Buffer.from(nonce).toString('base64')),
    { nil: undefined, freq: 3 },
  ),
  protocols,
  policies: fc.array(deflatePolicy, { maxLength: 3 }),
});

/** An element that an honest server may answer to this offer. */
function answerTo(offer: DeflatePolicy, ours: DeflatePolicy): string {
  const parts = ['permessage-deflate'];
  const { serverMaxWindowBits: asked = 15, clientMaxWindowBits: most = 15 } = offer;
  if (offer.serverNoContextTakeover || ours.serverNoContextTakeover) {
    parts.push('server_no_context_takeover');
  }
  if (ours.clientNoContextTakeover) parts.push('client_no_context_takeover');
  if (asked < 15 || ours.serverMaxWindowBits !== undefined) {
    parts.push(`server_max_window_bits=${Math.min(asked, ours.serverMaxWindowBits ?? 15)}`);
  }
  if (ours.clientMaxWindowBits !== undefined) {
    parts.push(`client_max_window_bits="${Math.min(most, ours.clientMaxWindowBits)}"`);
  }
  return parts.join('; ');
}

const ours = fc.record({
  upgrade: fc.constantFrom('websocket', 'WebSocket', ' \twebsocket\t'),
  connection: fc.constantFrom('Upgrade', 'upgrade', 'keep-alive, Upgrade', 'UPGRADE ,\tx'),
  status: fc.oneof({ weight: 3, arbitrary: fc.constant(200) }, fc.integer({ min: 201, max: 299 })),
  policy: deflatePolicy,
  which: fc.nat(5),
  hasProtocol: fc.boolean(),
  hasExtension: fc.boolean(),
});

/** Questions with answers that are right. */
const rightExchanges: fc.Arbitrary<Exchange> = fc
  .tuple(asked, ours)
  .map(([{ policies, ...wishes }, { upgrade, connection, status, policy, which, ...has }]) => {
    const lines: Line[] = [];
    if (wishes.key !== undefined) {
      lines.push(['Upgrade', upgrade], ['Connection', connection]);
      lines.push(['sec-websocket-accept', ` ${computeAccept(wishes.key)}`]);
    }
    const protocol = wishes.protocols[which % Math.max(1, wishes.protocols.length)];
    if (has.hasProtocol && protocol !== undefined) lines.push(['Sec-WebSocket-Protocol', protocol]);
    const offered = policies[which % Math.max(1, policies.length)];
    if (has.hasExtension && offered !== undefined) {
      lines.push(['Sec-WebSocket-Extensions', answerTo(offered, policy)]);
    }
    const offer = policies.length === 0 ? undefined : buildOffer(...policies);
    const start = wishes.key === undefined ? { version: '2.0', status } : SWITCH;
    return { question: { ...wishes, offer }, answer: { ...start, lines } };
  });
const SWITCH = { version: '1.1', status: 101 };

type Edit = (answer: Answer) => Answer;

const edit: fc.Arbitrary<Edit> = fc.oneof(
  // A field less, twice, or with another value; for a field that is spelled in another case, too.
  fc.nat(9).map(
    (at): Edit =>
      (answer) => {
        const lines = answer.lines.filter((_, index) => index !== at % answer.lines.length);
        return { ...answer, lines };
      },
  ),
  fc.nat(9).map(
    (at): Edit =>
      (answer) => {
        const again = answer.lines[at % Math.max(1, answer.lines.length)];
        return again === undefined ? answer : { ...answer, lines: [...answer.lines, again] };
      },
  ),
  {
    weight: 6,
    arbitrary: wrong.map(
      (line): Edit =>
        (answer) => {
          const isOther = ([name]: Line): boolean => name.toLowerCase() !== line[0].toLowerCase();
          return { ...answer, lines: [...answer.lines.filter(isOther), line] };
        },
    ),
  },
  wrong.map(
    (line): Edit =>
      (answer) => ({ ...answer, lines: [line, ...answer.lines] }),
  ),
  fc
    .constantFrom<Partial<Answer>>(
      ...[100, 102, 199, 200, 204, 299, 300, 301, 401, 426, 500].map((status) => ({ status })),
      ...[{ version: '1.0' }, { version: '2.0' }, { version: '1.1' }],
    )
    .map(
      (parts): Edit =>
        (answer) => ({ ...answer, ...parts }),
    ),
);

/** Answers that are right, that have up to three flaws, and fields that say anything. */
export const anyExchange: fc.Arbitrary<Exchange> = fc
  .oneof(
    { weight: 2, arbitrary: rightExchanges },
    {
      weight: 8,
      arbitrary: fc
        .tuple(
          rightExchanges,
          fc.oneof(fc.tuple(edit), fc.array(edit, { minLength: 2, maxLength: 3 })),
        )
        .map(([{ question, answer }, edits]) => ({
          question,
          answer: edits.reduce((made, change) => change(made), answer),
        })),
    },
    fc
      .tuple(rightExchanges, fc.array(wrong, { maxLength: 8 }))
      .map(([{ question, answer }, lines]) => ({ question, answer: { ...answer, lines } })),
  )
  .map((exchange) => printedAs(exchange, (made) => JSON.stringify(made)));
