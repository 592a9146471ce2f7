/** Which bench a command line means. */

/** What is to be done: run benches, list them, or say what is wrong. */
export type BenchCommand =
  | { readonly kind: 'run'; readonly names: readonly string[]; readonly args: readonly string[] }
  | { readonly kind: 'quick' }
  | { readonly kind: 'list' }
  | { readonly kind: 'wrong'; readonly text: string };

/** Names that stand for several benches. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  codec: ['framing', 'masking', 'utf8'],
};

/** Runs others, and is not run among all. */
const TABLE = 'table';

/**
 * Reads a command line.
 *
 * @param args without node and script: the name of a bench or a group, then what that bench
 *   understands; nothing, or options alone, for all benches.
 * @param names the benches there are.
 */
export function chooseBench(args: readonly string[], names: readonly string[]): BenchCommand {
  const [name, ...rest] = args;
  const isHelp = args.includes('--help') && (name === 'quick' || name?.startsWith('--'));
  if (isHelp || name === 'list') return { kind: 'list' };
  if (name === 'quick') {
    if (rest.length === 0) return { kind: 'quick' };
    return { kind: 'wrong', text: `quick is what it is, and knows no ${rest.join(' ')}` };
  }
  if (name === undefined || name.startsWith('--')) {
    return { kind: 'run', names: names.filter((one) => one !== TABLE), args };
  }
  const group = GROUPS[name];
  if (group !== undefined) return { kind: 'run', names: group, args: rest };
  if (names.includes(name)) return { kind: 'run', names: [name], args: rest };
  const known = [...Object.keys(GROUPS), ...names].join(', ');
  return { kind: 'wrong', text: `no bench is called ${name}: there are ${known}` };
}
