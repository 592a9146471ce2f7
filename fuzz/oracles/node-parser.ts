/**
 * Node's own HTTP parser (llhttp, strict), reached through an internal module: an independent reader
 * to compare with. Nothing but fuzz targets may use it.
 */
import { createRequire } from 'node:module';

type Callback = (...given: never[]) => number | undefined;

interface NodeParser {
  initialize(type: number, resource: object, maxHeaderBytes: number, lenient: number): void;
  execute(bytes: Buffer): number | Error;
  finish(): Error | undefined;
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
  const messages: NodeMessage[] = [];
  let early: string[] = [];
  let earlyTarget = '';
  const parser = new HTTPParser();
  const type = kind === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
  parser.initialize(type, {}, MAX_HEADER_BYTES, 0);
  let finals = 0;

  // Called for long heads and for trailers.
  parser[HTTPParser.kOnHeaders] = (lines: string[], target: string) => {
    const message = messages.at(-1);
    if (message === undefined || message.isComplete) {
      early.push(...lines);
      earlyTarget += target;
    } else {
      message.trailers.push(...lines);
    }
    return undefined;
  };
  parser[HTTPParser.kOnHeadersComplete] = (...given: unknown[]) => {
    const [major, minor, lines, method, target, status, reason, isUpgrade, keepAlive] = given;
    messages.push({
      method: methods[Number(method)] ?? '',
      target: earlyTarget + String(target ?? ''),
      status: Number(status),
      reason: String(reason),
      version: `${major}.${minor}`,
      lines: lines === undefined ? early : [...early, ...(lines as string[])],
      body: '',
      trailers: [],
      isUpgrade: Boolean(isUpgrade),
      keepAlive: Boolean(keepAlive),
      isComplete: false,
    });
    early = [];
    earlyTarget = '';
    if (kind === 'request') return READ_BODY;
    // What Node's own client answers for each kind of response.
    if (status === 101) return IS_UPGRADE;
    if (Number(status) < 200) return SKIP_BODY;
    const answers = asked[finals];
    finals += 1;
    if (answers === 'CONNECT' && Number(status) < 300) return IS_UPGRADE;
    return answers === 'HEAD' ? SKIP_BODY : READ_BODY;
  };
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    messages.at(-1)!.body += Buffer.from(piece).toString('latin1');
    return undefined;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    messages.at(-1)!.isComplete = true;
    return undefined;
  };

  const result = parser.execute(Buffer.from(bytes));
  const failure = result instanceof Error ? result : ended ? parser.finish() : undefined;
  const error = failure === undefined ? undefined : String((failure as { code?: string }).code);
  return { messages, error };
}
