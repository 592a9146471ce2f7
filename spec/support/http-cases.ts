/**
 * The HTTP case corpus, `spec/vectors/http-cases.json`, and cases of our own in the same words,
 * `http-cases-own.json`; the first one's `meta` says what the fields mean.
 */
import { readFileSync } from 'node:fs';
import type { HttpLimitOptions } from 'barewire/http';

type Part = string | { readonly repeat: string; readonly times: number };
type Message = Readonly<Record<string, unknown>>;

/** One case. */
export interface HttpCase {
  readonly id: string;
  readonly title: string;
  readonly kind: 'request' | 'response';
  readonly input: string | null;
  readonly inputParts?: readonly Part[];
  readonly limits?: HttpLimitOptions;
  readonly context?: {
    readonly eof?: boolean;
    readonly requestMethod?: string;
    readonly requestMethods?: readonly string[];
  };
  readonly expect: {
    readonly ok: boolean;
    readonly requests?: readonly Message[];
    readonly responses?: readonly Message[];
    readonly incomplete?: string;
    readonly rest?: string;
    readonly status?: number | null;
    readonly reason?: string;
    readonly phase?: string;
    readonly at?: number | null;
    readonly partial?: Message;
  };
  readonly debatable?: boolean;
  readonly alt?: readonly (string | number)[];
}

interface Corpus {
  readonly meta: { readonly defaultLimits: HttpLimitOptions };
  readonly cases: readonly HttpCase[];
}

function readCorpus(name: string): Corpus {
  const file = new URL(`../../../spec/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The corpus as it was handed over. */
export const HTTP_CASES: Corpus = readCorpus('http-cases');

/** Odd requests and responses of our own; the limits are the corpus's. */
export const OWN_HTTP_CASES: readonly HttpCase[] = readCorpus('http-cases-own').cases;

/** The bytes of a case: one character of the corpus is one byte. */
export function inputOf(httpCase: HttpCase): Buffer {
  const parts = httpCase.inputParts ?? [httpCase.input ?? ''];
  const text = parts.map((part) =>
    typeof part === 'string' ? part : part.repeat.repeat(part.times),
  );
  return Buffer.from(text.join(''), 'latin1');
}

/** Whether a case is so long that cutting it at every place takes a second. */
export const isLong = (httpCase: HttpCase): boolean => inputOf(httpCase).length > 4096;
