/**
 * What must lie where: the top level, the mirror, the pages, the package's doors, the public names.
 */
import ts from 'typescript';
import type { Findings, House, Rule } from './house.ts';

/** Everything that may lie at the top beside dot-files; what tools generate is not ours. */
const TOP_LEVEL = new Set([
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'biome.json'],
  ...['README.md', 'LICENSE', 'CHANGELOG.md'],
  ...['node_modules', 'dist', 'reports'],
]);

/** Where the public names are pinned. */
export const PINS = 'spec/house/public-names.json';

function checkTopLevel(house: House): Findings {
  return house
    .files(/^[^./][^/]*$/)
    .filter((name) => !TOP_LEVEL.has(name))
    .map((name) => `${name}: does not belong at the top level`);
}

function checkMirror(house: House): Findings {
  return house
    .files(/^lib\/[^/]+\/.*(?<!\/index)\.ts$/)
    .filter((path) => !house.unfinished.has(path.split('/')[1]!))
    .map((path) => [path, path.replace(/^lib/, 'spec').replace(/ts$/, 'spec.ts')] as const)
    .filter(([, spec]) => !house.has(spec))
    .map(([path, spec]) => `${path}: has no ${spec}`);
}

function checkPages(house: House): Findings {
  const findings: Findings = [];
  for (const chapter of house.chapters()) {
    const page = `lib/${chapter}/README.md`;
    if (house.unfinished.has(chapter)) continue;
    if (!house.has(page)) findings.push(`${page}: is missing`);
    else if (house.text(page).split('\n').length > 100) findings.push(`${page}: is no single page`);
  }
  return findings;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

function checkManifest(house: House): Findings {
  const manifest: Manifest = JSON.parse(house.text('package.json'));
  const findings: Findings = [];
  const needed = Object.keys(manifest.dependencies ?? {}).filter((name) => name !== 'debug');
  if (needed.length > 0) findings.push(`package.json: needs ${needed.join(', ')} at run time`);
  for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
    if (subpath === './package.json') continue;
    const folder = subpath.replace(/^\.\/?/, '');
    const door = `${folder === '' ? '' : `${folder}/`}index`;
    const wanted = {
      types: `./dist/lib/${door}.d.ts`,
      'barewire-modules': `./dist/lib/${door}.js`,
      default: `./dist/bundle/${folder === '' ? 'index' : folder}.js`,
    };
    if (JSON.stringify(target) !== JSON.stringify(wanted)) {
      findings.push(`package.json: ${subpath} does not lead to lib/${door}.ts`);
    }
    if (!house.has(`lib/${door}.ts`) && !house.unfinished.has(folder)) {
      findings.push(`package.json: ${subpath} has no lib/${door}.ts`);
    }
  }
  for (const chapter of house.chapters()) {
    if (!house.has(`lib/${chapter}/index.ts`)) findings.push(`lib/${chapter}: has no index.ts`);
    if (manifest.exports?.[`./${chapter}`] === undefined) {
      findings.push(`package.json: lib/${chapter} is no subpath`);
    }
  }
  return findings;
}

/**
 * Reads the names that each subpath exports, types marked by `type `, sorted.
 *
 * @returns by subpath: `.` for the roof, `./codec` and so on for the chapters.
 */
export function publicNames(house: House): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const door of house.files(/^lib\/([^/]+\/)?index\.ts$/)) {
    const subpath = door.replace(/^lib/, '.').replace(/\/index\.ts$/, '');
    names[subpath] = house.tree(door).statements.flatMap(exportedNames).sort();
  }
  return names;
}

function exportedNames(statement: ts.Statement): string[] {
  if (!ts.isExportDeclaration(statement)) return [];
  const { exportClause, isTypeOnly } = statement;
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
  return [...exportClause.elements].map((element) =>
    isTypeOnly || element.isTypeOnly ? `type ${element.name.text}` : element.name.text,
  );
}

function checkNames(house: House): Findings {
  const findings: Findings = [];
  const pinned: Record<string, string[]> = house.has(PINS) ? JSON.parse(house.text(PINS)) : {};
  const actual = publicNames(house);
  for (const subpath of new Set([...Object.keys(pinned), ...Object.keys(actual)])) {
    if (house.unfinished.has(subpath.replace(/^\.\//, ''))) continue;
    const [was, is] = [pinned[subpath] ?? [], actual[subpath] ?? []];
    const more = is.filter((name) => !was.includes(name));
    const less = was.filter((name) => !is.includes(name));
    if (more.length + less.length === 0) continue;
    findings.push(
      `${subpath}: exports [${more.join(', ')}] more and [${less.join(', ')}] less than pinned; ` +
        'if that is meant: npm run house:pin',
    );
  }
  return findings;
}

function checkDoors(house: House): Findings {
  return house
    .files(/^lib\/([^/]+\/)?index\.ts$/)
    .filter((door) =>
      house.tree(door).statements.some((statement) => exportedNames(statement).length === 0),
    )
    .map((door) => `${door}: a door only re-exports, name by name`);
}

/** Places, pages, doors and names. */
export const FILE_RULES: readonly Rule[] = [
  { title: 'nothing lies at the top level that does not belong there', check: checkTopLevel },
  { title: 'each file of lib has its spec', check: checkMirror },
  { title: 'each chapter has its page', check: checkPages },
  {
    title: 'each chapter is a subpath of the package, and debug its only need',
    check: checkManifest,
  },
  { title: 'the public names are the pinned ones', check: checkNames },
  { title: 'an index only re-exports', check: checkDoors },
];
