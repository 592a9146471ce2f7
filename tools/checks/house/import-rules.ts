/**
 * Floors: imports only go down, through one door a folder, and only the top floor knows the world.
 *
 * ```
 *   lib/index.ts                                     the roof: everything below
 *   3 world   server · client · adapters             sockets, timers, TLS; all stand on
 *             peer                                   an open WebSocket over any transport
 *   2 life    handshake (http, deflate) · connection (codec, deflate)
 *   1 words   http · codec · deflate · sse           never each other
 *   0 ground  base
 * ```
 */
import ts from 'typescript';
import { type Findings, type House, lineOf, type Rule } from './house.ts';

const WORDS = ['http', 'codec', 'deflate', 'sse'];
const BELOW_WORLD = ['base', ...WORDS, 'handshake', 'connection'];

/** What each chapter may import from. A folder of `lib` that is not listed has no floor. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  http: ['base'],
  codec: ['base'],
  deflate: ['base'],
  sse: ['base'],
  handshake: ['base', 'http', 'deflate'],
  connection: ['base', 'codec', 'deflate'],
  peer: BELOW_WORLD,
  server: [...BELOW_WORLD, 'peer'],
  client: [...BELOW_WORLD, 'peer'],
  adapters: [...BELOW_WORLD, 'peer'],
};
const WORLD = ['peer', 'server', 'client', 'adapters'];

/** What a core may use of Node: nothing that does I/O, keeps time, or draws lots. */
const CORE_BUILTINS: Readonly<Record<string, readonly string[]>> = {
  deflate: ['node:zlib'],
  handshake: ['node:crypto'],
};
const ANY_CORE_BUILTIN = ['node:buffer', 'node:util'];

/** The only files that may know Node's own HTTP: they put our chapters into other servers. */
const HTTP_ADAPTERS = /^lib\/(adapters\/[\w-]+|client\/http2)\.ts$/;
const HTTP_BUILTINS = ['node:http', 'node:https', 'node:http2', 'node:_http_common'];

function chapterOf(path: string): string {
  return /^lib\/([^/]+)\//.exec(path)?.[1] ?? '';
}

function checkFloors(house: House): Findings {
  const findings: Findings = [];
  for (const path of house.files(/^lib\/.*\.ts$/)) {
    const chapter = chapterOf(path);
    const allowed = chapter === '' ? house.chapters() : MAY_IMPORT[chapter];
    if (allowed === undefined) {
      findings.push(`${path}: lib/${chapter} stands on no floor`);
      continue;
    }
    for (const { specifier } of house.imports(path)) {
      if (!specifier.startsWith('.')) continue;
      const target = house.resolve(path, specifier);
      const to = chapterOf(target);
      if (!house.has(target)) findings.push(`${path}: ${specifier} leads nowhere`);
      else if (!target.startsWith('lib/')) findings.push(`${path}: leaves lib for ${target}`);
      else if (to === chapter) continue;
      else if (!allowed.includes(to)) findings.push(`${path}: may not import ${to || 'the roof'}`);
      else if (target !== `lib/${to}/index.ts`)
        findings.push(`${path}: ${to} has one door, index.ts`);
    }
  }
  return findings;
}

function checkPackages(house: House): Findings {
  const findings: Findings = [];
  for (const path of house.files(/^lib\/.*\.ts$/)) {
    const chapter = chapterOf(path);
    for (const { specifier, isDynamic, names } of house.imports(path)) {
      const isWorld = WORLD.includes(chapter);
      const builtins = [...ANY_CORE_BUILTIN, ...(CORE_BUILTINS[chapter] ?? [])];
      if (isDynamic) findings.push(`${path}: loads ${specifier} late`);
      if (specifier.startsWith('.') || specifier === 'debug') continue;
      if (!specifier.startsWith('node:'))
        findings.push(`${path}: imports the package ${specifier}`);
      else if (!isWorld && !builtins.includes(specifier)) {
        findings.push(`${path}: a core does not know ${specifier}`);
      } else if (HTTP_BUILTINS.includes(specifier) && !HTTP_ADAPTERS.test(path)) {
        findings.push(`${path}: only an adapter knows ${specifier}`);
      }
      const random = names.filter((name) => /^random|^webcrypto|^getRandom/.test(name));
      if (!isWorld && random.length > 0) findings.push(`${path}: a core draws no lots (${random})`);
    }
  }
  return findings;
}

/** Clocks, lots and streams that need no import. */
const WORLDLY = /^(Date\.now|Math\.random|performance\.now|process\.\w+|console\.\w+)$/;
/** The one switch that is read from the environment, and the file that reads it. */
const SWITCH = { path: 'lib/base/fast-paths.ts', use: 'process.env' };
const TIMERS = /^(setTimeout|setInterval|setImmediate|queueMicrotask|fetch)$/;

function checkCores(house: House): Findings {
  const findings: Findings = [];
  for (const path of house.files(/^lib\/.*\.ts$/)) {
    if (WORLD.includes(chapterOf(path))) continue;
    const tree = house.tree(path);
    const visit = (node: ts.Node): void => {
      const used = worldlyUse(node);
      const isSwitch = path === SWITCH.path && used === SWITCH.use;
      if (used !== undefined && !isSwitch) {
        findings.push(`${path}:${lineOf(tree, node.end)}: a core does not use ${used}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
  }
  return findings;
}

function worldlyUse(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const name = `${node.expression.text}.${node.name.text}`;
    return WORLDLY.test(name) ? name : undefined;
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    return TIMERS.test(node.expression.text) ? node.expression.text : undefined;
  }
  const isNow = ts.isNewExpression(node) && (node.arguments?.length ?? 0) === 0;
  if (!isNow || !ts.isIdentifier(node.expression)) return undefined;
  return node.expression.text === 'Date' ? 'new Date()' : undefined;
}

function checkCycles(house: House): Findings {
  const state = new Map<string, 'open' | 'done'>();
  const findings: Findings = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      findings.push(`${[...trail.slice(trail.indexOf(path)), path].join(' → ')}: goes round`);
      return;
    }
    state.set(path, 'open');
    for (const { specifier, isTypeOnly } of house.imports(path)) {
      const isOurs = specifier.startsWith('.') && !isTypeOnly;
      const target = isOurs ? house.resolve(path, specifier) : '';
      if (target.endsWith('.ts') && house.has(target)) visit(target, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const path of house.files(/^(lib|spec|fuzz|bench|tools)\/.*\.ts$/)) visit(path, []);
  return findings;
}

function checkExportForms(house: House): Findings {
  const findings: Findings = [];
  for (const path of house.files(/^(lib|spec|fuzz|bench|tools)\/.*\.ts$/)) {
    for (const statement of house.tree(path).statements) {
      const isStar = ts.isExportDeclaration(statement) && statement.exportClause === undefined;
      const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
      const isDefault = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
      if (isStar) findings.push(`${path}: exports everything with a star`);
      if (isDefault || ts.isExportAssignment(statement)) findings.push(`${path}: default export`);
    }
  }
  return findings;
}

/** V8 asks its runtime for them, and does not inline the call: a method does the same. */
function checkPrivateGetters(house: House): Findings {
  return house
    .files(/^lib\/.*\.ts$/)
    .filter((path) => /^\s*(?:static )?[gs]et #/m.test(house.text(path)))
    .map((path) => `${path}: has a private getter or setter`);
}

/** Files of the classes that have an object for each connection. */
const OF_EACH_CONNECTION = new Set(
  [
    ...['connection/connection', 'connection/connection-input', 'connection/connection-output'],
    ...['connection/keepalive', 'peer/peer-output', 'peer/peer-reading', 'peer/transport-intake'],
    ...[
      'peer/websocket-peer',
      'server/latent-socket',
      'server/pump-flags',
      'server/pump-transport',
    ],
    ...['server/socket-outlet', 'server/socket-pump', 'server/socket-writer'],
  ].map((name) => `lib/${name}.ts`),
);

/**
 * Each object has a field of eight bytes for each class of its line with methods whose names begin
 * with `#`: V8 looks there whether it may be called. With `private` the compiler looks.
 */
function checkHashedMethods(house: House): Findings {
  return house
    .files(/^lib\/.*\.ts$/)
    .filter((path) => OF_EACH_CONNECTION.has(path))
    .filter((path) => /^ +(?:async )?\*?#\w+(?:<.*>)?\(/m.test(house.text(path)))
    .map((path) => `${path}: has a method with #, though each connection has such an object`);
}

/** Specs may look inside a chapter; everybody else comes in by the package's name. */
function checkGuests(house: House): Findings {
  const findings: Findings = [];
  for (const path of house.files(/^(spec|fuzz|bench|tools)\/.*\.ts$/)) {
    for (const { specifier } of house.imports(path)) {
      const subpath = /^barewire(?:\/(.*))?$/.exec(specifier)?.[1];
      if (subpath !== undefined && !house.has(`lib/${subpath}/index.ts`)) {
        findings.push(`${path}: ${specifier} is no subpath`);
      }
      if (!specifier.startsWith('.')) continue;
      const target = house.resolve(path, specifier);
      const isInside = /^lib\/(?!.*index\.ts$)/.test(target) && path.startsWith('spec/');
      if (target.startsWith('lib/') && !isInside) {
        findings.push(`${path}: imports ${specifier} instead of barewire/…`);
      }
    }
  }
  return findings;
}

/** Floors, doors, cycles, packages. */
export const IMPORT_RULES: readonly Rule[] = [
  { title: 'imports only go down, and through the door of a folder', check: checkFloors },
  { title: 'lib needs nothing but debug, and only the top floor knows Node', check: checkPackages },
  { title: 'cores have no clock, no lots and no output of their own', check: checkCores },
  { title: 'no import goes round', check: checkCycles },
  { title: 'no default export and no star', check: checkExportForms },
  { title: 'no private getter', check: checkPrivateGetters },
  { title: 'no method with # where each connection has the object', check: checkHashedMethods },
  {
    title: 'specs, tools, benches and fuzz targets come in by the package name',
    check: checkGuests,
  },
];
