/**
 * The two tables that the specs must exhaust: violations of ours, requirements of the standards.
 */
import ts from 'typescript';
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
  /** Those of them that do not apply, or that we keep to otherwise; the list says why. */
  readonly exempt: readonly Requirement[];
  /** The rest of them, as far as no spec names it. */
  readonly unnamed: readonly Requirement[];
}

/** An id of a requirement. */
const ID = /\b(?:6202|6455|7692|8441|9110|9112|sse)-[0-9A-Z][0-9A-Za-z.]*-\d+\b/g;

/**
 * The requirement ids that spec files name in texts, with one place of each: in the title of a test
 * or what an assertion says, but not in a comment, which runs with nothing.
 */
function namedIds(house: House): Map<string, string> {
  const named = new Map<string, string>();
  for (const path of house.files(/^spec\/.*\.ts$/)) {
    if (house.text(path).search(ID) === -1) continue;
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || isTemplateRest(node)) {
        for (const [id] of node.text.matchAll(ID)) named.set(id, path);
      }
      ts.forEachChild(node, visit);
    };
    visit(house.tree(path));
  }
  return named;
}

function isTemplateRest(node: ts.Node): node is ts.TemplateMiddle | ts.TemplateTail {
  return ts.isTemplateMiddle(node) || ts.isTemplateTail(node);
}

/** Ids in comments: named nowhere else, they would only seem to be. */
function commentedIds(house: House): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of house.files(/^spec\/.*\.ts$/)) {
    for (const [id] of house.text(path).matchAll(ID)) found.set(id, path);
  }
  return found;
}

/** Where it stands which requirements do not apply, by id, and why. */
const EXEMPT = 'spec/requirements/not-applicable.json';

function exemptIds(house: House): Map<string, string> {
  return new Map(Object.entries<string>(house.has(EXEMPT) ? JSON.parse(house.text(EXEMPT)) : {}));
}

function readRequirements(house: House): { document: string; requirements: Requirement[] }[] {
  return house
    .files(/^spec\/vectors\/requirements\/.*\.json$/)
    .map((path) => JSON.parse(house.text(path)));
}

/** Tells for each document which of its binding, testable requirements the specs name. */
export function requirementCoverage(house: House): RequirementCoverage[] {
  const named = namedIds(house);
  const reasons = exemptIds(house);
  return readRequirements(house).map(({ document, requirements }) => {
    const binding = requirements.filter(({ level, testable }) => testable && /^MUST/.test(level));
    const exempt = binding.filter(({ id }) => reasons.has(id));
    const unnamed = binding.filter(({ id }) => !named.has(id) && !reasons.has(id));
    return { document, binding, exempt, unnamed };
  });
}

/** Says it in a sentence. */
export function describeCoverage(coverage: RequirementCoverage): string {
  const { document, binding, exempt, unnamed } = coverage;
  const named = binding.length - exempt.length - unnamed.length;
  const rest = exempt.length === 0 ? '' : `, ${exempt.length} do not apply`;
  return `${document}: ${named} of ${binding.length} are named${rest}`;
}

function checkRequirements(house: House): Findings {
  const known = new Set(
    readRequirements(house).flatMap(({ requirements }) => requirements.map(({ id }) => id)),
  );
  const named = namedIds(house);
  const findings = [...named, ...commentedIds(house)]
    .filter(([id]) => !known.has(id))
    .map(([id, path]) => `${path}: ${id} is no requirement`);
  for (const [id, reason] of exemptIds(house)) {
    if (!known.has(id)) findings.push(`${EXEMPT}: ${id} is no requirement`);
    if (named.has(id)) findings.push(`${EXEMPT}: ${named.get(id)} names ${id}`);
    if (!/^[A-Z].{15,}\.$/.test(reason)) findings.push(`${EXEMPT}: ${id} has no reason`);
  }
  return findings;
}

/** Violations and requirements. */
export const TABLE_RULES: readonly Rule[] = [
  {
    title: 'each row of the violation table is raised, and named by a spec',
    check: checkViolations,
  },
  { title: 'specs name only requirements that exist', check: checkRequirements },
];
