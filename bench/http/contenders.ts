/**
 * The parsers that are compared, and what each of them must deliver.
 *
 * ```
 * head   method or status, target or reason, and every field's name and value, each as a string
 * body   every byte, in pieces that may alias the input
 * end    of each message; the parser goes on with the next one, on the same connection
 * ```
 * What comes is stored, so that no engine may leave out the work of making a string. Before
 * anything is timed, all of them must have delivered the same, character by character.
 */
import { createRequire } from 'node:module';
import { BAREWIRE, type HttpContender, type Tally } from './barewire.ts';
import type { Side } from './inputs.ts';

/** The interface that Node's parser and http-parser-js share. */
interface Parser {
  // biome-ignore lint/suspicious/noExplicitAny: the arguments differ from callback to callback
  [callback: number]: (...given: any[]) => unknown;
  initialize(side: unknown, resource: object): void;
  execute(bytes: Buffer): number | Error;
}

interface ParserClass {
  new (side?: unknown): Parser;
  readonly REQUEST: unknown;
  readonly RESPONSE: unknown;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
  /** http-parser-js: whoever has asked for it gets the arguments of today. */
  readonly kOnExecute?: number;
}

interface ParserModule {
  readonly HTTPParser: ParserClass;
  readonly methods: readonly string[];
}

const require = createRequire(import.meta.url);

function takeLines(tally: Tally, lines: readonly string[]): void {
  for (let index = 0; index < lines.length; index += 2) {
    tally.pair(lines[index]!, lines[index + 1]!);
  }
}

/** Reads with what `node:http` reads with, in the way it does. */
function openParser(
  { HTTPParser, methods }: ParserModule,
  side: Side,
  tally: Tally,
): (chunk: Buffer) => void {
  const isRequest = side === 'request';
  const kind = isRequest ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
  const parser = new HTTPParser(kind);
  parser.initialize(kind, {});
  let early = '';
  let earlyLines: string[] = [];
  // Node hands a long head over in portions of 32 lines, and then none with the head.
  parser[HTTPParser.kOnHeaders] = (lines: readonly string[], target: string): void => {
    for (const text of lines) earlyLines.push(text);
    early += target;
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    lines: readonly string[] | undefined,
    method: number,
    target: string | undefined,
    status: number,
    reason: string,
  ): number => {
    const isEarly = lines === undefined;
    if (isRequest) tally.pair(methods[method]!, isEarly ? early : target!);
    else tally.pair(String(status), reason);
    takeLines(tally, isEarly ? earlyLines : lines);
    earlyLines = [];
    early = '';
    return 0;
  };
  parser[HTTPParser.kOnBody] = (bytes: Buffer, _offset?: number, length?: number): void => {
    tally.bodyBytes += length ?? bytes.length;
  };
  parser[HTTPParser.kOnMessageComplete] = (): void => {
    tally.messages += 1;
  };
  return (chunk) => {
    const result = parser.execute(chunk);
    if (typeof result !== 'number') throw result;
    // Both stop behind a message that wants an upgrade.
    if (result < chunk.length) throw new Error(`${result} of ${chunk.length} bytes were read`);
  };
}

const [NODE, HTTP_PARSER_JS] = [
  (process as unknown as { binding(name: string): ParserModule }).binding('http_parser'),
  require('http-parser-js') as ParserModule,
];
void HTTP_PARSER_JS.HTTPParser.kOnExecute;

/** All of them, ours first. */
export const CONTENDERS: readonly HttpContender[] = [
  BAREWIRE,
  { name: 'HTTPParser', open: (side, tally) => openParser(NODE, side, tally) },
  { name: 'http-parser-js', open: (side, tally) => openParser(HTTP_PARSER_JS, side, tally) },
];
