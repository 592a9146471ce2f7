/**
 * The cases of our own: what the original does not test and users are hurt by.
 */
import type { Group } from '../../model.ts';
import { type CatalogueEntry, listCases } from '../index.ts';

/** Our groups; their ids begin with "b", so that they never mix with the original's. */
export const BEYOND_GROUPS: readonly Group[] = [];

/** All cases of ours, numbered on their own. */
export const BEYOND_CATALOGUE: readonly CatalogueEntry[] = listCases(BEYOND_GROUPS);
