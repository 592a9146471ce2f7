/**
 * What is refused here and read by Node: the bytes of that message, cut in the most literal way, so
 * that a listed reason to refuse can say what there must be in them.
 */
import { expectLaw } from '../engine/target.ts';
import { findEndsWithNode, type NodeMessage, type NodeOutcome } from './node-parser.ts';

/** A message that was refused, as Node reads it. */
export class Refused {
  readonly message: NodeMessage;
  /** Those that Node has read before it. */
  readonly before: readonly NodeMessage[];
  /** How many requests were made, if it is a response. */
  readonly asked: number;
  /** Its bytes, from the end of the message before it to its own. */
  readonly text: string;
  /** Line ends before its first line. */
  readonly lineEnds: string;
  readonly startLine: string;
  /** CR and LF as they stand behind the first line. */
  readonly startLineEnd: string;
  readonly #lines: readonly string[];
  readonly #body: string;

  constructor(before: readonly NodeMessage[], message: NodeMessage, text: string, asked: number) {
    this.before = before;
    this.message = message;
    this.asked = asked;
    this.text = text;
    const [, lineEnds, line, lineEnd] = /^([\r\n]*)([^\r\n]*)([\r\n]*)/.exec(text)!;
    this.lineEnds = lineEnds!;
    this.startLine = line!;
    this.startLineEnd = lineEnd!;
    const [head, ...rest] = text.slice(this.lineEnds.length).split('\r\n\r\n');
    this.#lines = head!.split(/\r?\n/).slice(1);
    this.#body = rest.join('\r\n\r\n');
  }

  /** The values of a field, one for each line, without the white space around them. */
  values(name: string): string[] {
    const begin = `${name}:`;
    return this.#lines
      .filter((line) => line.toLowerCase().startsWith(begin))
      .map((line) => line.slice(begin.length).replace(/^[ \t]+|[ \t]+$/g, ''));
  }

  /** The elements of a list, empty ones too; none without the field. */
  elements(name: string): string[] {
    const values = this.values(name);
    if (values.length === 0) return [];
    const elements = values.join().toLowerCase().split(',');
    return elements.map((element) => element.replace(/^[ \t]+|[ \t]+$/g, ''));
  }

  /** The lines with the sizes of chunks, if the body is chunked. */
  get chunkLines(): string[] {
    const found: string[] = [];
    for (let rest = this.#body; this.elements('transfer-encoding').at(-1) === 'chunked'; ) {
      const [line] = /^[^\r]*/.exec(rest)!;
      const size = Number.parseInt(line, 16);
      found.push(line);
      if (!(size > 0)) break;
      rest = rest.slice(line.length + 2 + size + 2);
    }
    return found;
  }

  get trailerNames(): string[] {
    return this.message.trailers.filter((_, at) => at % 2 === 0);
  }
}

/** A reason to refuse what Node accepts. */
export interface Reason {
  readonly why: string;
  /** Whether it can be the reason to refuse this message. */
  readonly when: (refused: Refused) => boolean;
}

/** Reasons by the codes of refusals. */
export type Reasons = Readonly<Record<string, Reason>>;

/** What was given to both, and how far it was read here. */
export interface Reading {
  readonly bytes: Uint8Array;
  readonly kind: 'request' | 'response';
  readonly asked?: readonly string[];
  /** How many messages were read to their ends here, before the refusal. */
  readonly accepted: number;
  readonly code: string | undefined;
}

/** The message that is refused here and read to its end by Node; `undefined` without one. */
export function findRefused(theirs: NodeOutcome, reading: Reading): Refused | undefined {
  const { bytes, kind, asked = [], accepted, code } = reading;
  const message = theirs.messages.filter(({ isComplete }) => isComplete)[accepted];
  if (code === undefined || message === undefined) return undefined;
  // The last one may have no end but that of the connection.
  const ends = findEndsWithNode(bytes, kind, asked);
  const text = Buffer.from(bytes).toString('latin1', ends[accepted - 1] ?? 0, ends[accepted]);
  return new Refused(theirs.messages.slice(0, accepted), message, text, asked.length);
}

/**
 * With default limits, a refusal that Node does not share must be one that is meant: anything else
 * is a finding. Node is the more lenient reader, but not everywhere.
 */
export function checkStrictness(theirs: NodeOutcome, reading: Reading, reasons: Reasons): void {
  const refused = findRefused(theirs, reading);
  if (refused === undefined) return;
  const code = reading.code!;
  const isMeant = Object.hasOwn(reasons, code) && reasons[code]!.when(refused);
  expectLaw(isMeant, 'refuses for a listed reason what Node accepts', () =>
    JSON.stringify({ code, text: refused.text, refused: refused.message }),
  );
}
