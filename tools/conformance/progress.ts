/**
 * The progress of a run: one line that rewrites itself on a terminal, a line now and then
 * elsewhere.
 */

import { formatTally, tally } from './report/summary.ts';
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
  /** By case: one that is run anew counts once. */
  readonly #results = new Map<string, CaseResult>();
  #isLineOpen = false;

  constructor(stream: ProgressStream, label: string, total: number) {
    this.#stream = stream;
    this.#label = label;
    this.#total = total;
  }

  /** Adds a result. */
  add(result: CaseResult): void {
    const before = this.#results.size;
    this.#results.set(result.entry.case.id, result);
    const { size } = this.#results;
    if (this.#stream.isTTY === true) this.#redraw(result.entry.case.id);
    else if (size > before && (size === this.#total || size % LINE_EVERY === 0)) {
      this.#stream.write(`${this.#text()}\n`);
    }
  }

  /** Ends the line, if one is begun. */
  stop(): void {
    if (this.#isLineOpen) this.#stream.write('\n');
    this.#isLineOpen = false;
  }

  #text(): string {
    const results = [...this.#results.values()];
    const notFine = results.filter((result) => !isFine(result)).length;
    const closing = notFine > 0 ? ` · ${notFine} not fine` : '';
    const counts = formatTally(tally(results.map(({ behavior }) => behavior)));
    return `${this.#label} ${results.length}/${this.#total} · ${counts}${closing}`;
  }

  #redraw(id: string): void {
    const filled = Math.round((this.#results.size / Math.max(1, this.#total)) * BAR_WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    const line = `${bar} ${this.#text()} · ${id}`;
    this.#isLineOpen = true;
    this.#stream.write(`\r\u001b[2K${line.slice(0, (this.#stream.columns ?? 100) - 1)}`);
  }
}
