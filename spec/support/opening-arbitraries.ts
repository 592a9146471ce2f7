/**
 * Opening handshakes as a server gets them, field by field: correct ones, such with a flaw or two,
 * and hostile ones. `handshake-arbitraries.ts` makes what a client wishes for.
 */
import type { UpgradeRequest } from 'barewire/handshake';
import { anyExtensionText, spelledLists } from './extension-arbitraries.ts';
import { fc } from './fast-check.ts';
import { characters, text } from './http-generators.ts';
import { printedAs } from './laws.ts';

/** A request in its parts; with a protocol it is an extended CONNECT [RFC 8441 §4]. */
export interface Opening extends Omit<UpgradeRequest, 'fields'> {
  readonly lines: readonly (readonly [name: string, value: string])[];
}

type Line = Opening['lines'][number];

const key = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((nonce) => Buffer.from(nonce).toString('base64'));

/** For each field values that are right; Key and Extensions are drawn. */
const RIGHT: Readonly<Record<string, readonly string[]>> = {
  Host: ['example.com', 'example.com:8080', '[::1]:80'],
  Upgrade: ['websocket', 'WebSocket', 'h2c, websocket', 'websocket\t,x'],
  Connection: ['Upgrade', 'upgrade', 'keep-alive, Upgrade', 'UPGRADE,\tx'],
  'Sec-WebSocket-Version': ['13'],
  Origin: ['https://example.com', 'null', ''],
  'Sec-WebSocket-Protocol': ['chat', 'chat, v2.chat', 'chat,\tChat ,x'],
  'Content-Length': ['0', '000'],
};

/** For each field values that are wrong, or nearly. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  Upgrade: ['websocket2', 'web socket', '', 'h2c', 'websocket/13', '"websocket"', 'websoc\u212aet'],
  Connection: ['close', 'upgraded', 'keep-alive', '', 'Upgrade;x', 'up grade'],
  'Sec-WebSocket-Key': [
    ...['', 'dGhlIHNhbXBsZSBub25jZQ', 'dGhlIHNhbXBsZSBub25jZQ=', 'dGhlIHNhbXBsZSBub25jZQ==='],
    ...['dGhlIHNhbXBsZSBub25jZQAA', 'dGhlIHNhbXBsZSBub25j', 'dGhlIHNhbXBsZSBub25jZR=='],
    ...['dGhlIHNhbXBsZSBub25j-Q==', 'dGhlIHNhbXBsZSBub25j ZQ==', 'dGhlIHNhbXBsZSBub25jZQ==,x'],
  ],
  'Sec-WebSocket-Version': ['', '8', '12', '14', '013', '13.0', '+13', '13, 8', '13,13', '1 3'],
  'Sec-WebSocket-Protocol': ['', ',', 'chat,', 'chat,chat', 'a b', 'chat;x', '"chat"', 'chat, é'],
  'Content-Length': ['1', '00001', '', '-0', '0x0', '0,0', '18446744073709551616'],
  'Transfer-Encoding': ['chunked', 'identity', ''],
  'Sec-WebSocket-Extensions': ['', ',', 'x;', 'a,,b', 'x; y=', 'x; y="', 'a,b,c,d,e,f'],
};

const ows = fc.constantFrom('', '', ' ', '\t');
const right = (name: string): fc.Arbitrary<Line> =>
  name === 'Sec-WebSocket-Key'
    ? key.map((value) => [name, value] as const)
    : fc.constantFrom(...RIGHT[name]!).map((value) => [name, value] as const);
const extensionLine = (value: fc.Arbitrary<string>): fc.Arbitrary<Line> =>
  value.map((list) => ['Sec-WebSocket-Extensions', list] as const);
const noise = text([...characters(0x20, 0x7e), ...characters(0x80, 0xff), '\t'], 0, 8);

/**
 * A field with a flaw: most often one of those in `flawed`, else extensions of any kind, or noise
 * as the value of one of `names`.
 */
export function wrongLines(
  flawed: Readonly<Record<string, readonly string[]>>,
  weight: number,
  names: readonly string[],
): fc.Arbitrary<Line> {
  const known = fc
    .constantFrom(...Object.entries(flawed))
    .chain(([name, values]) => fc.constantFrom(...values).map((value) => [name, value] as const));
  return fc.oneof(
    { weight, arbitrary: known },
    { weight: 1, arbitrary: extensionLine(anyExtensionText) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...names), noise) },
  );
}

const wrong = wrongLines(WRONG, 6, Object.keys(RIGHT));

/** What every handshake has, and what only one of HTTP/1.1 has. */
const COMMON = ['Host', 'Sec-WebSocket-Version'];
const HTTP1 = ['Upgrade', 'Connection', 'Sec-WebSocket-Key'];
const optional = fc.tuple(
  ...['Origin', 'Sec-WebSocket-Protocol', 'Content-Length'].map((name) => right(name)),
  extensionLine(spelledLists.map((list) => list.text)),
);

/** The fields of a handshake in any order; which of the optional ones, the bits say. */
function fieldsOf(names: readonly string[]): fc.Arbitrary<readonly Line[]> {
  return fc
    .tuple(fc.tuple(...names.map(right)), optional, fc.nat(15))
    .map(([needed, more, which]) => [
      ...needed,
      ...more.filter((_, index) => (which >> index) % 2 === 1),
    ])
    .chain((lines) => fc.shuffledSubarray(lines, { minLength: lines.length }));
}

const upgrade: fc.Arbitrary<Opening> = fieldsOf([...COMMON, ...HTTP1]).map((lines) => ({
  ...{ method: 'GET', target: '/chat?x', version: '1.1' },
  lines,
}));
const connect: fc.Arbitrary<Opening> = fieldsOf(COMMON).map((lines) => ({
  ...{ method: 'CONNECT', target: '/chat?x', version: '2.0' },
  ...{ protocol: 'websocket', scheme: 'https', authority: 'example.org' },
  lines,
}));

/** Correct handshakes of both kinds. */
export const openings: fc.Arbitrary<Opening> = fc.oneof({ weight: 3, arbitrary: upgrade }, connect);

/** One thing that is changed. */
const edit: fc.Arbitrary<(opening: Opening) => Opening> = fc.oneof(
  // A field less, twice, or with another value.
  {
    weight: 2,
    arbitrary: fc.nat(9).map((at) => (opening: Opening) => {
      const lines = opening.lines.filter((_, index) => index !== at % opening.lines.length);
      return { ...opening, lines };
    }),
  },
  {
    weight: 2,
    arbitrary: fc.nat(9).map((at) => (opening: Opening) => {
      const again = opening.lines[at % Math.max(1, opening.lines.length)];
      return again === undefined ? opening : { ...opening, lines: [...opening.lines, again] };
    }),
  },
  {
    weight: 6,
    arbitrary: wrong.map((line) => (opening: Opening) => {
      const others = opening.lines.filter(([name]) => name !== line[0]);
      return { ...opening, lines: [line, ...others] };
    }),
  },
  {
    weight: 1,
    arbitrary: wrong.map((line) => (opening: Opening) => {
      return { ...opening, lines: [...opening.lines, line] };
    }),
  },
  // The line in front of the fields, or what stands for it.
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<Partial<Opening>>(
        ...[{ method: 'POST' }, { method: 'get' }, { method: 'HEAD' }, { method: 'CONNECT' }],
        ...[{ version: '1.0' }, { version: '2.0' }, { target: 'http://example.net:81/x' }],
      )
      .map((parts) => (opening: Opening) => ({ ...opening, ...parts })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<Partial<Opening>>(
        ...[{ protocol: 'WebSocket' }, { protocol: 'websockets' }, { protocol: '' }],
        ...[{ scheme: 'ws' }, { scheme: undefined }, { target: 'example.org:443' }, { target: '' }],
        ...[{ authority: undefined }, { authority: '' }, { method: 'GET' }],
      )
      .map(
        (parts) => (opening: Opening) =>
          opening.protocol === undefined ? opening : { ...opening, ...parts },
      ),
  },
);

const spaced = fc.tuple(ows, ows);

/** Correct handshakes, such with up to three flaws, and fields of which none belongs to the other. */
export const anyOpening: fc.Arbitrary<Opening> = fc
  .oneof(
    { weight: 2, arbitrary: openings },
    {
      weight: 8,
      arbitrary: fc
        .tuple(openings, fc.oneof(fc.tuple(edit), fc.array(edit, { minLength: 2, maxLength: 3 })))
        .map(([opening, edits]) => edits.reduce((made, change) => change(made), opening)),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(upgrade, fc.array(wrong, { maxLength: 8 }))
        .map(([opening, lines]) => ({ ...opening, lines })),
    },
  )
  .chain((opening) =>
    fc.tuple(fc.constant(opening), fc.array(spaced, { minLength: 4, maxLength: 4 })),
  )
  .map(([opening, spaces]) => {
    const lines = opening.lines.map(([name, value], index): Line => {
      const [before, after] = spaces[index % 4]!;
      return [name, before + value + after];
    });
    return printedAs({ ...opening, lines }, (made) => JSON.stringify(made));
  });

/** The bytes of a handshake of HTTP/1.1, one character each. */
export function wireOf({ method, target, version, lines }: Opening): string {
  const fields = lines.map(([name, value]) => `${name}:${value}\r\n`);
  return `${method} ${target} HTTP/${version}\r\n${fields.join('')}\r\n`;
}
