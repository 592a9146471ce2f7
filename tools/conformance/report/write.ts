/**
 * Writes the reports of a run into a folder: index and pages for people, JSON and JUnit for
 * machines.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareIds } from '../cases/index.ts';
import { type CaseResult, isBeyond, splitBeyond } from '../result.ts';
import { buildCasePage } from './case-page.ts';
import { buildIndexPage, type IndexHeading } from './index-page.ts';
import { buildCaseReport, buildIndex, formatJson, reportName } from './json.ts';
import { buildJunit } from './junit.ts';

/** The index of our own cases, beside `index.json`. */
const BEYOND_FILE = 'beyond.json';

/** Files that are written at the same time. */
const AT_ONCE = 16;

/**
 * Writes `index.html`, `index.json`, `beyond.json` (when there is something in it), `junit.xml`,
 * and a page and a JSON file for each case of each agent.
 *
 * @returns the path of `index.html`.
 */
export async function writeReports(
  folder: string,
  results: readonly CaseResult[],
  heading: IndexHeading,
): Promise<string> {
  await mkdir(folder, { recursive: true });
  // That of an earlier run would be read for this one's.
  await rm(join(folder, BEYOND_FILE), { force: true });
  const files = [...listFiles(results, heading)];
  const write = async (): Promise<void> => {
    for (let file = files.pop(); file !== undefined; file = files.pop()) {
      await writeFile(join(folder, file.name), file.text());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, write));
  return join(folder, 'index.html');
}

interface File {
  readonly name: string;
  readonly text: () => string;
}

function* listFiles(results: readonly CaseResult[], heading: IndexHeading): Generator<File> {
  const beyond = results.filter(isBeyond);
  const original = results.filter((result) => !isBeyond(result));
  yield { name: 'index.html', text: () => buildIndexPage(results, heading) };
  yield { name: 'index.json', text: () => formatJson(buildIndex(original)) };
  if (beyond.length > 0) {
    yield { name: BEYOND_FILE, text: () => formatJson(buildIndex(beyond)) };
  }
  yield { name: 'junit.xml', text: () => buildJunit(results) };
  const agents = [...new Set(results.map((result) => result.agent))];
  const parts = agents.flatMap((agent) =>
    splitBeyond(results.filter((result) => result.agent === agent)),
  );
  for (const own of parts) {
    own.sort((a, b) => compareIds(a.entry.case.id, b.entry.case.id));
    for (const [index, result] of own.entries()) {
      const name = reportName(result.agent, result.entry.case.id);
      const previous = own[index - 1]?.entry.case.id;
      const next = own[index + 1]?.entry.case.id;
      yield { name: `${name}.html`, text: () => buildCasePage(result, { previous, next }) };
      yield { name: `${name}.json`, text: () => formatJson(buildCaseReport(result)) };
    }
  }
}
