import { readFileSync } from 'node:fs';
import t from 'tap';
import { BEYOND_CATALOGUE } from '../../../tools/conformance/cases/beyond/index.ts';
import { CATALOGUE, compareIds, GROUPS, matchIds } from '../../../tools/conformance/cases/index.ts';
import { findCase } from './capture.ts';

/** Cases a group, and a chapter where the original counts chapters. */
const COUNTS: Readonly<Record<string, number>> = {
  ...{ 1: 16, '1.1': 8, '1.2': 8, 2: 11, 3: 7, 4: 10, '4.1': 5, '4.2': 5, 5: 20, 6: 145 },
  ...{ '6.1': 3, '6.2': 4, '6.3': 2, '6.4': 4, '6.5': 5, '6.6': 11, '6.7': 4, '6.8': 2, '6.9': 4 },
  ...{ '6.10': 3, '6.11': 5, '6.12': 8, '6.13': 5, '6.14': 10, '6.15': 1, '6.16': 3, '6.17': 5 },
  ...{ '6.18': 5, '6.19': 5, '6.20': 7, '6.21': 8, '6.22': 34, '6.23': 7, 7: 37, '7.1': 6 },
  ...{ '7.3': 6, '7.5': 1, '7.7': 13, '7.9': 9, '7.13': 2, 9: 54, '9.1': 6, '9.2': 6, '9.3': 9 },
  ...{ '9.4': 9, '9.5': 6, '9.6': 6, '9.7': 6, '9.8': 6, 10: 1, 12: 90, '12.1': 18, '12.5': 18 },
  ...{ 13: 126, '13.1': 18, '13.7': 18 },
};

t.test('the catalogue has 517 cases, as many a group as the original', (t) => {
  t.equal(CATALOGUE.length, 517);
  for (const [prefix, count] of Object.entries(COUNTS)) {
    const matches = matchIds([`${prefix}.*`]);
    t.equal(CATALOGUE.filter(({ case: { id } }) => matches(id)).length, count, prefix);
  }
  t.equal(CATALOGUE.filter(({ case: { isHeavy } }) => isHeavy !== true).length, 247);
  t.same(
    GROUPS.map(({ id }) => id),
    ['1', '2', '3', '4', '5', '6', '7', '9', '10', '12', '13'],
  );
  t.end();
});

t.test('ids are unique, in order, and below the id of their chapter', (t) => {
  const all = [...CATALOGUE, ...BEYOND_CATALOGUE];
  t.equal(new Set(all.map(({ case: { id } }) => id)).size, all.length);
  for (const list of [CATALOGUE, BEYOND_CATALOGUE]) {
    for (const [index, { case: theCase, chapter, group, number }] of list.entries()) {
      const before = list[index - 1];
      if (before !== undefined && compareIds(before.case.id, theCase.id) >= 0) t.fail(theCase.id);
      if (!theCase.id.startsWith(`${chapter.id}.`)) t.fail(`${theCase.id} in ${chapter.id}`);
      if (chapter.id !== group.id && !chapter.id.startsWith(`${group.id}.`)) t.fail(chapter.id);
      if (number !== index + 1) t.fail(`${theCase.id} has number ${number}`);
    }
  }
  t.end();
});

t.test('each chapter is a lesson: a rule, its section, and what a wrong peer does', (t) => {
  const chapters = new Set([...CATALOGUE, ...BEYOND_CATALOGUE].map(({ chapter }) => chapter));
  for (const { id, title, source, rule, mistake } of chapters) {
    t.match(source, /^RFC \d+ §\d+(\.\d+)*$/, id);
    t.ok(title.length > 3 && rule.length > 20 && mistake.length > 10, id);
  }
  for (const { case: theCase } of [...CATALOGUE, ...BEYOND_CATALOGUE]) {
    const isTold = /\.$/.test(theCase.description) && theCase.expectation.length > 5;
    if (!isTold) t.fail(`${theCase.id} does not say what it does`);
  }
  t.end();
});

t.test('the texts of 6.5 – 6.23 are those of the original, octet for octet', (t) => {
  const file = new URL('../../../../spec/vectors/conformance/utf8-texts.json', import.meta.url);
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as {
    cases: [id: string, hex: string, isValid: boolean][];
  };
  t.equal(vectors.cases.length, 132);
  for (const [id, hex, isValid] of vectors.cases) {
    const { script, expected, close } = findCase(id).case;
    const [step, timer] = script;
    const sent = step?.do === 'frame' ? step.payload.pattern.toString('hex') : '';
    const wanted = isValid
      ? [{ kind: 'message', payload: Buffer.from(hex, 'hex'), isBinary: false }]
      : [];
    t.same(
      { sent, wanted: expected.OK, byMe: close.closedByMe, codes: close.codes, timer },
      {
        sent: hex,
        wanted,
        byMe: isValid,
        codes: [isValid ? 1000 : 1007],
        timer: { do: 'kill-after', seconds: 0.5 },
      },
      id,
    );
  }
  t.end();
});

t.test('patterns match whole ids, with * for anything', (t) => {
  const chosen = (pattern: string): number =>
    CATALOGUE.filter(({ case: { id } }) => matchIds([pattern])(id)).length;
  t.equal(chosen('*'), 517);
  t.equal(chosen('1.*'), 16);
  t.equal(chosen('1*'), 16 + 1 + 90 + 126);
  t.equal(chosen('6.2*'), 4 + 7 + 8 + 34 + 7);
  t.equal(chosen('2.1'), 1);
  t.equal(chosen('*.18'), 12 + 2, 'the twelve chapters of 12 and 13, 5.18 and 6.22.18');
  t.equal(chosen('2x1'), 0);
  t.end();
});
