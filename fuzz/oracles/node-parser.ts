/**
 * Node's own HTTP parser (llhttp, strict), reached through an internal module: an independent
 * reader to compare with. Nothing but fuzz targets may use it.
 */
import { createRequire } from 'node:module';

// biome-ignore lint/suspicious/noExplicitAny: whatever the parser passes
type Callback = (...given: any[]) => number | undefined;

interface NodeParser {
  initialize(type: number, resource: object, maxHeaderBytes: number, lenient: number): void;
  execute(bytes: Buffer): number | Error;
  finish(): Error | undefined;
  /** Gives its memory back; what is not closed stays for ever. */
  close(): void;
  [callback: number]: Callback;
}

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

interface Internals {
  readonly HTTPParser: NodeParserClass;
  readonly methods: readonly string[];
}

const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common') as Internals;

/** A message as Node reports it; header names and values as they came, by turns. */
export interface NodeMessage {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly lines: string[];
  body: string;
  readonly trailers: string[];
  readonly isUpgrade: boolean;
  readonly keepAlive: boolean;
  isComplete: boolean;
}

/** What Node makes of some bytes. */
export interface NodeOutcome {
  readonly messages: NodeMessage[];
  /** llhttp's code, such as `HPE_INVALID_METHOD`; `undefined` without an error. */
  readonly error: string | undefined;
  /** The bytes that it did not read: those behind an upgrade. */
  readonly rest: string;
}

/** Methods that Node knows; any other is an error to it. */
export const NODE_METHODS: ReadonlySet<string> = new Set(methods);

const MAX_HEADER_BYTES = 1 << 20;
/** What the headers callback returns: read the body, or there is none. */
const READ_BODY = 0;
const SKIP_BODY = 1;
const IS_UPGRADE = 2;

/** Reads requests, or responses to the given methods, with Node's parser. */
export function parseWithNode(
  bytes: Uint8Array,
  kind: 'request' | 'response',
  ended: boolean,
  asked: readonly string[] = [],
): NodeOutcome {
  const collector = new Collector(kind, asked);
  const parser = startParser(kind, collector);
  const given = Buffer.from(bytes);
  const result = parser.execute(given);
  const failure = result instanceof Error ? result : ended ? parser.finish() : undefined;
  const error = failure === undefined ? undefined : String((failure as { code?: string }).code);
  parser.close();
  const rest = result instanceof Error ? '' : given.toString('latin1', result);
  return { messages: collector.messages, error, rest };
}

/**
 * Tells where the messages end that Node reads: the index behind each. Given one byte after the
 * other, for Node does not say how far it is.
 */
export function findEndsWithNode(
  bytes: Uint8Array,
  kind: 'request' | 'response',
  asked: readonly string[] = [],
): number[] {
  const collector = new Collector(kind, asked);
  const parser = startParser(kind, collector);
  const ends: number[] = [];
  for (const at of bytes.keys()) {
    const result = parser.execute(Buffer.from(bytes.subarray(at, at + 1)));
    if (result instanceof Error) break;
    const complete = collector.messages.filter(({ isComplete }) => isComplete).length;
    if (complete > ends.length) ends.push(at + 1);
  }
  parser.close();
  return ends;
}

function startParser(kind: 'request' | 'response', collector: Collector): NodeParser {
  const parser = new HTTPParser();
  const type = kind === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
  parser.initialize(type, {}, MAX_HEADER_BYTES, 0);
  parser[HTTPParser.kOnHeaders] = (lines, target) => collector.lines(lines, target);
  parser[HTTPParser.kOnHeadersComplete] = (...given) => collector.head(given);
  parser[HTTPParser.kOnBody] = (piece) => collector.body(piece);
  parser[HTTPParser.kOnMessageComplete] = () => collector.end();
  return parser;
}

class Collector {
  readonly messages: NodeMessage[] = [];
  readonly #kind: 'request' | 'response';
  readonly #asked: readonly string[];
  #lines: string[] = [];
  #target = '';
  #finals = 0;

  constructor(kind: 'request' | 'response', asked: readonly string[]) {
    this.#kind = kind;
    this.#asked = asked;
  }

  /** Called for long heads, and for trailers. */
  lines(lines: string[], target: string): undefined {
    const message = this.messages.at(-1);
    if (message?.isComplete === false) {
      message.trailers.push(...lines);
    } else {
      this.#lines.push(...lines);
      this.#target += target;
    }
  }

  head(given: readonly unknown[]): number {
    const [major, minor, lines, method, target, status, reason, isUpgrade, keepAlive] = given;
    this.messages.push({
      method: methods[Number(method)] ?? '',
      target: this.#target + String(target ?? ''),
      status: Number(status),
      reason: String(reason),
      version: `${major}.${minor}`,
      lines: [...this.#lines, ...((lines ?? []) as string[])],
      body: '',
      trailers: [],
      isUpgrade: Boolean(isUpgrade),
      keepAlive: Boolean(keepAlive),
      isComplete: false,
    });
    this.#lines = [];
    this.#target = '';
    return this.#kind === 'request' ? READ_BODY : this.#bodyOf(Number(status));
  }

  body(piece: Buffer): undefined {
    this.messages.at(-1)!.body += Buffer.from(piece).toString('latin1');
  }

  end(): undefined {
    this.messages.at(-1)!.isComplete = true;
  }

  /** What Node's own client answers for each kind of response. */
  #bodyOf(status: number): number {
    if (status === 101) return IS_UPGRADE;
    if (status < 200) return SKIP_BODY;
    const method = this.#asked[this.#finals];
    this.#finals += 1;
    if (method === 'CONNECT' && status < 300) return IS_UPGRADE;
    return method === 'HEAD' ? SKIP_BODY : READ_BODY;
  }
}

/** Whether a line of this field has a tab in it, which Node does not take for white space. */
export function hasTabIn(
  field: 'content-length' | 'transfer-encoding' | 'connection',
  bytes: Uint8Array,
): boolean {
  return new RegExp(`${field}:[^\\r]*\\t`, 'i').test(Buffer.from(bytes).toString('latin1'));
}
