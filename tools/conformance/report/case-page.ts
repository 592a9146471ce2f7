/**
 * One page for one case: what was tested and why, what was expected, what happened, and every
 * frame.
 *
 * Longer than the house allows: lines of markup, where a break would be white space in the page.
 */
import { isDeepStrictEqual } from 'node:util';
import type { CaseResult, EventText } from '../result.ts';
import { eventText, payloadText } from '../result.ts';
import { type Counts, type LogEntry, sumOfSizes } from '../wire-log.ts';
import { createDissector, type DissectedFrame } from './dissect.ts';
import { reportName } from './json.ts';
import { html, type Markup, page } from './markup.ts';
import { CASE_STYLE, verdictClass } from './style.ts';

/** The ids of the cases before and after, for turning pages. */
export interface Neighbours {
  readonly previous: string | undefined;
  readonly next: string | undefined;
}

/** Builds the page. */
export function buildCasePage(result: CaseResult, { previous, next }: Neighbours): string {
  const { entry, agent } = result;
  const link = (id: string | undefined, before: string, after: string): Markup | undefined =>
    id === undefined
      ? undefined
      : html`<a href="${reportName(agent, id)}.html">${before}${id}${after}</a>`;
  const head = (text: string): string => text.trimEnd().replaceAll('\r\n', '\n') || '(nothing)';
  const body = html`<nav><a href="index.html">All cases</a>${link(previous, '← ', '')}${link(next, '', ' →')}</nav>
<p class="soft">${entry.group.id} ${entry.group.title} · ${entry.chapter.title} · ${agent}</p>
<h1>Case ${entry.case.id}</h1>
<p>${entry.case.description}</p>
${verdicts(result)}
${lesson(result)}
${isAboutOpening(result) ? undefined : conversation(result)}
<h2>Opening handshake</h2>
<div class="heads"><div><pre>${head(result.httpRequest)}</pre></div>
<div><pre>${head(result.httpResponse)}</pre></div></div>
<h2>Counts</h2>
${counts(result)}`;
  const script = isAboutOpening(result) ? '' : OCTETS_SCRIPT;
  return page(`${entry.case.id} – ${agent}`, CASE_STYLE, body, script);
}

/** Shows and hides what is not a frame. */
const OCTETS_SCRIPT =
  'const box=document.getElementById("octets");const set=()=>' +
  'document.body.classList.toggle("frames-only",!box.checked);box.onchange=set;set();';

/** Whether the case ends with the handshake that it tests. */
function isAboutOpening({ entry }: CaseResult): boolean {
  const { opening } = entry.case;
  return opening?.request !== undefined || opening?.response !== undefined;
}

function conversation(result: CaseResult): Markup {
  const told = result.wasOpen
    ? html`<h2>Events</h2>
${events(result)}
<h2>How it ended</h2>
${closing(result)}`
    : html`<p>The connection was never open: there is nothing to compare.</p>`;
  return html`${told}
<h2>On the wire</h2>
<p class="small soft"><label><input type="checkbox" id="octets"> show the octets of each read and write,
too</label></p>
${wireLog(result)}`;
}

function verdicts(result: CaseResult): Markup {
  const { behavior, behaviorClose } = result;
  return html`<div class="verdicts"><span class="badge ${verdictClass(behavior)}">${behavior}</span>
<span>${result.result}</span></div>
<div class="verdicts"><span class="badge ${verdictClass(behaviorClose)}">Closing: ${behaviorClose}</span>
<span>${result.resultClose}</span></div>`;
}

function lesson({ entry }: CaseResult): Markup {
  const { case: theCase, chapter } = entry;
  const source = theCase.source ?? chapter.source;
  return html`<div class="lesson">
<div><h2>The rule</h2><p>${chapter.rule}</p>${theCase.why && html`<p>${theCase.why}</p>`}
<p class="small soft">${source}</p></div>
<div><h2>What is right</h2><p>${theCase.expectation}</p></div>
<div><h2>What a wrong peer does</h2><p>${chapter.mistake}</p></div></div>`;
}

function events(result: CaseResult): Markup {
  const { expected, act } = result.entry.case;
  if (act !== undefined) return html`<p>This case judges each echo as it comes.</p>`;
  const tolerated = expected['NON-STRICT'];
  const allowed = [expected.OK, tolerated ?? []].map((list) => list.map(eventText));
  const isJudged = result.behavior !== 'INFORMATIONAL';
  const wrongFrom = isJudged
    ? Math.max(...allowed.map((list) => sameUntil(list, result.received)))
    : undefined;
  return html`<div class="events">
<div><p class="soft">Expected (OK)</p>${eventList(expected.OK.map(eventText))}</div>
${tolerated && html`<div><p class="soft">Tolerated (NON-STRICT)</p>${eventList(tolerated.map(eventText))}</div>`}
<div><p class="soft">What happened</p>${eventList(result.received, wrongFrom)}</div></div>`;
}

/** How many events two lists have in common at their beginnings. */
function sameUntil(left: readonly EventText[], right: readonly EventText[]): number {
  const at = right.findIndex((event, index) => !isDeepStrictEqual(event, left[index]));
  return at < 0 ? right.length : at;
}

/** @param wrongFrom the first event that should not have come, or not yet. */
function eventList(list: readonly EventText[], wrongFrom = list.length): Markup {
  if (list.length === 0) return html`<p>Nothing.</p>`;
  const items = list.map(([kind, text, isBinary], index) => {
    const type = kind !== 'message' ? kind : isBinary === true ? 'binary message' : 'text message';
    const style = index < wrongFrom ? '' : 'wrong';
    return html`<li class="${style}">${type} <code>${text === '' ? '(empty)' : text}</code></li>`;
  });
  return html`<ol>${items}</ol>`;
}

interface ClosingRow {
  readonly name: string;
  readonly was: string;
  readonly wanted: string;
  readonly isWrong: boolean;
}

function closingRows({ facts, entry, isServer }: CaseResult): ClosingRow[] {
  const { closedByMe, codes, requireClean } = entry.case.close;
  const who = (isFuzzer: boolean): string => (isFuzzer ? 'fuzzer' : 'testee');
  const said = (code: number | undefined, reason: string | undefined): string =>
    code === undefined ? 'no code' : `${code} ${reason ?? ''}`.trim();
  const { remoteCloseCode: code } = facts;
  return [
    {
      name: 'Closed first by',
      was: who(facts.closedByMe),
      wanted: who(closedByMe),
      isWrong: facts.closedByMe !== closedByMe,
    },
    {
      name: 'Close code of the testee',
      was: said(code, facts.remoteCloseReason),
      wanted: `${codes.join(' or ')}, or none`,
      isWrong: code !== undefined && !codes.includes(code),
    },
    {
      name: 'Close code of the fuzzer',
      was: said(facts.localCloseCode, facts.localCloseReason),
      wanted: '',
      isWrong: false,
    },
    {
      name: 'Clean',
      was: facts.wasClean ? 'yes' : `no. ${facts.wasNotCleanReason ?? ''}`.trim(),
      wanted: requireClean ? 'required' : 'not required',
      isWrong: requireClean && !facts.wasClean,
    },
    {
      name: 'TCP dropped by',
      was: who(facts.droppedByMe),
      wanted: isServer ? '' : 'testee, the server',
      isWrong: !isServer && facts.droppedByMe,
    },
  ];
}

function closing(result: CaseResult): Markup {
  const isFree = result.entry.case.close.isPartOfCase === true;
  const isJudged = result.behaviorClose !== 'INFORMATIONAL' && !isFree;
  const rows = closingRows(result).map(
    ({ name, was, wanted, isWrong }) =>
      html`<tr><th>${name}</th><td class="${isWrong && isJudged ? 'wrong' : ''}">${was}</td><td class="soft">${isFree ? '' : wanted}</td></tr>`,
  );
  return html`<table class="facts"><tr><th></th><th>what happened</th><th>what is right</th></tr>${rows}</table>`;
}

function wireLog(result: CaseResult): Markup {
  const dissect = createDissector(result);
  const entries = result.log.entries.map((entry) =>
    entry.kind === 'frame' ? frameEntry(dissect(entry)) : otherEntry(entry),
  );
  return entries.length === 0 ? html`<p>Nothing.</p>` : html`<div class="log">${entries}</div>`;
}

const time = (at: number): Markup => html`<span class="time mono">${at.toFixed(1)} ms</span>`;

function frameEntry({ entry, title, fields, broken }: DissectedFrame): Markup {
  const { isOut, previewOf, repeatLength, chop, sync } = entry;
  const how = [
    repeatLength === undefined ? '' : `pattern repeated to ${repeatLength} octets`,
    chop === undefined ? '' : `written ${chop} octets at a time`,
    sync && chop === undefined ? 'in a write of its own' : '',
  ].filter((words) => words !== '');
  return html`<div class="entry ${isOut ? 'out' : 'in'}">${time(entry.at)}
<span class="way">${isOut ? 'fuzzer →' : '← testee'}</span> ${title}
${how.length > 0 ? html`<span class="soft small">${how.join(', ')}</span>` : undefined}
${broken && html`<span class="badge bad">${broken}</span>`}
<div class="frame">${fields.map(
    (
      field,
    ) => html`<div class="field${field.isBad ? ' broken' : ''}"><div class="name">${field.name}</div>
<div class="wire">${field.wire}</div><div class="meaning">${field.meaning}</div></div>`,
  )}</div>
${previewOf > 0 ? html`<div class="content small"><code>${content(entry)}</code></div>` : undefined}</div>`;
}

/** The payload for people; of a close frame, its code and reason. */
function content({ header, preview, previewOf }: DissectedFrame['entry']): string {
  if (header.opcode !== 8 || preview.length < 2) return payloadText(preview, previewOf);
  return `code ${preview.readUInt16BE(0)} ${payloadText(preview.subarray(2), previewOf - 2)}`;
}

function otherEntry(entry: Exclude<LogEntry, { kind: 'frame' }>): Markup {
  switch (entry.kind) {
    case 'octets': {
      const more = entry.length > entry.preview.length ? ' …' : '';
      return html`<div class="entry octets-entry ${entry.isOut ? 'out' : 'in'}">${time(entry.at)}
<span class="octets">${entry.isOut ? 'wrote' : 'read'} ${entry.length} octets
<code>${entry.preview.toString('hex')}${more}</code></span></div>`;
    }
    case 'piece':
      return html`<div class="entry out">${time(entry.at)}
<span class="way">fuzzer →</span> ${entry.length} octets of its payload
<div class="content small"><code>${payloadText(entry.preview, entry.length)}</code></div></div>`;
    case 'content':
      return html`<div class="entry ${entry.isOut ? 'out' : 'in'}">${time(entry.at)}
<span class="soft">${entry.isOut ? 'Deflates' : 'That inflates to'} a message of ${entry.length} octets.</span>
<div class="content small"><code>${payloadText(entry.preview, entry.length)}</code></div></div>`;
    case 'timer':
      return html`<div class="entry">${time(entry.at)}<span class="soft">${timerWords(entry)}</span></div>`;
    case 'switch':
      return html`<div class="entry">${time(entry.at)}<span class="soft">${entry.isOn ? 'How it ended.' : 'From here on only counted.'}</span></div>`;
    case 'note':
      return html`<div class="entry note">${time(entry.at)}<strong>${entry.text}</strong></div>`;
  }
}

/** What a timer is for when it is set, and what it does when it fires. */
function timerWords({ name, seconds, tag }: Extract<LogEntry, { kind: 'timer' }>): string {
  const words = {
    wait: [`Waits for ${seconds} s`, 'The wait is over'],
    'close-after': [`Will close after ${seconds} s`, 'Time is up: closes'],
    'kill-after': [`Will fail the connection after ${seconds} s`, 'Time is up: fails it'],
  } as const;
  const [set, fired] = words[name];
  return `${seconds === undefined ? fired : set}${tag === undefined ? '' : ` (${tag})`}.`;
}

function counts({ log, duration, started, trafficStats }: CaseResult): Markup {
  const list = (map: Counts): string =>
    [...map]
      .sort(([a], [b]) => a - b)
      .map(([key, times]) => `${key}: ${times}`)
      .join(', ')
      .slice(0, 400) || 'none';
  const ratio = trafficStats?.outgoing.CompressionRatio;
  return html`<table class="facts">
<tr><th>Started</th><td>${started.toISOString()}, took ${duration.toFixed(1)} ms</td></tr>
<tr><th>Octets</th><td>${sumOfSizes(log.txOctets)} out, ${sumOfSizes(log.rxOctets)} in</td></tr>
<tr><th>Frames out, by opcode</th><td>${list(log.txFrames)}</td></tr>
<tr><th>Frames in, by opcode</th><td>${list(log.rxFrames)}</td></tr>
<tr><th>Writes, by size</th><td>${list(log.txOctets)}</td></tr>
<tr><th>Reads, by size</th><td>${list(log.rxOctets)}</td></tr>
${ratio == null ? undefined : html`<tr><th>Compressed to</th><td>${(ratio * 100).toFixed(1)} %</td></tr>`}</table>`;
}
