/**
 * A corpus on disk: `fuzz/corpus/<target>/corpus.txt`, one input a line, as text with escapes, so
 * that people can read it and a difference shows what changed.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes bytes as one line of printable ASCII: `\r`, `\n`, `\t`, `\\` and `\xNN` for the rest. */
export function escapeBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ESCAPES[byte]!).join('');
}

const NAMED: Readonly<Record<string, string>> = {
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\\': '\\\\',
};
const ESCAPES = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (NAMED[character] !== undefined) return NAMED[character];
  return byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
});

/** Reads what {@link escapeBytes} wrote. Other escapes stand for themselves. */
export function unescapeBytes(line: string): Buffer {
  const text = line.replace(/\\(x[0-9a-f]{2}|[rnt\\])/g, (whole, code: string) => {
    if (code.startsWith('x')) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return Object.keys(NAMED).find((key) => NAMED[key] === whole)!;
  });
  return Buffer.from(text, 'latin1');
}

/** Reads a corpus; there may be none yet. */
export function readCorpus(path: string): Buffer[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'latin1').split('\n');
  return lines.slice(0, -1).map(unescapeBytes);
}

/** Writes a corpus, shortest input first. */
export function writeCorpus(path: string, inputs: readonly Uint8Array[]): void {
  const lines = [...new Set(inputs.map(escapeBytes))];
  lines.sort((left, right) => left.length - right.length || (left < right ? -1 : 1));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''), 'latin1');
}
