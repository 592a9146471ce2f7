/**
 * Conversations over one connection, for laws: what a client asks, one thing behind the other, what
 * is done with each of them, and what the client must read then, in the most literal way.
 */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { fc } from './fast-check.ts';
import { decodeNaively } from './naive-frames.ts';
import { numbered } from './trespasses.ts';

/** What is done with a request. */
export const WAYS = [
  ...['respond', 'read', 'stream', 'events', 'listen', 'throw', 'abort'],
  ...['accept', 'goodbye', 'refuse', 'hijack', 'destroy'],
] as const;
export type Way = (typeof WAYS)[number];

/** One request. */
export interface Asked {
  readonly way: Way;
  readonly framing: 'none' | 'length' | 'chunked';
  readonly bodyLength: number;
  readonly isLast: boolean;
}

const TAKING: ReadonlySet<Way> = new Set(['hijack', 'destroy']);
const OPENING: ReadonlySet<Way> = new Set(['accept', 'goodbye']);
const UPGRADING: ReadonlySet<Way> = new Set(['accept', 'goodbye', 'refuse']);

/** The socket is given away, and speaks no HTTP any more. */
export const isTaken = ({ way }: Asked): boolean => TAKING.has(way);
export const isOpened = ({ way }: Asked): boolean => OPENING.has(way);
export const isUpgrade = ({ way }: Asked): boolean => UPGRADING.has(way);
/** Nothing behind it is answered. */
export const endsHttp = (asked: Asked): boolean =>
  isTaken(asked) || isOpened(asked) || asked.isLast || asked.way === 'listen';

const askedOf = (...ways: readonly Way[]): fc.Arbitrary<Asked> =>
  fc.record<Asked>({
    way: fc.constantFrom(...ways),
    framing: fc.constantFrom('none', 'length', 'chunked'),
    bodyLength: fc.constantFrom(0, 1, 5, 40, 300),
    isLast: fc.constantFrom(...Array<boolean>(9).fill(false), true),
  });

const GOING_ON: readonly Way[] = ['respond', 'read', 'stream', 'events', 'refuse'];

/** What follows the requests, if the last one has opened the way for it. */
const words = fc.array(fc.constantFrom('', 'hey', 'GET /0 HTTP/1.1\r\n\r\n', 'x'.repeat(130)), {
  maxLength: 4,
});

export interface Conversation {
  readonly requests: readonly Asked[];
  readonly words: readonly string[];
  /** The client of a WebSocket says goodbye. */
  readonly saysGoodbye: boolean;
}

export const conversation: fc.Arbitrary<Conversation> = fc.record({
  requests: fc
    .tuple(fc.array(askedOf(...GOING_ON), { maxLength: 3 }), askedOf(...WAYS), askedOf('respond'))
    .map(([before, ending, behind]) => [...before, ending, behind]),
  words,
  saysGoodbye: fc.boolean(),
});

const hasBody = (request: Asked): boolean => request.framing !== 'none' && !isUpgrade(request);

/** What the body says. */
export const bodyOf = (request: Asked): string =>
  hasBody(request) ? numbered(request.bodyLength) : '';

const HANDSHAKE =
  'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** A request in two parts: its head, and its body as it is sent. */
function partsOf(request: Asked, index: number): [head: string, body: string] {
  const lines = [`${hasBody(request) ? 'POST' : 'GET'} /${index} HTTP/1.1\r\nHost: law\r\n`];
  const options = [isUpgrade(request) ? 'Upgrade' : '', request.isLast ? 'close' : ''];
  lines.push(`Connection: ${options.join()}\r\n`);
  if (isUpgrade(request)) lines.push(HANDSHAKE);
  if (!hasBody(request)) return [`${lines.join('')}\r\n`, ''];
  const body = bodyOf(request);
  if (request.framing === 'length') {
    return [`${lines.join('')}Content-Length: ${body.length}\r\n\r\n`, body];
  }
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
  return [`${lines.join('')}Transfer-Encoding: chunked\r\n\r\n`, `${chunk}0\r\n\r\n`];
}

/** What the client sends, and what of it is for whoever gets the connection. */
export interface Speech {
  /** One character is one byte. */
  readonly wire: string;
  /** Where HTTP ends; the length of all where it does not. */
  readonly rawFrom: number;
  /** How many of the requests are answered. */
  readonly answered: number;
}

export function writeSpeech({ requests, words, saysGoodbye }: Conversation): Speech {
  const end = requests.findIndex(endsHttp);
  const answered = end === -1 ? requests.length : end + 1;
  let wire = '';
  let rawFrom: number | undefined;
  for (const [index, request] of requests.entries()) {
    const [head, body] = partsOf(request, index);
    wire += head;
    if (index === end && (isTaken(request) || isOpened(request))) {
      rawFrom = wire.length;
      wire += isTaken(request) ? body + words.join('') : frames(words, saysGoodbye);
      break;
    }
    wire += body;
  }
  return { wire, rawFrom: rawFrom ?? wire.length, answered };
}

function frames(texts: readonly string[], saysGoodbye: boolean): string {
  const maskingKey = 0x01020304;
  const all = texts.map((payload) => encodeFrame({ opcode: OPCODE.text, payload, maskingKey }));
  if (saysGoodbye) all.push(encodeFrame({ opcode: OPCODE.close, payload: '', maskingKey }));
  return Buffer.concat(all).toString('latin1');
}

/** An answer as a client finds it. */
export interface Answer {
  readonly status: number;
  readonly saysClose: boolean;
  readonly body: string;
  readonly isWhole: boolean;
}

/** Cuts one answer off, literally; `undefined` when its head is not there. */
export function cutAnswer(text: string): { answer: Answer; rest: string } | undefined {
  const [, status, lines, behind] =
    /^HTTP\/1\.1 (\d{3}) [^\r]*\r\n(.*?\r\n)\r\n(.*)$/s.exec(text) ?? [];
  if (status === undefined) return undefined;
  const found = { status: Number(status), saysClose: /^connection: close\r$/im.test(lines!) };
  const make = (body: string, isWhole: boolean, rest: string) => ({
    answer: { ...found, body, isWhole },
    rest,
  });
  if (found.status === 101) return make('', true, behind!);
  const length = Number(/^content-length: (\d+)\r$/im.exec(lines!)?.[1] ?? Number.NaN);
  if (length >= 0)
    return make(behind!.slice(0, length), behind!.length >= length, behind!.slice(length));
  let [body, rest] = ['', behind!];
  for (;;) {
    const [line, digits] = /^([0-9a-f]+)\r\n/.exec(rest) ?? [''];
    const size = Number.parseInt(digits ?? '', 16);
    const isThere = rest.length >= line.length + size + 2;
    if (!isThere) return make(body + rest.slice(line.length), false, '');
    const piece = rest.slice(line.length, line.length + size);
    if (rest.slice(line.length + size, line.length + size + 2) !== '\r\n')
      throw new Error('no chunk');
    rest = rest.slice(line.length + size + 2);
    if (size === 0) return make(body, true, rest);
    body += piece;
  }
}

/** The texts of whole messages that a server has sent, and whether it has said goodbye. */
export function readFrames(wire: string): { texts: string[]; hasClosed: boolean } {
  const rules = { role: 'client', maxFrameBytes: 1e6 } as const;
  const { frames: found, failures } = decodeNaively(Buffer.from(wire, 'latin1'), rules);
  if (failures.length > 0) throw new Error(`no frames: ${failures}`);
  const whole = found.filter(({ ended }) => ended);
  const texts = whole.filter(({ opcode }) => opcode === OPCODE.text);
  return {
    texts: texts.map(({ payload }) => Buffer.from(payload, 'hex').toString()),
    hasClosed: whole.at(-1)?.opcode === OPCODE.close,
  };
}
