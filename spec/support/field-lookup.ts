/** A literal field lookup, for specs that do not care which parser made the request. */

export interface FieldLookup {
  get(name: string): string | undefined;
  getAll(name: string): readonly string[];
}

/** Looks up by case-blind name in a list of lines. */
export function fieldsOf(lines: readonly (readonly [name: string, value: string])[]): FieldLookup {
  const getAll = (name: string): string[] =>
    lines.filter((line) => line[0].toLowerCase() === name.toLowerCase()).map((line) => line[1]);
  return {
    getAll,
    get: (name) => (getAll(name).length === 0 ? undefined : getAll(name).join(', ')),
  };
}
