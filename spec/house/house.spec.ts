/**
 * The rules of the house, each of which is run over the repository and over a planted breach.
 */
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { FILE_RULES } from '../../tools/checks/house/file-rules.ts';
import { House, type Rule } from '../../tools/checks/house/house.ts';
import { IMPORT_RULES } from '../../tools/checks/house/import-rules.ts';
import {
  describeCoverage,
  requirementCoverage,
  TABLE_RULES,
} from '../../tools/checks/house/table-rules.ts';
import { TEXT_RULES } from '../../tools/checks/house/text-rules.ts';

/**
 * Chapters that are still being built: their page, mirror, pinned names and violations are not
 * asked for yet. The list only becomes shorter.
 */
const UNFINISHED: readonly string[] = [];

const RULES: readonly Rule[] = [...IMPORT_RULES, ...FILE_RULES, ...TEXT_RULES, ...TABLE_RULES];
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const house = House.load(root, UNFINISHED);

for (const { title, check } of RULES) {
  t.test(title, (t) => {
    const findings = check(house);
    for (const finding of findings) t.fail(finding);
    t.equal(findings.length, 0);
    t.end();
  });
}

t.test('the house is not empty, and its rules look at it', (t) => {
  t.ok(house.chapters().length >= 6);
  t.ok(house.files(/^lib\/.*\.ts$/).length > 20);
  t.ok(
    house.imports('lib/base/errors.ts').some(({ specifier }) => specifier === './violations.ts'),
  );
  for (const name of UNFINISHED.filter((name) => name !== '.')) {
    t.ok(!house.has(`lib/${name}/README.md`) || house.chapters().includes(name), name);
  }
  t.end();
});

/** Documents whose every binding requirement is named by a spec, or does not apply. */
const COMPLETE: readonly string[] = ['RFC 6455', 'RFC 7692', 'RFC 8441', 'RFC 9110', 'RFC 9112'];

t.test('tells how many binding requirements of the standards the specs name', (t) => {
  for (const coverage of requirementCoverage(house)) {
    const { document, binding, unnamed } = coverage;
    t.comment(describeCoverage(coverage));
    t.ok(binding.length > 0, document);
    const missing = COMPLETE.includes(document) ? unnamed.map(({ id }) => id) : [];
    t.strictSame(missing, [], `${document}: all that must be`);
  }
  t.end();
});
