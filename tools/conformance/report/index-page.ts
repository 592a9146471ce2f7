/**
 * The index: agents across, cases down, everything on one page that filters itself.
 *
 * Longer than the house allows: lines of markup, where a break would be white space in the page.
 */
import { type CatalogueEntry, compareIds } from '../cases/index.ts';
import type { Group } from '../model.ts';
import { type CaseResult, isBeyond, isFine, splitBeyond } from '../result.ts';
import { reportName } from './json.ts';
import { html, type Markup, page } from './markup.ts';
import { agentLabels, INDEX_STYLE, verdictClass } from './style.ts';
import { formatTally, namePart, tally } from './summary.ts';

/** What stands above the matrix. */
export interface IndexHeading {
  readonly title: string;
  readonly when: Date;
}

type Matrix = ReadonlyMap<string, ReadonlyMap<string, CaseResult>>;

/** Builds the page. */
export function buildIndexPage(results: readonly CaseResult[], heading: IndexHeading): string {
  const agents = [...new Set(results.map(({ agent }) => agent))].sort();
  const matrix: Matrix = new Map(
    agents.map((agent) => [
      agent,
      new Map(
        results
          .filter((result) => result.agent === agent)
          .map((result) => [result.entry.case.id, result]),
      ),
    ]),
  );
  const entries = new Map(results.map(({ entry }) => [entry.case.id, entry]));
  const sorted = [...entries.values()].sort((a, b) => compareIds(a.case.id, b.case.id));
  const groups = [...new Set(sorted.map(({ group }) => group))];
  const body = html`<h1>${heading.title}</h1>
<p class="soft">${countEntries(sorted)} · ${heading.when.toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
<div class="cards">${agents.map((agent) => splitBeyond([...matrix.get(agent)!.values()]).map(card))}</div>
${legend(groups)}
${tools(results)}
<table class="matrix"><thead><tr><th></th><th></th>${agents.map(
    (agent) => html`<th class="agent-head">${agent}</th>`,
  )}</tr></thead>${groups.map((group) =>
    groupRows(
      sorted.filter((entry) => entry.group === group),
      agents,
      matrix,
    ),
  )}</table>`;
  return page(heading.title, INDEX_STYLE + agentLabels(agents), body, FILTER_SCRIPT);
}

/** How many cases there are; ours are never counted with the original's. */
function countEntries(entries: readonly CatalogueEntry[]): string {
  const ours = entries.filter((entry) => isBeyond({ entry })).length;
  const original = entries.length - ours;
  if (original === 0) return `${ours} cases of our own`;
  return `${original} cases${ours === 0 ? '' : `, and ${ours} of our own`}`;
}

function card(results: readonly CaseResult[]): Markup {
  const counts = tally(results.map(({ behavior }) => behavior));
  const closes = tally(results.map(({ behaviorClose }) => behaviorClose));
  const bar = [...counts].map(
    ([verdict, count]) =>
      html`<span class="${verdictClass(verdict)}" style="flex:${count}" title="${verdict} ${count}"></span>`,
  );
  const bad = results.filter((result) => !isFine(result)).length;
  return html`<div class="card"><h2>${namePart(results)}</h2>
<p>${bad === 0 ? 'All cases are fine.' : `${bad} of ${results.length} cases are not fine.`}</p>
<div class="bar">${bar}</div>
<p class="small">${formatTally(counts)}</p>
<p class="small soft">Closing: ${formatTally(closes)}</p></div>`;
}

/** What the words in the cells mean, and the way to each group. */
function legend(groups: readonly Group[]): Markup {
  const links = groups.map(({ id, title }) => html`<a href="#group-${id}">${id} ${title}</a> `);
  return html`<p class="small soft">${Object.entries(WORDS).map(
    ([word, meaning]) => html`<strong>${word}</strong> ${meaning}. `,
  )}A bare number is the close code of the testee.</p>
<nav class="small">${links}</nav>`;
}

const WORDS: Readonly<Record<string, string>> = {
  'NON-STRICT': 'tolerated, but not the best',
  INFORMATIONAL: 'there is no rule: shown, not judged',
  UNIMPLEMENTED: 'permessage-deflate was declined, which is allowed',
  unclean: 'the closing handshake was not finished',
  'wrong end': 'closed by the side that should not have',
  'kept open': 'a server left it to the client to drop TCP',
  'never open': 'the opening handshake failed',
};

function tools(results: readonly CaseResult[]): Markup {
  const verdicts = [...tally(results.map(({ behavior }) => behavior)).keys()];
  return html`<div class="tools"><input type="search" id="search" placeholder="id or words, as in 6.4 or ping"
aria-label="Filter cases">${verdicts.map(
    (verdict) => html`<label><input type="checkbox" class="verdict" value="${verdict}" checked>
<span class="badge ${verdictClass(verdict)}">${verdict}</span></label>`,
  )}<label><input type="checkbox" id="unfine"> only what is not fine</label>
<span class="soft small" id="shown"></span></div>`;
}

function groupRows(
  entries: readonly CatalogueEntry[],
  agents: readonly string[],
  matrix: Matrix,
): Markup[] {
  const { group } = entries[0]!;
  const width = agents.length + 2;
  const chapters = [...new Set(entries.map(({ chapter }) => chapter))];
  const heading = html`<tbody class="group"><tr class="group"><th colspan="${width}" id="group-${group.id}">
${group.id} ${group.title}</th></tr></tbody>`;
  const bodies = chapters.map((chapter) => {
    const members = entries.filter((entry) => entry.chapter === chapter);
    const title =
      chapter.id === group.id
        ? undefined
        : html`<tr class="chapter"><th colspan="${width}">${chapter.id} ${chapter.title}</th></tr>`;
    return html`<tbody>${title}${members.map((entry) => caseRow(entry, agents, matrix))}</tbody>`;
  });
  return [heading, ...bodies];
}

function caseRow(
  { case: theCase }: CatalogueEntry,
  agents: readonly string[],
  matrix: Matrix,
): Markup {
  const cells = agents.map((agent) => {
    const result = matrix.get(agent)!.get(theCase.id);
    return result === undefined ? html`<td class="cell soft">–</td>` : resultCell(result);
  });
  const results = agents.flatMap((agent) => matrix.get(agent)!.get(theCase.id) ?? []);
  const verdicts = results.map(({ behavior }) => behavior).join('|');
  const isAllFine = results.every(isFine);
  return html`<tr class="case" data-verdicts="${verdicts}" data-fine="${isAllFine ? 1 : 0}">
<td class="id">${theCase.id}</td><td class="what">${theCase.description}</td>${cells}</tr>`;
}

/** What the closing verdicts mean, in a cell's width. */
const CLOSING_WORDS: Readonly<Record<string, string>> = {
  UNCLEAN: 'unclean',
  'WRONG CODE': 'wrong code',
  'FAILED BY CLIENT': 'kept open',
  FAILED: 'wrong end',
};

function resultCell(result: CaseResult): Markup {
  const { behavior, behaviorClose, facts, entry, wasOpen } = result;
  const code = facts.remoteCloseCode;
  const time = entry.case.reportTime === true ? ` ${Math.round(result.duration)} ms` : '';
  const isClosedWell = behaviorClose === 'OK' || behaviorClose === 'INFORMATIONAL';
  const close = isClosedWell
    ? html`<span class="small soft">${code ?? 'none'}${time}</span>`
    : html`<span class="small wrong">${wasOpen ? CLOSING_WORDS[behaviorClose] : 'never open'} ${code}</span>`;
  const href = `${reportName(result.agent, entry.case.id)}.html`;
  return html`<td class="cell"><a href="${href}" title="${result.result} ${result.resultClose}">
<span class="badge ${verdictClass(behavior)}">${behavior}</span></a>${close}</td>`;
}

/** Shows and hides rows; a chapter without rows goes, too. */
const FILTER_SCRIPT = `
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const search = document.getElementById('search'), unfine = document.getElementById('unfine');
function filter() {
  const words = search.value.trim().toLowerCase();
  const wanted = new Set(all('.verdict').filter((box) => box.checked).map((box) => box.value));
  let shown = 0;
  for (const row of all('tr.case')) {
    const id = row.cells[0].textContent, text = row.cells[1].textContent.toLowerCase();
    const isId = /^b?\\d[\\d.]*$/.test(words);
    const fits = isId ? (id + '.').startsWith(words.endsWith('.') ? words : words + '.')
      : text.includes(words);
    const verdicts = row.dataset.verdicts.split('|');
    const show = fits && verdicts.some((verdict) => wanted.has(verdict)) &&
      !(unfine.checked && row.dataset.fine === '1');
    row.hidden = !show; shown += show;
  }
  let head;
  for (const body of all('tbody')) {
    if (body.className === 'group') { head = body; head.hidden = true; continue; }
    body.hidden = all('tr.case', body).every((row) => row.hidden);
    if (!body.hidden) head.hidden = false;
  }
  document.getElementById('shown').textContent = shown + ' shown';
}
const tools = document.querySelector('.tools'), place = () =>
  document.documentElement.style.setProperty('--tools', tools.offsetHeight + 'px');
addEventListener('resize', place); place();
search.oninput = filter; for (const box of all('.tools input')) box.onchange = filter; filter();`;
