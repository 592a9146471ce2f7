/**
 * A reader of requests as naive and literal as can be: it has all bytes before it begins, cuts them
 * with regular expressions, and knows no reasons. One character is one byte.
 */

/** A request as the oracle reads it. */
export interface OracleRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** No other request may follow. */
  readonly isLast: boolean;
}

/** What the oracle makes of an input. */
export interface OracleVerdict {
  readonly requests: readonly OracleRequest[];
  /** `bad`: refused. `open`: more is needed, or perhaps it is bad already. `end`: nothing left to read. */
  readonly outcome: 'bad' | 'open' | 'end';
}

type Pairs = readonly (readonly [string, string])[];

const TCHAR = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const TOKEN = new RegExp(`^${TCHAR}+$`);
const REQUEST_LINE = new RegExp(`^(${TCHAR}{1,32}) ([!"$-~]{1,8000}) HTTP/1\\.([01])$`);
const FIELD = new RegExp(
  `^(${TCHAR}+):[ \\t]*((?:[!-~\\x80-\\xff](?:.*[!-~\\x80-\\xff])?)?)[ \\t]*$`,
);
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
const HOST =
  /^(?:\[[0-9a-f:.]+\]|\[v[0-9a-f]+\.[-\w.~!$&'()*+,;=:]+\]|(?:[-\w.~!$&'()*+,;=]|%[0-9a-f]{2})+)(?::(\d*))?$/i;
/** The extensions of a chunk, from the first ";" on. */
export const EXTENSIONS: RegExp = new RegExp(
  `^(?:;${TCHAR}+(?:=(?:${TCHAR}+|"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"))?)*$`,
);
/** Names of fields that no trailer may have. */
export const FORBIDDEN: RegExp =
  /^(?:transfer-encoding|content-length|host|trailer|connection|upgrade|te|expect|content-encoding|authorization|cookie)$/i;

/** Reads all requests of an input with the default limits, which the input must not come near. */
export function readLiterally(input: string): OracleVerdict {
  const requests: OracleRequest[] = [];
  let rest = input;
  for (;;) {
    rest = rest.replace(/^(?:\r\n)+/, '');
    if (rest === '') return { requests, outcome: 'end' };
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return { requests, outcome: 'open' };
    const head = readHead(rest.slice(0, end));
    if (head === undefined) return { requests, outcome: 'bad' };
    const body = readBody(head.headers, rest.slice(end + 4));
    if (typeof body === 'string') return { requests, outcome: body };
    const { content, trailers } = body;
    const isLast = endsConnection(head);
    requests.push({ ...head, body: content, trailers, isLast });
    if (isLast) return { requests, outcome: 'end' };
    rest = body.rest;
  }
}

const valuesOf = (headers: Pairs, name: string): string[] =>
  headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);

const listOf = (headers: Pairs, name: string): string[] =>
  valuesOf(headers, name)
    .join(',')
    .toLowerCase()
    .split(',')
    .map((element) => element.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((element) => element !== '');

type Head = Omit<OracleRequest, 'body' | 'trailers' | 'isLast'>;

function endsConnection({ method, version, headers }: Head): boolean {
  const options = listOf(headers, 'connection');
  const upgrades = version === '1.1' && options.includes('upgrade');
  if (method === 'CONNECT' || (upgrades && listOf(headers, 'upgrade').length > 0)) return true;
  return options.includes('close') || (version === '1.0' && !options.includes('keep-alive'));
}

function readHead(text: string): Head | undefined {
  const [first, ...lines] = text.split('\r\n');
  const [, method, target, minor] = REQUEST_LINE.exec(first!) ?? [];
  const headers = readFields(lines);
  if (method === undefined || target === undefined || headers === undefined) return undefined;
  const version = `1.${minor}`;
  const hosts = valuesOf(headers, 'host');
  if (!isTarget(method, target) || hosts.length > 1 || !hosts.every(isHost)) return undefined;
  if (version === '1.1' && hosts.length === 0) return undefined;
  if (version === '1.0' && valuesOf(headers, 'transfer-encoding').length > 0) return undefined;
  const expectations = version === '1.1' ? listOf(headers, 'expect') : [];
  if (expectations.some((expectation) => expectation !== '100-continue')) return undefined;
  const hasBody = valuesOf(headers, 'content-length').concat(
    valuesOf(headers, 'transfer-encoding'),
  );
  if (method === 'CONNECT' && hasBody.some((value) => !/^0*$/.test(value))) return undefined;
  return { method, target, version, headers };
}

function readFields(lines: readonly string[]): Pairs | undefined {
  const pairs: [string, string][] = [];
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined || CONTROL.test(line)) return undefined;
    pairs.push([name, value]);
  }
  return pairs;
}

/** Tells whether a Host may have this value. */
export function isHost(value: string): boolean {
  if (value === '') return true;
  const match = HOST.exec(value);
  return match !== null && Number(match[1] ?? 0) < 65_536 && isIpv6Literal(value);
}

/** WHATWG URLs know IPv6 better than a regular expression. */
function isIpv6Literal(value: string): boolean {
  const literal = /^\[([0-9a-f:.]+)\]/i.exec(value)?.[0];
  return literal === undefined || URL.canParse(`http://${literal}/`);
}

/** Tells whether a target of visible characters has a form that its method may have. */
export function isTarget(method: string, target: string): boolean {
  if (method === 'CONNECT') return isHost(target) && /:0*[1-9]\d*$/.test(target) && target !== '';
  if (target === '*') return method === 'OPTIONS';
  if (target.startsWith('/')) return true;
  const authority = /^[A-Za-z][-+.A-Za-z0-9]*:\/\/([^/?]*)/.exec(target)?.[1];
  return authority !== undefined && authority !== '' && isHost(authority);
}

type Body = { content: string; trailers: Pairs; rest: string } | 'bad' | 'open';

function readBody(headers: Pairs, rest: string): Body {
  const lengths = valuesOf(headers, 'content-length');
  const codings = valuesOf(headers, 'transfer-encoding');
  if (codings.length > 0) {
    if (lengths.length > 0 || codings.join(',').toLowerCase() !== 'chunked') return 'bad';
    return readChunks(rest);
  }
  if (lengths.length === 0) return { content: '', trailers: [], rest };
  if (lengths.length > 1 || !/^\d+$/.test(lengths[0]!)) return 'bad';
  const length = Number(lengths[0]);
  if (length > 1024 * 1024) return 'bad';
  if (rest.length < length) return 'open';
  return { content: rest.slice(0, length), trailers: [], rest: rest.slice(length) };
}

function readChunks(input: string): Body {
  let content = '';
  let rest = input;
  for (;;) {
    const end = rest.indexOf('\r\n');
    if (end === -1) return 'open';
    const [, digits, extensions] = /^([0-9a-f]{1,16})(.*)$/i.exec(rest.slice(0, end)) ?? [];
    if (digits === undefined || !EXTENSIONS.test(extensions!)) return 'bad';
    const size = Number.parseInt(digits, 16);
    if (content.length + size > 1024 * 1024) return 'bad';
    rest = rest.slice(end + 2);
    if (size === 0) return readTrailers(content, rest);
    if (rest.length < size + 2) return 'open';
    if (rest.slice(size, size + 2) !== '\r\n') return 'bad';
    content += rest.slice(0, size);
    rest = rest.slice(size + 2);
  }
}

function readTrailers(content: string, rest: string): Body {
  if (rest.startsWith('\r\n')) return { content, trailers: [], rest: rest.slice(2) };
  const end = rest.indexOf('\r\n\r\n');
  if (end === -1) return 'open';
  const trailers = readFields(rest.slice(0, end).split('\r\n'));
  if (trailers === undefined || trailers.some(([name]) => FORBIDDEN.test(name))) return 'bad';
  if (!trailers.every(([name]) => TOKEN.test(name))) return 'bad';
  return { content, trailers, rest: rest.slice(end + 4) };
}
