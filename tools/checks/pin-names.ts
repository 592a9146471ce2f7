/**
 * Renews the pinned public names, deliberately: `npm run house:pin`, then look at the difference.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PINS, publicNames } from './house/file-rules.ts';
import { House } from './house/house.ts';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const names = publicNames(House.load(root));
writeFileSync(join(root, PINS), `${JSON.stringify(names, null, 2)}\n`);
console.log(
  `${PINS}: ${Object.values(names).flat().length} names of ${Object.keys(names).length} subpaths`,
);
