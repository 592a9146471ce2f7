/**
 * Valid messages made up at random, together with what a reader must make of them. One character is
 * one byte everywhere. `http-mutations.ts` makes invalid ones out of them.
 */
import { fc } from './fast-check.ts';

/** A message on the wire, and what a recording of it must say. */
export interface GeneratedMessage {
  readonly wire: string;
  readonly head: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** The connection can carry another message behind this one. */
  readonly goesOn: boolean;
}

interface Line {
  readonly name: string;
  readonly value: string;
  readonly wire: string;
}

interface Body {
  readonly kind: 'none' | 'length' | 'chunked';
  readonly lines: readonly Line[];
  readonly content: string;
  readonly trailers: readonly (readonly [string, string])[];
  readonly wire: string;
}

/** The characters from one code to another. */
export const characters = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String.fromCharCode(from + index));

const TOKEN = [..."!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const TARGET = characters(0x21, 0x7e).filter((character) => character !== '#');
const VALUE = [...characters(0x21, 0x7e), ...characters(0x80, 0xff)];

/** Names that mean something to a reader, or to whoever keeps fields in an object. */
const STEERING =
  /^(host|content-length|transfer-encoding|connection|upgrade|expect|te|trailer|content-encoding|authorization|cookie|keep-alive|proxy-connection)$/i;

/** Strings of the given characters. */
export const text = (unit: string[], minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...unit), minLength, maxLength });

/** A token of few letters and every sign: a name of a subprotocol, a field, a parameter. */
export const token: fc.Arbitrary<string> = text([..."!#$%&'*+-.^_`|~0189azAZ"], 1, 8);

const whitespace = fc.constantFrom('', ' ', '\t', ' \t ');
const anyCase = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(name, name.toLowerCase(), name.toUpperCase());

const fieldName = fc
  .oneof(text(TOKEN, 1, 12), fc.constantFrom('__proto__', 'constructor', 'X-Header', 'Accept'))
  .filter((name) => !STEERING.test(name));

const fieldValue = fc
  .array(text(VALUE, 1, 20), { maxLength: 4 })
  .chain((words) => fc.constantFrom(' ', '\t', '  ').map((space) => words.join(space)));

const makeLine = (name: string, value: string, before: string, after: string): Line => ({
  name,
  value,
  wire: `${name}:${before}${value}${after}\r\n`,
});

const line = (
  name: fc.Arbitrary<string>,
  value: fc.Arbitrary<string>,
  // Some readers want no more than one space before a number.
  before: fc.Arbitrary<string> = whitespace,
): fc.Arbitrary<Line> => fc.tuple(name, value, before, whitespace).map((all) => makeLine(...all));

const anyLine = line(fieldName, fieldValue);
const oneSpace = fc.constant(' ');

const chunkExtension = fc
  .oneof(
    fc.constant(''),
    fc.tuple(text(TOKEN, 1, 5), text(TOKEN, 1, 5)).map(([name, value]) => `;${name}=${value}`),
    text(TOKEN, 1, 5).map((name) => `;${name}`),
    text(TOKEN, 1, 5).map((name) => `;${name}="a b;\t\\"c"`),
  )
  .chain((extension) => fc.constantFrom(extension, ''));

const chunkSize = (length: number): fc.Arbitrary<string> => {
  const digits = length.toString(16);
  return fc.constantFrom(digits, digits.toUpperCase(), `000${digits}`);
};

const content = text(characters(0, 0xff), 0, 30);

const chunk = (data: string): fc.Arbitrary<string> =>
  fc
    .tuple(chunkSize(data.length), chunkExtension)
    .map(([size, extension]) => `${size}${extension}\r\n${data}\r\n`);

const noBody = fc.constant<Body>({ kind: 'none', lines: [], content: '', trailers: [], wire: '' });

const lengthBody = content.chain((bytes) =>
  line(
    anyCase('Content-Length'),
    fc.constantFrom(`${bytes.length}`, `0${bytes.length}`),
    oneSpace,
  ).map(
    (length): Body => ({
      kind: 'length',
      lines: [length],
      content: bytes,
      trailers: [],
      wire: bytes,
    }),
  ),
);

const chunkedBody = fc
  .tuple(
    line(anyCase('Transfer-Encoding'), anyCase('chunked')),
    fc.array(
      content.filter((bytes) => bytes !== ''),
      { maxLength: 4 },
    ),
    fc.tuple(fc.constantFrom('0', '000'), chunkExtension),
    fc.array(anyLine, { maxLength: 2 }),
  )
  .chain(([coding, pieces, [zero, extension], trailers]) =>
    fc.tuple(...pieces.map(chunk)).map(
      (chunks): Body => ({
        kind: 'chunked',
        lines: [coding],
        content: pieces.join(''),
        trailers: trailers.map(({ name, value }) => [name, value] as const),
        wire: `${chunks.join('')}${zero}${extension}\r\n${trailers.map(({ wire }) => wire).join('')}\r\n`,
      }),
    ),
  );

const HOSTS = ['a', 'example.com:80', '[::1]:8080', '127.0.0.1', 'a,b', 'x%41', ''];

interface Start {
  readonly method: string;
  readonly target: string;
  readonly authority?: string;
}

const requestLine: fc.Arbitrary<Start> = fc.oneof(
  { weight: 8, arbitrary: originForm() },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...HOSTS.slice(0, -1)), text(TARGET, 0, 10))
      .map(([authority, path]) => ({
        method: 'GET',
        target: `http://${authority}/${path}`,
        authority,
      })),
  },
  { weight: 1, arbitrary: fc.constant({ method: 'OPTIONS', target: '*' }) },
  { weight: 1, arbitrary: fc.constant({ method: 'CONNECT', target: 'example.com:443' }) },
);

function originForm(): fc.Arbitrary<Start> {
  const method = fc.oneof(
    fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'M-SEARCH'),
    text(TOKEN, 1, 8).filter((name) => name !== 'CONNECT'),
  );
  return fc.record({ method, target: text(TARGET, 0, 40).map((rest) => `/${rest}`) });
}

const connection = fc.constantFrom('', '', '', 'keep-alive', 'close', 'x, Close', 'upgrade');

/** A valid request, and what a recording of it must say. */
export const validRequest: fc.Arbitrary<GeneratedMessage> = fc
  .record({
    start: requestLine,
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
    host: line(anyCase('Host'), fc.constantFrom(...HOSTS)),
    lines: fc.array(anyLine, { maxLength: 6 }),
    hostPlace: fc.nat(6),
    connection,
    isApart: fc.boolean(),
    upgrade: fc.constantFrom(undefined, undefined, undefined, 'websocket'),
    expects: fc.boolean(),
    body: fc.oneof(noBody, noBody, lengthBody, chunkedBody),
    empty: fc.constantFrom('', '', '', '\r\n', '\r\n\r\n'),
  })
  .filter(({ start, version, body }) => {
    if (version === '1.0' && body.kind === 'chunked') return false;
    return start.method !== 'CONNECT' || body.content === '';
  })
  .map(({ start, version, host, lines, hostPlace, body, empty, ...asked }) => {
    const wants = asked.upgrade !== undefined && asked.connection === 'upgrade';
    const upgrade = start.method === 'CONNECT' || (version === '1.1' && wants);
    const keepAlive = keepsAlive(version, asked.connection);
    const isHeldBack = body.kind === 'chunked' || body.content !== '';
    const all = [...lines.slice(0, hostPlace), host, ...lines.slice(hostPlace), ...body.lines];
    all.push(...connectionLines(asked.connection, asked.isApart));
    if (asked.upgrade !== undefined) all.push(makeLine('Upgrade', asked.upgrade, ' ', ''));
    if (asked.expects) all.push(makeLine('Expect', '100-Continue', ' ', ''));
    const wires = all.map(({ wire }) => wire).join('');
    return {
      wire: `${empty}${start.method} ${start.target} HTTP/${version}\r\n${wires}\r\n${body.wire}`,
      head: {
        method: start.method,
        target: start.target,
        version,
        headers: all.map(({ name, value }) => [name, value]),
        keepAlive,
        ...(start.authority === undefined ? {} : { authority: start.authority }),
        ...(asked.expects && version === '1.1' && isHeldBack ? { expectContinue: true } : {}),
        ...(upgrade ? { upgrade: true } : {}),
      },
      body: body.content,
      trailers: body.trailers,
      goesOn: keepAlive && !upgrade,
    };
  })
  .filter(({ head }) => !(head['method'] === 'CONNECT' && /chunked/i.test(`${head['headers']}`)));

/** Several lines are one list; what stands between them, with as long a name, is not in it. */
function connectionLines(options: string, isApart: boolean): Line[] {
  const [name, between] = ['Connection', 'User-Agent'];
  if (options === '') return [];
  const last = makeLine(name, options, ' ', '');
  return isApart
    ? [makeLine(name, 'x', ' ', ''), makeLine(between, 'close', ' ', ''), last]
    : [last];
}

function keepsAlive(version: string, options: string): boolean {
  if (/close/i.test(options)) return false;
  return version === '1.1' || options === 'keep-alive';
}

/** Valid requests on one connection: only the last may end it. */
export const validRequests: fc.Arbitrary<readonly GeneratedMessage[]> = fc
  .array(validRequest, { minLength: 1, maxLength: 4 })
  .map((messages) => {
    const last = messages.findIndex(({ goesOn }) => !goesOn);
    return last === -1 ? messages : messages.slice(0, last + 1);
  });

const status = fc.oneof(
  fc.integer({ min: 200, max: 999 }),
  fc.constantFrom(100, 103, 204, 304, 404),
);

/** A valid response to GET that does not last until the close, and what a recording must say. */
export const validResponse: fc.Arbitrary<GeneratedMessage> = fc
  .record({
    status,
    reason: text([...VALUE, ' ', '\t'], 0, 10),
    lines: fc.array(anyLine, { maxLength: 6 }),
    connection: fc.constantFrom('', '', '', 'keep-alive', 'close'),
    body: fc.oneof(lengthBody, chunkedBody),
  })
  .map(({ status: code, reason, lines, connection: option, body }) => {
    const isInterim = code < 200;
    const isBodiless = isInterim || code === 204 || code === 304;
    const keepAlive = option !== 'close';
    const all = [...lines, ...(isInterim ? [] : body.lines)];
    if (option !== '') all.push(makeLine('Connection', option, ' ', ''));
    const wires = all.map(({ wire }) => wire).join('');
    return {
      wire: `HTTP/1.1 ${code} ${reason}\r\n${wires}\r\n${isBodiless ? '' : body.wire}`,
      head: {
        status: code,
        reason,
        version: '1.1',
        headers: all.map(({ name, value }) => [name, value]),
        keepAlive,
        ...(isInterim ? { interim: true } : {}),
      },
      body: isBodiless ? '' : body.content,
      trailers: isBodiless ? [] : body.trailers,
      goesOn: keepAlive || isInterim,
    };
  });

/** Valid responses on one connection: only the last may end it. */
export const validResponses: fc.Arbitrary<readonly GeneratedMessage[]> = fc
  .array(validResponse, { minLength: 1, maxLength: 4 })
  .map((messages) => {
    const last = messages.findIndex(({ goesOn }) => !goesOn);
    return last === -1 ? messages : messages.slice(0, last + 1);
  });
