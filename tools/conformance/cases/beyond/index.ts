/**
 * The cases of our own: what the original does not test and users are hurt by.
 *
 * They never mix with the 517: their ids begin with "b", they run only when asked for, and their
 * results have an index of their own.
 */
import type { Group } from '../../model.ts';
import { type CatalogueEntry, listCases } from '../index.ts';
import { BEYOND_1 } from './b1-layout.ts';
import { BEYOND_2 } from './b2-fragments.ts';
import { BEYOND_3 } from './b3-control.ts';
import { BEYOND_4 } from './b4-text.ts';
import { BEYOND_5 } from './b5-deflate.ts';
import { BEYOND_6 } from './b6-requests.ts';
import { BEYOND_7 } from './b7-responses.ts';

/** Our groups. */
export const BEYOND_GROUPS: readonly Group[] = [
  BEYOND_1,
  BEYOND_2,
  BEYOND_3,
  BEYOND_4,
  BEYOND_5,
  BEYOND_6,
  BEYOND_7,
];

/** All cases of ours, numbered on their own. */
export const BEYOND_CATALOGUE: readonly CatalogueEntry[] = listCases(BEYOND_GROUPS);
