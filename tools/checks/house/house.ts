/**
 * The repository as the house rules see it: paths and texts, and what TypeScript reads in them.
 *
 * A house is loaded from a folder, or made of a few planted texts, so that the specs can show each
 * rule going red. Nothing here knows a rule.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

/** What a rule finds wrong: one sentence each, beginning with the path. */
export type Findings = string[];

/** One rule of the house. */
export interface Rule {
  /** A sentence in the present tense: the title of its test. */
  readonly title: string;
  /** Returns what is wrong, nothing when the house obeys. */
  readonly check: (house: House) => Findings;
}

/** One import or re-export, static or dynamic. */
export interface Import {
  readonly specifier: string;
  /** The imported names as the other module calls them; empty for a bare or dynamic import. */
  readonly names: readonly string[];
  readonly isDynamic: boolean;
  /** Erased by the compiler. */
  readonly isTypeOnly: boolean;
}

const FOLDERS = ['lib', 'spec', 'fuzz', 'bench', 'tools', '.ci'];
/** The breaches planted there are meant. */
const PLANTED = 'spec/house/rules.spec.ts';
const TEXT = /\.(ts|js|mjs|json|md|sh|html|css|yml|yaml|txt|http|svg)$|^\.ci\/|^[^./]+$/;

/** All files of a repository, by their path from its root with forward slashes. */
export class House {
  /** Chapters whose completeness is not asked for yet: README, mirror, pinned names, violations. */
  readonly unfinished: ReadonlySet<string>;
  readonly #read: (path: string) => string;
  readonly #texts = new Map<string, string>();
  readonly #parsed = new Map<string, ts.SourceFile>();
  readonly #paths: readonly string[];

  private constructor(
    paths: readonly string[],
    read: (path: string) => string,
    unfinished: readonly string[],
  ) {
    this.#paths = [...paths].sort();
    this.#read = read;
    this.unfinished = new Set(unfinished);
  }

  /** Makes a house of the repository in `root`: its five folders and what lies at the top. */
  static load(root: string, unfinished: readonly string[] = []): House {
    const top = readdirSync(root).filter((name) => !FOLDERS.includes(name));
    const inside = FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => posix.join(entry.parentPath.slice(root.length + 1), entry.name)),
    );
    return new House(
      [...top, ...inside].filter((path) => path !== PLANTED),
      (path) => readFileSync(join(root, path), 'utf8'),
      unfinished,
    );
  }

  /** Makes a house of the given texts, by path. */
  static of(texts: Readonly<Record<string, string>>, unfinished: readonly string[] = []): House {
    return new House(Object.keys(texts), (path) => texts[path] ?? '', unfinished);
  }

  /** Paths of all files that match, sorted. */
  files(pattern: RegExp = /^/): string[] {
    return this.#paths.filter((path) => pattern.test(path));
  }

  /** Paths of all files that hold text, without recorded data. */
  textFiles(): string[] {
    return this.files(TEXT).filter(
      (path) => !/^(node_modules|dist|reports|package-lock)/.test(path),
    );
  }

  /** Names of the folders of `lib` that hold TypeScript. */
  chapters(): string[] {
    const names = this.files(/^lib\/[^/]+\/.*\.ts$/).map((path) => path.split('/')[1]!);
    return [...new Set(names)];
  }

  /** Tells whether there is a file with exactly this path. */
  has(path: string): boolean {
    return this.#paths.includes(path);
  }

  /** The text of a file. */
  text(path: string): string {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = this.#read(path);
    this.#texts.set(path, text);
    return text;
  }

  /** The syntax tree of a TypeScript file. */
  tree(path: string): ts.SourceFile {
    let tree = this.#parsed.get(path);
    if (tree === undefined) {
      tree = ts.createSourceFile(path, this.text(path), ts.ScriptTarget.ES2023, false);
      this.#parsed.set(path, tree);
    }
    return tree;
  }

  /** The first comment of a file: its chapter heading. Empty when it begins with code. */
  head(path: string): string {
    const text = this.text(path).replace(/^#!.*\n/, '');
    return /^\s*\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? '';
  }

  /** All imports and re-exports of a file. */
  imports(path: string): Import[] {
    const found: Import[] = [];
    const visit = (node: ts.Node): void => {
      const specifier = specifierOf(node);
      if (specifier !== undefined) {
        const isTypeOnly = isErased(node);
        const isDynamic = ts.isCallExpression(node);
        found.push({ specifier, names: namesOf(node), isDynamic, isTypeOnly });
      }
      ts.forEachChild(node, visit);
    };
    visit(this.tree(path));
    return found;
  }

  /** Where a relative import of a file leads, as a path from the root. */
  resolve(from: string, specifier: string): string {
    return posix.join(posix.dirname(from), specifier);
  }
}

function specifierOf(node: ts.Node): string | undefined {
  const isStatic = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
  if (isStatic && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    return node.moduleSpecifier.text;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return ts.isStringLiteral(node.argument.literal) ? node.argument.literal.text : undefined;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument !== undefined && ts.isStringLiteral(argument) ? argument.text : '(computed)';
  }
  return undefined;
}

function isErased(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return node.importClause?.isTypeOnly === true;
  return ts.isImportTypeNode(node) || (ts.isExportDeclaration(node) && node.isTypeOnly);
}

function namesOf(node: ts.Node): string[] {
  const named =
    ts.isImportDeclaration(node) && node.importClause?.namedBindings !== undefined
      ? node.importClause.namedBindings
      : ts.isExportDeclaration(node)
        ? node.exportClause
        : undefined;
  if (named === undefined || !(ts.isNamedImports(named) || ts.isNamedExports(named))) return [];
  return [...named.elements].map((element) => (element.propertyName ?? element.name).text);
}

/** The line a node begins on, counted from 1. */
export function lineOf(tree: ts.SourceFile, position: number): number {
  return tree.getLineAndCharacterOfPosition(position).line + 1;
}
