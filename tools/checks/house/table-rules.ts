/**
 * The two tables that the specs must exhaust: violations of ours, requirements of the standards.
 */
import type { Findings, House, Rule } from './house.ts';

const TABLE = 'lib/base/violations.ts';
const SPECS = /^spec\/(?!vectors\/requirements\/).*\.(ts|json|md|http)$/;

/** The codes of the violation table with the chapters that raise them, read from its comments. */
function violationRows(house: House): { code: string; chapters: string[] }[] {
  let chapters: string[] = [];
  const rows: { code: string; chapters: string[] }[] = [];
  for (const line of house.text(TABLE).split('\n')) {
    const group = /^ {2}\/\/ (lib\/.*?):/.exec(line)?.[1];
    if (group !== undefined) chapters = [...group.matchAll(/lib\/(\w+)/g)].map(([, name]) => name!);
    const code = /^ {2}'([a-z0-9-]+)': \{/.exec(line)?.[1];
    if (code !== undefined) rows.push({ code, chapters });
  }
  return rows;
}

function checkViolations(house: House): Findings {
  const join = (paths: readonly string[]): string =>
    paths.map((path) => house.text(path)).join('\n');
  const specs = join(house.files(SPECS));
  const sources = join(house.files(/^lib\/.*\.ts$/).filter((path) => path !== TABLE));
  const findings: Findings = [];
  for (const { code, chapters } of violationRows(house)) {
    const isFinished = chapters.every((name) => !house.unfinished.has(name));
    if (!isFinished || !chapters.every((name) => house.chapters().includes(name))) continue;
    const literal = new RegExp(`['"\`]${code}['"\`]`);
    if (!literal.test(specs)) findings.push(`${TABLE}: no spec names ${code}`);
    if (!literal.test(sources)) findings.push(`${TABLE}: nothing raises ${code}`);
  }
  return findings;
}

/** One requirement of a standard, as the lists in `spec/vectors/requirements` have it. */
export interface Requirement {
  readonly id: string;
  readonly level: string;
  readonly party: string;
  readonly statement: string;
  readonly testable: boolean;
}

/** What the specs say about the requirements of one document. */
export interface RequirementCoverage {
  readonly document: string;
  /** The MUST and MUST NOT that behaviour can show. */
  readonly binding: readonly Requirement[];
  /** Those of them that no spec names. */
  readonly unnamed: readonly Requirement[];
}

const ID = /\b(?:6202|6455|7692|8441|9110|9112|sse)-[0-9A-Z][0-9A-Za-z.]*-\d+\b/g;

/** The requirement ids that spec files name in titles or comments, with one place of each. */
function namedIds(house: House): Map<string, string> {
  const named = new Map<string, string>();
  for (const path of house.files(/^spec\/.*\.ts$/)) {
    for (const [id] of house.text(path).matchAll(ID)) named.set(id, path);
  }
  return named;
}

function readRequirements(house: House): { document: string; requirements: Requirement[] }[] {
  return house
    .files(/^spec\/vectors\/requirements\/.*\.json$/)
    .map((path) => JSON.parse(house.text(path)));
}

/** Tells for each document which of its binding, testable requirements the specs name. */
export function requirementCoverage(house: House): RequirementCoverage[] {
  const named = namedIds(house);
  return readRequirements(house).map(({ document, requirements }) => {
    const binding = requirements.filter(({ level, testable }) => testable && /^MUST/.test(level));
    return { document, binding, unnamed: binding.filter(({ id }) => !named.has(id)) };
  });
}

function checkRequirements(house: House): Findings {
  const known = new Set(
    readRequirements(house).flatMap(({ requirements }) => requirements.map(({ id }) => id)),
  );
  return [...namedIds(house)]
    .filter(([id]) => !known.has(id))
    .map(([id, path]) => `${path}: ${id} is no requirement`);
}

/** Violations and requirements. */
export const TABLE_RULES: readonly Rule[] = [
  {
    title: 'each row of the violation table is raised, and named by a spec',
    check: checkViolations,
  },
  { title: 'specs name only requirements that exist', check: checkRequirements },
];
