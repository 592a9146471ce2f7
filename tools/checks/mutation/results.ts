/**
 * What the mutation check has found, kept from run to run in `results.json`, and the page that
 * tells it: `spec/mutation.md`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutants.ts';

/** A mutant that no spec noticed, told so that it is found again when lines move. */
export interface Survivor {
  readonly file: string;
  /** The whole source line, trimmed. */
  readonly line: string;
  /** Which of several equal lines of the file, from 1. */
  readonly occurrence: number;
  readonly original: string;
  readonly replacement: string;
}

/** A survivor that may live, and why. */
export interface Reason extends Survivor {
  readonly reason: string;
}

/** One folder's last run. */
export interface FolderResult {
  /** How many mutants there are, and how many of them were drawn by the seed and tried. */
  readonly existing: number;
  readonly tried: number;
  readonly seed: number;
  /** How many of those that were noticed made a spec run on, or wait, for ever. */
  readonly endless: number;
  readonly survivors: readonly Survivor[];
}

/** Results by folder, as `lib/codec`. */
export type Results = Readonly<Record<string, FolderResult>>;

/** The least share of mutants, in percent, that the specs of each folder must notice. */
export const FLOOR = 90;

const FOLDER = 'tools/checks/mutation';

const readJson = <T>(path: string, ifNone: T): T =>
  existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : ifNone;

/** Reads what was found so far. */
export const readResults = (root: string): Results =>
  readJson(join(root, FOLDER, 'results.json'), {});

/** Reads the reasons, written by hand, why some survivors may live. */
export const readReasons = (root: string): readonly Reason[] =>
  readJson(join(root, FOLDER, 'reasons.json'), []);

/** Writes the results and the page that tells them. */
export function writeResults(root: string, results: Results): void {
  const sorted = Object.fromEntries(
    Object.entries(results).sort(([left], [right]) => (left < right ? -1 : 1)),
  );
  writeFileSync(join(root, FOLDER, 'results.json'), `${JSON.stringify(sorted, null, 2)}\n`);
  writeFileSync(join(root, 'spec/mutation.md'), mutationPage(sorted, readReasons(root)));
}

/** Tells a mutant so that it is found again. */
export function survivorOf(mutant: Mutant, text: string): Survivor {
  const lines = text.split('\n').map((line) => line.trim());
  const line = lines[mutant.line - 1] ?? '';
  const occurrence = lines.slice(0, mutant.line).filter((other) => other === line).length;
  const { file, original, replacement } = mutant;
  return { file, line, occurrence, original, replacement };
}

/** Why a survivor may live; `undefined` when nobody has said so. */
export function reasonFor(survivor: Survivor, reasons: readonly Reason[]): string | undefined {
  return reasons.find(
    (reason) =>
      reason.file === survivor.file &&
      reason.line === survivor.line &&
      reason.occurrence === survivor.occurrence &&
      reason.original === survivor.original &&
      reason.replacement === survivor.replacement,
  )?.reason;
}

const percent = (part: number, whole: number): number => (whole === 0 ? 100 : (part / whole) * 100);

/** How many of the mutants that were tried the specs noticed, in percent. */
export const shareOf = ({ tried, survivors }: FolderResult): number =>
  percent(tried - survivors.length, tried);

/** The same, of those only that no reason excuses. */
export function shareOfMistakes(result: FolderResult, reasons: readonly Reason[]): number {
  const { tried, survivors } = result;
  const excused = survivors.filter((survivor) => reasonFor(survivor, reasons) !== undefined);
  return percent(tried - survivors.length, tried - excused.length);
}

const code = (text: string): string => {
  const short = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  return short === '' ? 'nothing' : `\`${short.length > 60 ? `${short.slice(0, 60)}…` : short}\``;
};

/** The page: a table of shares, and each survivor with the reason why it may live. */
export function mutationPage(results: Results, reasons: readonly Reason[]): string {
  const rows = Object.entries(results).map(([folder, result]) => {
    const noticed = result.tried - result.survivors.length;
    const share = `${shareOf(result).toFixed(1)} %`;
    const mistakes = `${shareOfMistakes(result, reasons).toFixed(1)} %`;
    const { existing, tried, endless, seed, survivors } = result;
    const excused = survivors.filter((one) => reasonFor(one, reasons) !== undefined).length;
    const cells = [
      `\`${folder}\``,
      existing,
      tried,
      noticed,
      endless,
      excused,
      share,
      mistakes,
      seed,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const lists = Object.entries(results).flatMap(([folder, { survivors }]) => [
    '',
    `## \`${folder}\``,
    '',
    ...(survivors.length === 0 ? ['None survives.'] : []),
    ...survivors.map((survivor) => {
      const { file, line, original, replacement } = survivor;
      const change = `${code(original)} → ${code(replacement)}`;
      const where = `\`${file.slice(folder.length + 1)}\`, ${code(line)}`;
      return `- ${where}: ${change}: ${reasonFor(survivor, reasons) ?? '**not noticed**'}`;
    }),
  ]);
  return [
    '# Which mistakes the specs notice',
    '',
    'Generated by `npm run mutate`; not to be edited. Sources are broken by one small change at a',
    'time, drawn by a seed; a mutant is noticed when a spec of its folder fails, or does not end.',
    '',
    'Some changes are no mistakes: they change how fast something is, or nothing. Those that live',
    'for such a reason are counted apart, with the reason, which is written by hand in',
    '`tools/checks/mutation/reasons.json`. The first share is of all that were tried, the second',
    'of those that no reason excuses.',
    '',
    '| folder | mutants | tried | noticed | endless | excused | share | without excused | seed |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    ...lists,
    '',
  ].join('\n');
}
