/**
 * Puts a counter into each branch of a compiled module, and collects its literals.
 *
 * ```
 *   if (a) b();          if (a) { $[1]++; b(); } else { $[2]++; }
 *   x ? y : z            x ? ($[3]++, y) : ($[4]++, z)
 *   p && q               p && ($[5]++, q)
 * ```
 * A counter is one increment in a typed array: cheap enough to run a parser tens of thousands of
 * times a second, and enough to tell a fuzzer that an input went where none went before. The
 * literals (magic numbers, field names, keywords) become its dictionary.
 */
import { type AnyNode, type Literal, parse } from 'acorn';
import MagicString from 'magic-string';

/** An instrumented module. */
export interface Instrumented {
  readonly code: string;
  /** How many counters the module has. */
  readonly counters: number;
  /** String and number literals of the source, without repetition. */
  readonly literals: readonly (string | number)[];
}

/**
 * Where instrumented modules ask for their counters: `globalThis[REGISTRY](name, count, literals)`.
 */
export const REGISTRY = 'barewire:fuzz:counters';

/** Instruments the text of an ES module. `name` tells modules apart in reports. */
export function instrument(source: string, name: string): Instrumented {
  const work = new Instrumentation(source);
  work.walk(parse(source, { ecmaVersion: 'latest', sourceType: 'module' }));
  const literals = [...work.literals];
  const claim = [name, work.counters, literals].map((value) => JSON.stringify(value)).join(', ');
  return {
    code: `const $counters = globalThis[${JSON.stringify(REGISTRY)}](${claim});${work.text}`,
    counters: work.counters,
    literals,
  };
}

class Instrumentation {
  readonly literals = new Set<string | number>();
  counters = 0;
  readonly #text: MagicString;

  constructor(source: string) {
    this.#text = new MagicString(source);
  }

  get text(): string {
    return this.#text.toString();
  }

  /** Opening pieces are inserted on the way down and closing ones on the way up, so they nest. */
  walk(node: AnyNode): void {
    const close = this.#open(node);
    for (const child of childrenOf(node)) this.walk(child);
    for (const [position, text] of close) this.#text.appendLeft(position, text);
  }

  #open(node: AnyNode): [number, string][] {
    switch (node.type) {
      case 'Literal':
        this.#learn(node);
        return [];
      case 'FunctionDeclaration':
      case 'FunctionExpression':
        return this.#enter(node.body);
      case 'ArrowFunctionExpression':
        return node.body.type === 'BlockStatement' ? this.#enter(node.body) : this.#wrap(node.body);
      case 'CatchClause':
        return this.#enter(node.body);
      case 'IfStatement': {
        const close = this.#enter(node.consequent);
        if (node.alternate) close.push(...this.#enter(node.alternate));
        else close.push([node.end, ` else { ${this.#count()}; }`]);
        return close;
      }
      case 'ForStatement':
      case 'ForOfStatement':
      case 'ForInStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        return this.#enter(node.body);
      case 'SwitchCase': {
        const [first] = node.consequent;
        if (first !== undefined) this.#text.appendLeft(first.start, `${this.#count()}; `);
        return [];
      }
      case 'ConditionalExpression':
        return [...this.#wrap(node.consequent), ...this.#wrap(node.alternate)];
      case 'LogicalExpression':
        return this.#wrap(node.right);
      default:
        return [];
    }
  }

  #learn(node: Literal): void {
    if (node.regex) {
      // Words that a pattern contains literally.
      const plain = node.regex.pattern.replace(/\\.|\[[^\]]*\]|\{[\d,]*\}|\(\?<?[:=!]/g, '\n');
      for (const [word] of plain.matchAll(/[^\n^$.*+?()|]{2,}/g)) this.literals.add(word);
    } else if (typeof node.value === 'string' || typeof node.value === 'number') {
      this.literals.add(node.value);
    }
  }

  #count(): string {
    this.counters += 1;
    return `$counters[${this.counters - 1}]++`;
  }

  /** Counts a statement: inside its braces, or inside new ones. */
  #enter(node: AnyNode): [number, string][] {
    if (node.type === 'BlockStatement') {
      this.#text.appendLeft(node.start + 1, ` ${this.#count()};`);
      return [];
    }
    this.#text.appendLeft(node.start, `{ ${this.#count()}; `);
    return [[node.end, ' }']];
  }

  /** Counts an expression. */
  #wrap(node: AnyNode): [number, string][] {
    this.#text.appendLeft(node.start, `(${this.#count()}, `);
    return [[node.end, ')']];
  }
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flat()
    .filter((value): value is AnyNode => typeof value?.type === 'string');
}
