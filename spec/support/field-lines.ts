/** The lines of a section, looked at in each way that there is. */
import type { Fields } from 'barewire/http';

/** Each is looked up among all lines, so that more of them would take long. */
const MOST_NAMES = 30;

/** Names and values, in order. */
export type FieldLines = readonly (readonly [name: string, value: string])[];

/** Returns the lines of fields; throws when looking at them in different ways shows other ones. */
export function linesOf(fields: Fields | undefined): FieldLines {
  if (fields === undefined) return [];
  const lines = [...fields];
  const visited: (readonly [string, string])[] = [];
  fields.forEach((name, value) => {
    visited.push([name, value]);
  });
  expectSame('forEach', visited, lines);
  expectSame('length', fields.length, lines.length);
  const byName = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    const values = byName.get(key);
    if (values === undefined) byName.set(key, [value]);
    else values.push(value);
  }
  for (const [name, values] of [...byName].slice(0, MOST_NAMES)) {
    expectSame('getAll', fields.getAll(name), values);
    expectSame('get', fields.get(name), values.join(', '));
  }
  return lines;
}

function expectSame(what: string, found: unknown, wanted: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`${what} says ${one}, the iterator ${other}`);
}
