/** Which bench a command line means. */

/** What is to be done: run one bench, run the quick ones, list them, or say what is wrong. */
export type BenchCommand =
  | { readonly kind: 'run'; readonly name: string; readonly args: readonly string[] }
  | { readonly kind: 'quick' }
  | { readonly kind: 'list' }
  | { readonly kind: 'wrong'; readonly text: string };

/**
 * Reads a command line.
 *
 * @param args without node and script: the name of a bench, then what that bench understands.
 * @param names the benches there are.
 */
export function chooseBench(args: readonly string[], names: readonly string[]): BenchCommand {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help') return { kind: 'list' };
  if (name === 'quick') return { kind: 'quick' };
  if (names.includes(name)) return { kind: 'run', name, args: rest };
  return { kind: 'wrong', text: `no bench is called ${name}: there are ${names.join(', ')}` };
}
