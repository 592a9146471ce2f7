/**
 * Reports as JUnit XML, which continuous integration reads: a suite for each agent and group, a
 * test for each case.
 *
 * What is not fine is a failure; UNIMPLEMENTED is skipped; NON-STRICT and INFORMATIONAL pass, and
 * say so.
 */
import { type CaseResult, isFine } from '../result.ts';

/** Builds the document. */
export function buildJunit(results: readonly CaseResult[]): string {
  const suites = new Map<string, CaseResult[]>();
  for (const result of results) {
    const { group } = result.entry;
    const name = `${result.agent}: ${group.id} ${group.title}`;
    suites.set(name, [...(suites.get(name) ?? []), result]);
  }
  const body = [...suites].map(([name, members]) => buildSuite(name, members)).join('');
  const counts = countAttributes(results);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n${body}</testsuites>\n`;
}

function countAttributes(results: readonly CaseResult[]): string {
  const failures = results.filter((result) => !isFine(result)).length;
  const skipped = results.filter(isSkipped).length;
  const seconds = results.reduce((sum, { duration }) => sum + duration, 0) / 1000;
  return (
    `tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}" ` +
    `time="${seconds.toFixed(3)}"`
  );
}

const isSkipped = (result: CaseResult): boolean =>
  isFine(result) && result.behavior === 'UNIMPLEMENTED';

function buildSuite(name: string, results: readonly CaseResult[]): string {
  const attributes = `name="${escapeXml(name)}" ${countAttributes(results)}`;
  return `  <testsuite ${attributes}>\n${results.map(buildTest).join('')}  </testsuite>\n`;
}

function buildTest(result: CaseResult): string {
  const { case: theCase, chapter } = result.entry;
  const name = escapeXml(`${theCase.id} ${theCase.description}`);
  const seconds = (result.duration / 1000).toFixed(3);
  const className = escapeXml(chapter.title);
  const open = `    <testcase classname="${className}" name="${name}" time="${seconds}"`;
  const verdict = `${result.behavior} / ${result.behaviorClose}`;
  const said = escapeXml(`${result.result} ${result.resultClose}`);
  if (!isFine(result)) {
    return `${open}>\n      <failure message="${verdict}">${said}</failure>\n    </testcase>\n`;
  }
  if (isSkipped(result)) return `${open}>\n      <skipped message="${said}"/>\n    </testcase>\n`;
  if (result.behavior === 'OK') return `${open}/>\n`;
  return `${open}>\n      <system-out>${verdict}: ${said}</system-out>\n    </testcase>\n`;
}

/** Escapes text for XML; control characters, which XML cannot carry at all, become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
