/**
 * Small changes of a source, one at a time, each of which should make a spec fail.
 *
 * | place                | change                                               |
 * |----------------------|------------------------------------------------------|
 * | comparison           | `<` and `<=`, `>` and `>=`, `===` and `!==` swapped   |
 * | arithmetic, bits     | `+` `-`, `*` `/`, `&` `|`, `<<` `>>>` swapped         |
 * | logic                | `&&` and `||` swapped; `a ?? b` without `b`; no `!`   |
 * | `if`, `?:`, `while`  | the condition always true, always false              |
 * | number, boolean      | one more; the other one                              |
 * | string               | empty, or not                                        |
 * | statement            | a call, an assignment, a `throw` or `return` left out |
 *
 * Left alone are types, imports, declarations of public names, and the texts of messages, which are
 * for people and no promise.
 */
import ts from 'typescript';

/** One change: `text[start … end)` of the source becomes `replacement`. */
export interface Mutant {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** Counted from 1. */
  readonly line: number;
  readonly original: string;
}

const K = ts.SyntaxKind;

const SWAPPED: ReadonlyMap<ts.SyntaxKind, readonly string[]> = new Map([
  [K.LessThanToken, ['<=', '>=']],
  [K.LessThanEqualsToken, ['<', '>']],
  [K.GreaterThanToken, ['>=', '<=']],
  [K.GreaterThanEqualsToken, ['>', '<']],
  [K.EqualsEqualsEqualsToken, ['!==']],
  [K.ExclamationEqualsEqualsToken, ['===']],
  [K.PlusToken, ['-']],
  [K.MinusToken, ['+']],
  [K.AsteriskToken, ['/']],
  [K.SlashToken, ['*']],
  [K.PercentToken, ['*']],
  [K.AmpersandToken, ['|']],
  [K.BarToken, ['&']],
  [K.CaretToken, ['&']],
  [K.LessThanLessThanToken, ['>>>']],
  [K.GreaterThanGreaterThanToken, ['<<']],
  [K.GreaterThanGreaterThanGreaterThanToken, ['<<']],
  [K.AmpersandAmpersandToken, ['||']],
  [K.BarBarToken, ['&&']],
  [K.PlusEqualsToken, ['-=']],
  [K.MinusEqualsToken, ['+=']],
]);

/** Lists every change of a source. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const mutants: Mutant[] = [];
  const add = (node: ts.Node, replacement: string): void => {
    const start = node.getStart(tree);
    const original = text.slice(start, node.end);
    if (original === replacement) return;
    const line = tree.getLineAndCharacterOfPosition(start).line + 1;
    mutants.push({ file, start, end: node.end, replacement, line, original });
  };
  const visit = (node: ts.Node): void => {
    if (isLeftAlone(node)) return;
    for (const [place, replacement] of changesOf(node, tree)) add(place, replacement);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return mutants;
}

/** The source with one change made. */
export function applyMutant(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

function isLeftAlone(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    isMessage(node) ||
    isDebugging(node)
  );
}

/** The arguments of an error behind its code, which are for people. */
function isMessage(node: ts.Node): boolean {
  const { parent } = node;
  if (parent === undefined || !ts.isNewExpression(parent)) return false;
  const isError = ts.isIdentifier(parent.expression) && /Error$/.test(parent.expression.text);
  return isError && (parent.arguments?.indexOf(node as ts.Expression) ?? -1) > 0;
}

function isDebugging(node: ts.Node): boolean {
  return ts.isCallExpression(node) && /^(log|debug|trace)$/.test(node.expression.getText());
}

type Change = readonly [place: ts.Node, replacement: string];

function changesOf(node: ts.Node, tree: ts.SourceFile): Change[] {
  if (ts.isBinaryExpression(node)) return binaryChanges(node, tree);
  if (ts.isPrefixUnaryExpression(node) && node.operator === K.ExclamationToken) {
    return [[node, node.operand.getText(tree)]];
  }
  if (ts.isIfStatement(node)) return conditionChanges(node.expression);
  if (ts.isWhileStatement(node)) return [[node.expression, 'false']];
  if (ts.isConditionalExpression(node)) return conditionChanges(node.condition);
  if (ts.isNumericLiteral(node)) return [[node, String(Number(node.text) + 1)]];
  if (node.kind === K.TrueKeyword) return [[node, 'false']];
  if (node.kind === K.FalseKeyword) return [[node, 'true']];
  if (ts.isStringLiteral(node)) return stringChanges(node);
  return statementChanges(node, tree);
}

const conditionChanges = (condition: ts.Expression): Change[] => [
  [condition, 'true'],
  [condition, 'false'],
];

function binaryChanges(node: ts.BinaryExpression, tree: ts.SourceFile): Change[] {
  const { operatorToken: operator, left, right } = node;
  if (operator.kind === K.QuestionQuestionToken) return [[node, `(${left.getText(tree)})`]];
  // Joining texts is no arithmetic.
  const isText = ts.isStringLiteralLike(left) || ts.isStringLiteralLike(right);
  if (isText && operator.kind === K.PlusToken) return [];
  return (SWAPPED.get(operator.kind) ?? []).map((text): Change => [operator, text]);
}

function stringChanges(node: ts.StringLiteral): Change[] {
  const { parent } = node;
  const isName = ts.isPropertyAssignment(parent) && parent.name === node;
  const isCase = ts.isCaseClause(parent);
  if (isName || isCase) return [];
  return [[node, node.text === '' ? `'mutant'` : `''`]];
}

/** Statements that can be left out without leaving a hole in the grammar. */
function statementChanges(node: ts.Node, tree: ts.SourceFile): Change[] {
  if (ts.isThrowStatement(node)) return [[node, ';']];
  if (ts.isReturnStatement(node) && node.expression === undefined) return [[node, ';']];
  if (!ts.isExpressionStatement(node)) return [];
  const isSuper = node.getText(tree).startsWith('super(');
  return isSuper ? [] : [[node, ';']];
}

/**
 * The name by which V8 knows the innermost named function around a mutant; `undefined` outside of
 * functions. An arrow function without a name belongs to the function that makes it.
 */
export function functionAround(text: string, { file, start }: Mutant): string | undefined {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  let name: string | undefined;
  const visit = (node: ts.Node): void => {
    if (start < node.getFullStart() || start >= node.end) return;
    name = nameOfFunction(node) ?? name;
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return name;
}

function nameOfFunction(node: ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return node.parent.name?.text;
  if (ts.isGetAccessor(node)) return `get ${node.name.getText()}`;
  if (ts.isSetAccessor(node)) return `set ${node.name.getText()}`;
  if (ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node)) return node.name?.getText();
  const isValue = ts.isArrowFunction(node) || ts.isFunctionExpression(node);
  const { parent } = node;
  if (isValue && ts.isVariableDeclaration(parent)) return parent.name.getText();
  return undefined;
}
