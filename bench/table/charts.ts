/** Which charts a job has: one, or one for each group of rows where there are very many of them. */
import type { Job, Measured } from './jobs.ts';

/** A picture of some rows. */
export interface Chart {
  /** Its name in the folder of results. */
  readonly file: string;
  readonly title: string;
  readonly measured: readonly Measured[];
}

/** Lists the charts of a job, in the order of its rows. */
export function chartsOf(
  { id, title, chartWords }: Pick<Job, 'id' | 'title' | 'chartWords'>,
  measured: readonly Measured[],
): Chart[] {
  if (chartWords === undefined) return [{ file: `${id}.svg`, title, measured }];
  const groups = new Map<string, Measured[]>();
  for (const one of measured) {
    const name = one.row.id.split(' ').slice(0, chartWords).join(' ');
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups].map(([name, group]) => ({
    file: `${name.replaceAll(' ', '-')}.svg`,
    title: `${title}: ${name}`,
    measured: group,
  }));
}
