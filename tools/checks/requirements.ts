/**
 * Prints which binding requirements of the standards no spec names yet:
 *
 *   npm run requirements -- [part of an id …]
 */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { House } from './house/house.ts';
import { describeCoverage, requirementCoverage } from './house/table-rules.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const parts = process.argv.slice(2);
for (const coverage of requirementCoverage(House.load(root))) {
  const { unnamed } = coverage;
  console.log(describeCoverage(coverage));
  for (const { id, level, party, statement } of unnamed) {
    if (parts.some((part) => id.includes(part)))
      console.log(`  ${id} ${level} (${party}) ${statement}`);
  }
}
