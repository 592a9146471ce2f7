/**
 * The fields of a request that another parser has read, line by line as they came.
 *
 * Node's own `headers` object has already joined and dropped lines; rules such as "exactly one
 * Host" need all of them.
 */
import { equalsIgnoringCase } from '../base/index.ts';
import type { FieldLookup } from '../handshake/index.ts';

/** Looks fields up in a flat list of names and values, such as Node's `rawHeaders`. */
export class LineFields implements FieldLookup {
  readonly #lines: readonly string[];

  /** @param lines names at even places, the value of each behind it. */
  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  get(name: string): string | undefined {
    const lines = this.#lines;
    let joined: string | undefined;
    for (let index = 0; index + 1 < lines.length; index += 2) {
      if (!equalsIgnoringCase(lines[index]!, name)) continue;
      const value = lines[index + 1]!;
      joined = joined === undefined ? value : `${joined}, ${value}`;
    }
    return joined;
  }

  getAll(name: string): readonly string[] {
    const lines = this.#lines;
    const values: string[] = [];
    for (let index = 0; index + 1 < lines.length; index += 2) {
      if (equalsIgnoringCase(lines[index]!, name)) values.push(lines[index + 1]!);
    }
    return values;
  }
}
