/** Which rows a command line means. */

/**
 * Chooses the rows whose ids begin with one of the names, such that `P1` does not mean `P10`.
 * Without names, all.
 */
export function chooseRows<Row extends { readonly id: string }>(
  rows: readonly Row[],
  names: readonly string[],
): Row[] {
  return rows.filter(
    ({ id }) => names.length === 0 || names.some((name) => isNamed(id.toLowerCase(), name)),
  );
}

function isNamed(id: string, name: string): boolean {
  const wanted = name.toLowerCase();
  return id.startsWith(wanted) && !/^\d/.test(id.slice(wanted.length));
}
