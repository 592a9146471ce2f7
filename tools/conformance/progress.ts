/**
 * The progress of a run: one line that rewrites itself on a terminal, a line now and then
 * elsewhere.
 */

import { formatTally } from './report/summary.ts';
import type { CaseResult } from './result.ts';
import { isFine } from './result.ts';

/** Where progress is shown: what of `process.stderr` is needed. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Results between two lines when the stream is no terminal. */
const LINE_EVERY = 100;

const BAR_WIDTH = 24;

/** Counts results as they come, and shows them. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #label: string;
  readonly #total: number;
  readonly #counts = new Map<string, number>();
  #done = 0;
  #notFine = 0;

  constructor(stream: ProgressStream, label: string, total: number) {
    this.#stream = stream;
    this.#label = label;
    this.#total = total;
  }

  /** Adds a result. */
  add(result: CaseResult): void {
    this.#done += 1;
    if (!isFine(result)) this.#notFine += 1;
    const { behavior } = result;
    this.#counts.set(behavior, (this.#counts.get(behavior) ?? 0) + 1);
    const isLast = this.#done === this.#total;
    if (this.#stream.isTTY === true) this.#redraw(result.entry.case.id);
    else if (isLast || this.#done % LINE_EVERY === 0) this.#stream.write(`${this.#text()}\n`);
  }

  /** Ends the line. */
  stop(): void {
    if (this.#stream.isTTY === true && this.#done > 0) this.#stream.write('\n');
  }

  #text(): string {
    const closing = this.#notFine > 0 ? ` · ${this.#notFine} not fine` : '';
    return `${this.#label} ${this.#done}/${this.#total} · ${formatTally(this.#counts)}${closing}`;
  }

  #redraw(id: string): void {
    const filled = Math.round((this.#done / Math.max(1, this.#total)) * BAR_WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    const line = `${bar} ${this.#text()} · ${id}`;
    this.#stream.write(`\r\u001b[2K${line.slice(0, (this.#stream.columns ?? 100) - 1)}`);
  }
}
