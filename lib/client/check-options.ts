/**
 * What an option has to be: refused when it is something else, and never made into what it is not.
 *
 * Numbers have checks of their own, because they have ranges.
 */
import { isIP } from 'node:net';
import { UsageError } from '../base/index.ts';

const KINDS = {
  'a boolean': (value: unknown) => typeof value === 'boolean',
  'a string': (value: unknown) => typeof value === 'string',
  'a function': (value: unknown) => typeof value === 'function',
  'an object': (value: unknown) => typeof value === 'object' && value !== null,
  'an AbortSignal': (value: unknown) => value instanceof AbortSignal,
  'an IP address': (value: unknown) => typeof value === 'string' && isIP(value) !== 0,
  // A NUL would end the path for the system, and not for whoever checked it.
  'a path': (value: unknown) => typeof value === 'string' && /^[^\0]+$/.test(value),
};

/** What an option can be. */
export type OptionKind = keyof typeof KINDS;

/**
 * Checks options that are there; `undefined` is none.
 *
 * @throws UsageError `invalid-option` for the first that is not of its kind, `null` included.
 */
export function checkOptions<Options extends object>(
  options: Options,
  kinds: { readonly [Name in keyof Options]?: OptionKind },
): void {
  if (typeof options !== 'object' || options === null) {
    throw new UsageError('invalid-option', 'options are an object');
  }
  for (const [name, kind] of Object.entries<OptionKind>(kinds as never)) {
    const value: unknown = options[name as keyof Options];
    if (value !== undefined && !KINDS[kind](value)) {
      throw new UsageError('invalid-option', `${name} is ${kind}`);
    }
  }
}
