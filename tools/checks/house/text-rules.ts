/**
 * How it is written: lengths, headings, docstrings, citations, and words that stay out.
 *
 * A file that must be longer than the house allows says why in its head, after the fixed phrase.
 */
import ts from 'typescript';
import { type Findings, type House, lineOf, type Rule } from './house.ts';

const MAX_FILE_LINES = 250;
const MAX_FUNCTION_LINES = 50;
const MAX_COLUMNS = 100;
const MAX_NESTING = 3;

/** What the head of a file says when it is longer, wider or deeper than the house allows. */
export const EXCUSE = 'Longer than the house allows:';

const CODE = /^(lib|tools|fuzz|bench)\/(?!.*\.d\.ts$).*\.ts$/;

const isExcused = (house: House, path: string): boolean => house.head(path).includes(EXCUSE);

function checkLines(house: House): Findings {
  const findings: Findings = [];
  for (const path of house.files(CODE)) {
    if (isExcused(house, path) || isUnfinished(house, path)) continue;
    const lines = house.text(path).trimEnd().split('\n');
    if (lines.length > MAX_FILE_LINES) {
      findings.push(`${path}: has ${lines.length} lines, more than ${MAX_FILE_LINES}`);
    }
    for (const [index, line] of lines.entries()) {
      const columns = [...line].length;
      const isUrl = /https?:\/\/\S+$/.test(line);
      if (columns > MAX_COLUMNS && !isUrl) {
        findings.push(`${path}:${index + 1}: is ${columns} columns wide`);
      }
    }
  }
  return findings;
}

function isUnfinished(house: House, path: string): boolean {
  const chapter = /^lib\/([^/]+)\//.exec(path)?.[1];
  return chapter !== undefined && house.unfinished.has(chapter);
}

function checkFunctions(house: House): Findings {
  return house
    .files(CODE)
    .filter((path) => !isExcused(house, path))
    .flatMap((path) => deepOrLong(house.tree(path)).map((finding) => `${path}:${finding}`));
}

function deepOrLong(tree: ts.SourceFile): Findings {
  const findings: Findings = [];
  const visit = (node: ts.Node, depth: number): void => {
    const inner = ts.isFunctionLike(node) ? 0 : depth + (isControl(node) ? 1 : 0);
    const line = lineOf(tree, node.getStart(tree));
    const length = lineOf(tree, node.end) - line + 1;
    if (inner > MAX_NESTING && isControl(node)) findings.push(`${line}: nests ${inner} deep`);
    if (ts.isFunctionLike(node) && length > MAX_FUNCTION_LINES) {
      findings.push(`${line}: a function of ${length} lines`);
    }
    ts.forEachChild(node, (child) => {
      // "else if" goes on at the same depth.
      const isElseIf = ts.isIfStatement(node) && child === node.elseStatement;
      visit(child, isElseIf && ts.isIfStatement(child) ? inner - 1 : inner);
    });
  };
  visit(tree, 0);
  return findings;
}

function isControl(node: ts.Node): boolean {
  return (
    ts.isIfStatement(node) ||
    ts.isSwitchStatement(node) ||
    ts.isTryStatement(node) ||
    ts.isIterationStatement(node, false)
  );
}

function checkHeads(house: House): Findings {
  return house
    .files(CODE)
    .filter((path) => house.head(path) === '')
    .map((path) => `${path}: begins without a heading`);
}

function checkDocstrings(house: House): Findings {
  return house.files(/^lib\/.*(?<!index)\.ts$/).flatMap((path) => {
    const door = house.resolve(path, './index.ts');
    const known = house.has(door) ? house.text(door) : '';
    return undocumented(house.tree(path), known).map((finding) => `${path}:${finding}`);
  });
}

/**
 * @param door text of the chapter's index: classes named there owe docstrings for their methods.
 */
function undocumented(tree: ts.SourceFile, door: string): Findings {
  const findings: Findings = [];
  let isDocumented = false;
  for (const statement of tree.statements) {
    const isExport = isExported(statement);
    // What follows a documented export without an empty line shares its docstring.
    const isShared: boolean = isDocumented && isExport && isAdjacent(tree, statement);
    isDocumented = isShared || hasDocstring(tree, statement);
    if (!isExport) continue;
    const isPublic = new RegExp(`\\b${nameOf(statement)}\\b`).test(door);
    const methods = isPublic ? ownMethods(statement) : [];
    const bare: ts.Node[] = methods.filter((member) => !hasDocstring(tree, member));
    if (!isDocumented) bare.push(statement);
    for (const node of bare) {
      findings.push(`${lineOf(tree, node.getStart(tree))}: ${nameOf(node)} has no docstring`);
    }
  }
  return findings;
}

/** The first comment of a file is its heading and documents nothing else. */
function hasDocstring(tree: ts.SourceFile, node: ts.Node): boolean {
  const comments = ts.getLeadingCommentRanges(tree.text, node.getFullStart()) ?? [];
  return comments.some(({ pos }) => pos > 0 && tree.text.startsWith('/**', pos));
}

function isAdjacent(tree: ts.SourceFile, node: ts.Node): boolean {
  return !tree.text.slice(node.getFullStart(), node.getStart(tree)).includes('\n\n');
}

function isExported(node: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/** Public methods that no interface or parent documents, each overloaded one once. */
function ownMethods(statement: ts.Statement): ts.ClassElement[] {
  if (!ts.isClassDeclaration(statement) || statement.heritageClauses !== undefined) return [];
  const names = new Set<string>();
  return statement.members.filter((member) => {
    const isCall =
      ts.isMethodDeclaration(member) || ts.isGetAccessor(member) || ts.isSetAccessor(member);
    if (!isCall || !ts.isIdentifier(member.name)) return false;
    if (member.modifiers?.some(({ kind }) => INHERITED_OR_HIDDEN.has(kind))) return false;
    const isNew = !names.has(member.name.text);
    names.add(member.name.text);
    return isNew;
  });
}

const INHERITED_OR_HIDDEN = new Set([
  ts.SyntaxKind.PrivateKeyword,
  ts.SyntaxKind.ProtectedKeyword,
  ts.SyntaxKind.OverrideKeyword,
]);

function nameOf(node: ts.Node): string {
  const { name } = node as { name?: ts.Node };
  if (name !== undefined && ts.isIdentifier(name)) return name.text;
  if (!ts.isVariableStatement(node)) return 'it';
  const [first] = node.declarationList.declarations;
  return first !== undefined && ts.isIdentifier(first.name) ? first.name.text : 'it';
}

/** `[RFC 6455 §5.2]`, `[RFC 6455 §4.1 (3), §11.3.4]`, `[RFC 6455 §5 – §7, RFC 7692 §7]`. */
const SECTION = '§[0-9A-Z]+(?:\\.[0-9]+)*(?: \\([0-9.]+\\))?';
const DOCUMENT = '(?:RFC \\d{4}|HTML)';
const CITATION = new RegExp(
  `^\\[${DOCUMENT} ${SECTION}(?:(?:, (?:${DOCUMENT} )?| – )${SECTION})*\\]$`,
);

function checkCitations(house: House): Findings {
  const findings: Findings = [];
  for (const path of house.files(/^(lib|spec|fuzz|bench|tools)\/.*\.(ts|md)$/)) {
    if (isVector(path)) continue;
    // A citation may be broken over two lines of a comment.
    const text = house.text(path).replace(/\n\s*(\*|\/\/) ?/g, ' ');
    for (const [found] of text.matchAll(/\[(?:RFC|HTML|WHATWG)[^\]]*\]/g)) {
      if (!CITATION.test(found)) findings.push(`${path}: ${found} is no citation`);
    }
  }
  return findings;
}

const isVector = (path: string): boolean => /^(spec\/vectors|fuzz\/corpus)\//.test(path);

/** Written in pieces, so that this file does not find itself. */
const word = (...pieces: string[]): string => pieces.join('');
const DEBT = word('(?:TO', 'DO|FIX', 'ME|X', 'XX|HA', 'CK)');
const WORDS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [new RegExp(`(?://|/\\*|\\*|#|<!--)\\s*${DEBT}\\b|\\b${DEBT}:`), 'leaves work behind'],
  [new RegExp(word('(?<![\\w.])/(wo', 'rk|ho', 'me|ro', 'ot|t', 'mp)/')), 'names a machine path'],
  [new RegExp(word('(?<![\\w/])\\.?\\.?/?sha', 'red/')), 'names a machine path'],
  [new RegExp(word('\\b(c8|v8|istan', 'bul) ign', 'ore\\b')), 'hides code from coverage'],
];

function checkWords(house: House): Findings {
  return house
    .textFiles()
    .filter((path) => !isVector(path) || path.endsWith('.ts'))
    .flatMap((path) =>
      house
        .text(path)
        .split('\n')
        .flatMap((line, index) =>
          WORDS.filter(([pattern]) => pattern.test(line)).map(
            ([, reason]) => `${path}:${index + 1}: ${reason}`,
          ),
        ),
    );
}

const ASSERTION = new RegExp(
  '\\bt\\.(equal|not|same|notSame|strict\\w+|match|notMatch|ok|notOk|pass|fail|type|emits|' +
    'error|throws|doesNotThrow|rejects|resolves\\w*|has|hasStrict)\\(',
);

function checkSpecs(house: House): Findings {
  const findings: Findings = [];
  for (const path of house.files(/^spec\/.*\.(spec|prop)\.ts$/)) {
    const text = house.text(path);
    if (!/\bt\.test\(/.test(text)) findings.push(`${path}: has no test`);
    if (!ASSERTION.test(text)) findings.push(`${path}: asserts nothing`);
    if (/\bskip: true|\bt\.skip\(/.test(text)) findings.push(`${path}: skips without a reason`);
    if (/\bt\.only\(|\bonly: true|\bt\.todo\(|\btodo: /.test(text)) {
      findings.push(`${path}: leaves tests out`);
    }
  }
  return findings;
}

/** Lengths, headings, docstrings, citations, words. */
export const TEXT_RULES: readonly Rule[] = [
  {
    title: `files stay within ${MAX_FILE_LINES} lines of ${MAX_COLUMNS} columns`,
    check: checkLines,
  },
  {
    title: `functions stay within ${MAX_FUNCTION_LINES} lines, and shallow`,
    check: checkFunctions,
  },
  { title: 'each file begins with a heading', check: checkHeads },
  { title: 'each export of lib has its docstring', check: checkDocstrings },
  { title: 'citations are well-formed', check: checkCitations },
  { title: 'no debt, no machine paths, nothing hidden from coverage', check: checkWords },
  {
    title: 'each spec file tests and asserts something, and leaves nothing out',
    check: checkSpecs,
  },
];
