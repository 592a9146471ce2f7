/**
 * The handshake case corpus, `spec/vectors/handshake-cases.json`, and cases of our own in the same
 * words, `handshake-cases-own.json`; the first one's `meta` says what the fields mean.
 */
import { readFileSync } from 'node:fs';

/** What a response may say about permessage-deflate. */
export interface ExpectedExtension {
  readonly name: string;
  readonly must?: Readonly<Record<string, true | { readonly max: number }>>;
  readonly may?: readonly string[];
  readonly params?: Readonly<Record<string, true | number>>;
}

/** One case. */
export interface HandshakeCase {
  readonly id: string;
  readonly title: string;
  readonly side: 'server' | 'client';
  /** One character is one byte. */
  readonly input: string;
  readonly config: {
    readonly protocols?: readonly string[];
    readonly perMessageDeflate?:
      | boolean
      | { readonly clientMaxWindowBits?: number; readonly serverMaxWindowBits?: number };
    readonly origins?: readonly string[];
    readonly key?: string;
    readonly offer?: string | null;
  };
  readonly expect: {
    readonly ok: boolean;
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly accept?: string;
    readonly protocol?: string | null;
    readonly extension?: ExpectedExtension | null;
    readonly head?: string;
    readonly reason?: string;
  };
  readonly debatable?: boolean;
  readonly alt?: readonly (string | number)[];
}

function readCases(name: string): readonly HandshakeCase[] {
  const file = new URL(`../../../spec/vectors/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).cases;
}

/** The corpus as it was handed over. */
export const HANDSHAKE_CASES: readonly HandshakeCase[] = readCases('handshake-cases');

/** Handshakes of our own. */
export const OWN_HANDSHAKE_CASES: readonly HandshakeCase[] = readCases('handshake-cases-own');
