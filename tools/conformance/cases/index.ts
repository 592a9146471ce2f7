/**
 * The catalogue: 517 cases in eleven groups, in the order of their ids, and how to choose among
 * them.
 *
 * There are no groups 8 and 11, and no chapters 7.2, 7.4, 7.6, 7.8 and 7.10 – 7.12: the original
 * has gaps there, and ids are for comparing.
 */
import type { Case, Chapter, Group } from '../model.ts';
import { GROUP_1 } from './group-1.ts';
import { GROUP_2 } from './group-2.ts';
import { GROUP_3 } from './group-3.ts';
import { GROUP_4 } from './group-4.ts';
import { GROUP_5 } from './group-5.ts';
import { GROUP_6 } from './group-6.ts';
import { GROUP_7 } from './group-7.ts';
import { GROUP_9 } from './group-9.ts';
import { GROUP_10 } from './group-10.ts';
import { GROUP_12 } from './group-12.ts';
import { GROUP_13 } from './group-13.ts';

/** A case with its place in the catalogue. */
export interface CatalogueEntry {
  readonly case: Case;
  readonly chapter: Chapter;
  readonly group: Group;
  /** 1-based place in the full list; the number that the original calls `case`. */
  readonly number: number;
}

/** The groups of the original, in order. */
export const GROUPS: readonly Group[] = [
  GROUP_1,
  GROUP_2,
  GROUP_3,
  GROUP_4,
  GROUP_5,
  GROUP_6,
  GROUP_7,
  GROUP_9,
  GROUP_10,
  GROUP_12,
  GROUP_13,
];

/** Lists the cases of groups, numbered from 1. */
export function listCases(groups: readonly Group[]): readonly CatalogueEntry[] {
  return groups
    .flatMap((group) =>
      group.chapters.flatMap((chapter) =>
        chapter.cases.map((each) => ({ case: each, chapter, group })),
      ),
    )
    .map((entry, index) => ({ ...entry, number: index + 1 }));
}

/** All 517 cases. */
export const CATALOGUE: readonly CatalogueEntry[] = listCases(GROUPS);

/**
 * Makes a predicate of case ids from patterns: an exact id, or `*` for anything, as in `9.*`,
 * `6.2*` or `*`.
 */
export function matchIds(patterns: readonly string[]): (id: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const source = pattern
      .split('*')
      .map((part) => part.replace(/[^A-Za-z0-9]/g, '\\$&'))
      .join('.*');
    return new RegExp(`^${source}$`);
  });
  return (id) => expressions.some((expression) => expression.test(id));
}

/** Puts case ids in the order of their numbers, 2.9 before 2.10, and those of our own last. */
export function compareIds(left: string, right: string): number {
  const isOurs = (id: string): number => Number(id.startsWith('b'));
  if (isOurs(left) !== isOurs(right)) return isOurs(left) - isOurs(right);
  const rightParts = right.split('.');
  for (const [index, part] of left.split('.').entries()) {
    const other = rightParts[index];
    if (other === undefined) return 1;
    const difference = Number(part.replace(/\D/g, '')) - Number(other.replace(/\D/g, ''));
    if (difference !== 0) return difference;
  }
  return left.split('.').length - rightParts.length;
}
