/**
 * Reads what tap prints (TAP 14), line by line, and keeps what people want to know: one line a spec
 * file, everything about a failure under its full name, and counts that can be believed.
 *
 * tap passes three things that assert nothing, and here each of them fails: a file without a test,
 * a subtest without an assertion (`1..0`), and a run that bails out. What fails as a whole (it
 * crashed, timed out, or was cut off) counts as one failure when nothing inside it failed.
 */

/** What a run came to, counted in assertions. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A subtest whose result has not come yet. The outermost ones are spec files. */
interface OpenTest {
  readonly name: string;
  readonly failedBefore: number;
  readonly resultsBefore: number;
  isEmpty: boolean;
}

interface Result {
  readonly depth: number;
  readonly isOk: boolean;
  readonly title: string;
  /** What follows the last ` # `: `time=…`, `SKIP reason`, `TODO`. */
  readonly directive: string;
}

const INDENT = 4;
const RESULT =
  /^((?: {4})*)(ok|not ok) \d+(?: - (.*?))??(?: # ((?:time=|SKIP|TODO).*?))?(?: \{)?$/i;
const NO_REASON = 'without a reason';

/** Turns lines of TAP into lines for people, and counts. */
export class TapReport {
  readonly #print: (line: string) => void;
  readonly #open: OpenTest[] = [];
  readonly #skips: string[] = [];
  readonly #files = new Set<string>();
  #passed = 0;
  #failed = 0;
  #hasBailedOut = false;
  /** Indentation of the detail block of a failure, while it is being shown. */
  #detailIndent = -1;

  /** @param print gets each line for people, without its line end. */
  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** What has been counted so far. */
  get counts(): Counts {
    return { passed: this.#passed, failed: this.#failed, skipped: this.#skips.length };
  }

  /** Full names of what was skipped, each with its reason. */
  get skips(): readonly string[] {
    return this.#skips;
  }

  /** Takes the next line of tap's output, without its line end. */
  line(text: string): void {
    if (this.#detailIndent >= 0 && this.#showDetail(text)) return;
    const opened = /^((?: {4})*)# Subtest: (.*)$/.exec(text);
    const result = RESULT.exec(text);
    const current = this.#open.at(-1);
    if (opened !== null) {
      this.#begin(opened[1]!.length / INDENT, opened[2]!);
    } else if (result !== null) {
      const [, indent, word, title = '', directive = ''] = result;
      this.#end({ depth: indent!.length / INDENT, isOk: word === 'ok', title, directive });
    } else if (current !== undefined && text === `${' '.repeat(this.#open.length * INDENT)}1..0`) {
      current.isEmpty = true;
    } else if (text.startsWith('Bail out!') && !this.#hasBailedOut) {
      this.#hasBailedOut = true;
      this.#fail([...this.#open.map(({ name }) => name), text]);
    }
  }

  /**
   * Takes the end of the run.
   *
   * @param status tap's exit status; `null` when a signal ended it.
   * @param files the spec files that were to run: one that left no result has failed.
   */
  end(status: number | null, files: readonly string[]): void {
    for (const file of this.silent(files)) this.#fail([file, 'left no result']);
    if (status !== 0 && this.#failed === 0) this.#fail([`tap ended with status ${status}`]);
    if (this.#passed === 0 && this.#failed === 0) this.#fail(['nothing was asserted']);
  }

  /**
   * The files without a result so far: when one file runs out of time, tap drops others with it.
   * None when the run was given up on purpose.
   */
  silent(files: readonly string[]): string[] {
    return this.#hasBailedOut ? [] : files.filter((file) => !this.#files.has(file));
  }

  #begin(depth: number, name: string): void {
    if (depth > this.#open.length) return;
    this.#open.length = depth;
    const [failedBefore, resultsBefore] = [this.#failed, this.#passed + this.#skips.length];
    this.#open.push({ name, failedBefore, resultsBefore, isEmpty: false });
  }

  #end(result: Result): void {
    if (result.depth > this.#open.length) return;
    const test = this.#open[result.depth];
    this.#open.length = result.depth;
    const path = [...this.#open.map(({ name }) => name), result.title];
    if (test === undefined) {
      this.#countAssertion(result, path);
      return;
    }
    this.#countTest(result, path, test);
    if (result.depth > 0) return;
    this.#files.add(test.name);
    if (this.#failed === test.failedBefore) this.#showFile(result);
  }

  #countAssertion({ isOk, directive, depth }: Result, path: string[]): void {
    if (/^(SKIP|TODO)/i.test(directive)) this.#skip(directive, path);
    else if (isOk) this.#passed += 1;
    else this.#fail(path, depth);
  }

  #countTest({ isOk, directive, depth }: Result, path: string[], test: OpenTest): void {
    if (this.#failed > test.failedBefore) return;
    const results = this.#passed + this.#skips.length - test.resultsBefore;
    const isEmpty = results === 0 && (test.isEmpty || /no tests found/.test(directive));
    if (!isOk) this.#fail(path, depth);
    else if (isEmpty) this.#fail([...path, 'asserts nothing']);
    else if (results === 0 && /^(SKIP|TODO)/i.test(directive)) this.#skip(directive, path);
  }

  #skip(directive: string, path: string[]): void {
    const reason = directive.replace(/^(SKIP|TODO)\s*/i, '') || NO_REASON;
    this.#skips.push(`${path.join(' › ')}: ${reason}`);
  }

  #fail(path: string[], depth = -1): void {
    this.#failed += 1;
    this.#print(`not ok ${path.join(' › ')}`);
    this.#detailIndent = depth < 0 ? -1 : depth * INDENT + 2;
  }

  /** Shows a line of the detail block of the last failure; tells whether it was one. */
  #showDetail(text: string): boolean {
    const isInside = text.startsWith(' '.repeat(this.#detailIndent)) || text.trim() === '';
    const line = text.slice(this.#detailIndent);
    if (!isInside || line === '...') {
      this.#detailIndent = -1;
      return isInside;
    }
    if (line !== '---') this.#print(`  ${line}`);
    return true;
  }

  #showFile({ title, directive }: Result): void {
    const time = /time=([\d.]+)/.exec(directive)?.[1];
    this.#print(`ok ${title}${time === undefined ? '' : ` (${Math.round(Number(time))} ms)`}`);
  }
}
