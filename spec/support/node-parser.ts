/**
 * Node's own HTTP parser, without a socket around it: the binding that `node:http` reads with. One
 * character is one byte everywhere.
 */

/** A request as Node reads it. */
export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly (readonly [string, string])[];
  body: string;
  trailers: readonly (readonly [string, string])[];
  isComplete: boolean;
}

/** What Node makes of an input. */
export interface NodeVerdict {
  readonly requests: readonly NodeRequest[];
  /** Node's name of the fault, or of its decision to stop here. */
  readonly stopped: string | undefined;
}

type Lines = readonly string[];

interface Parser {
  [callback: number]: unknown;
  initialize(kind: number, resource: object): void;
  execute(bytes: Buffer): number | (Error & { readonly code?: string });
  close(): void;
}

interface Binding {
  readonly HTTPParser: {
    new (): Parser;
    readonly REQUEST: number;
    readonly kOnHeaders: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
    readonly kOnMessageComplete: number;
  };
  readonly methods: readonly string[];
}

// There is no public way to the parser; the binding is only used to compare with.
const { HTTPParser, methods } = (
  process as unknown as { binding(name: 'http_parser'): Binding }
).binding('http_parser');

const pairs = (lines: Lines): (readonly [string, string])[] =>
  Array.from({ length: lines.length / 2 }, (_, index) => [
    lines[index * 2]!,
    lines[index * 2 + 1]!,
  ]);

/** Reads all requests of an input, as strictly as Node does by default. */
export function readWithNode(input: Buffer): NodeVerdict {
  const requests: NodeRequest[] = [];
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  let early: { lines: string[]; target: string } = { lines: [], target: '' };
  // Node hands fields over in portions of 32, and trailers the same way.
  parser[HTTPParser.kOnHeaders] = (lines: Lines, target: string): void => {
    early = { lines: [...early.lines, ...lines], target: early.target + target };
  };
  parser[HTTPParser.kOnHeadersComplete] = (
    major: number,
    minor: number,
    lines: Lines | undefined,
    method: number,
    target: string | undefined,
    _status: unknown,
    _reason: unknown,
    isUpgrade: boolean,
  ): number => {
    requests.push({
      method: methods[method]!,
      target: target ?? early.target,
      version: `${major}.${minor}`,
      headers: pairs(lines ?? early.lines),
      body: '',
      trailers: [],
      isComplete: false,
    });
    early = { lines: [], target: '' };
    // 2 is what a server with an `upgrade` listener answers: what follows is no HTTP.
    return isUpgrade ? 2 : 0;
  };
  parser[HTTPParser.kOnBody] = (bytes: Buffer): void => {
    requests.at(-1)!.body += bytes.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = (): void => {
    const last = requests.at(-1)!;
    last.trailers = pairs(early.lines);
    last.isComplete = true;
    early = { lines: [], target: '' };
  };
  const result = parser.execute(input);
  parser.close();
  return { requests, stopped: typeof result === 'number' ? undefined : result.code };
}
