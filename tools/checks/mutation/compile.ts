/** Compiles one source as it is changed, without looking at the others. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Root of the repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../../..');

/** Reads a file of the repository. */
export const sourceOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Where a source is compiled to. */
export const compiledOf = (file: string): string => join('dist', file.replace(/ts$/, 'js'));

const compilerOptions = ts.convertCompilerOptionsFromJson(
  JSON.parse(sourceOf('tsconfig.json')).compilerOptions,
  ROOT,
).options;

/** Alone, without its package.json, a file would be taken for CommonJS. */
const ALONE = { module: ts.ModuleKind.ESNext, sourceMap: false, declaration: false };

/** Returns the JavaScript of a text that stands in the place of `file`. */
export function compile(file: string, text: string): string {
  const options = { ...compilerOptions, ...ALONE };
  const fileName = join(ROOT, file);
  return ts.transpileModule(text, { fileName, compilerOptions: options }).outputText;
}
