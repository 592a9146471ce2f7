/** The wire view: a list of what passed, and one entry taken apart. */
import { pulse } from './bus.ts';
import { dissect } from './dissection.ts';
import { find, isAtEnd, make, showText } from './dom.ts';
import { OPCODE_NAMES, peek } from './frame-words.ts';
import { takeHijackBytes } from './hijack.ts';
import { pageId } from './identity.ts';
import { Link } from './link.ts';
import type { ServerFacts, WireRecord, WireToPage } from './messages.ts';
import { drawTrace } from './trace.ts';

const KEPT_RECORDS = 300;
const OWN_FRAME_MS = 4_000;

const list = find<HTMLOListElement>('records');
const follow = find<HTMLInputElement>('follow');
/** Upgrade requests by connection: the response is explained together with its request. */
const requests = new Map<number, string>();
let newest = 0;
let run = '';
let current: HTMLElement | undefined;
let ownFrameAt = Number.NEGATIVE_INFINITY;
let startedAt = performance.now();

/** Watches this page's chat connection, over a connection of its own that nobody watches. */
export function startWire(): void {
  new Link(`/wire?page=${pageId}`, {
    open: () => undefined,
    message: (text) => take(JSON.parse(text) as WireToPage),
    down: () => undefined,
  });
  follow.addEventListener('change', () => {
    const last = list.lastElementChild?.firstElementChild;
    if (follow.checked && last instanceof HTMLElement) last.click();
  });
  list.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowDown' ? 'next' : event.key === 'ArrowUp' ? 'previous' : '';
    if (step === '') return;
    event.preventDefault();
    const item = current?.parentElement;
    const other = step === 'next' ? item?.nextElementSibling : item?.previousElementSibling;
    const button = other?.firstElementChild;
    if (!(button instanceof HTMLElement)) return;
    button.click();
    button.focus();
  });
  setInterval(() => showText('fact-uptime', uptime(performance.now() - startedAt)), 1000);
}

function take(message: WireToPage): void {
  if (message.type === 'facts') showFacts(message.facts);
  else if (message.type === 'hijack') takeHijackBytes(message.text, message.isFirst);
  else addRecord(message.record);
}

function addRecord(record: WireRecord): void {
  // After a reconnection the server tells what it kept; the numbers show what is new.
  if (record.seq <= newest) return;
  newest = record.seq;
  pulse('wire');
  if (record.kind === 'handshake' && record.direction === 'in') {
    requests.set(record.connection, record.text);
  }
  if (record.kind === 'frame') drawTrace(record);
  const follows = isAtEnd(list);
  const button = entry(record);
  list.append(make('li', { class: record.direction }, button));
  trim();
  if (follows) list.scrollTop = list.scrollHeight;
  if (follow.checked && isWorthShowing(record)) select(button, record);
}

/**
 * What the page itself sent stays for a while: its mask is what there is to see, and the answers
 * that follow within a moment would sweep it away.
 */
function isWorthShowing(record: WireRecord): boolean {
  if (current === undefined) return true;
  if (!isTelling(record)) return false;
  const now = performance.now();
  if (record.direction === 'in') ownFrameAt = now;
  return record.direction === 'in' || now - ownFrameAt > OWN_FRAME_MS;
}

/** Pings and round-trip reports come all the time; following them would show nothing else. */
function isTelling(record: WireRecord): boolean {
  return record.kind === 'frame' && record.opcode < 8 && !isRoundTrip(record);
}

function isRoundTrip(record: WireRecord): boolean {
  return record.kind === 'frame' && peek(record).startsWith('{"type":"rtt"');
}

function entry(record: WireRecord): HTMLButtonElement {
  const isQuiet = !isTelling(record) && record.kind === 'frame';
  const button = make(
    'button',
    { type: 'button', class: isQuiet ? 'quietly' : undefined },
    make(
      'span',
      { class: 'arrow', title: record.direction === 'in' ? 'from the page' : 'to the page' },
      record.direction === 'in' ? '→' : '←',
    ),
    ...words(record).map(([name, text]) => make('span', { class: name }, text)),
  );
  button.addEventListener('click', (event) => {
    // A click by hand is a wish to look at this one.
    if (event.isTrusted) follow.checked = false;
    select(button, record);
  });
  return button;
}

function words(record: WireRecord): [name: string, text: string][] {
  if (record.kind === 'frame') {
    const name = OPCODE_NAMES[record.opcode] ?? `opcode ${record.opcode}`;
    return [
      ['op', name],
      ['peek', peek(record)],
      ['size', String(record.payloadLength)],
    ];
  }
  if (record.kind === 'end' || record.kind === 'broken')
    return [
      ['op', record.kind],
      ['peek', record.text],
      ['size', ''],
    ];
  const [startLine = ''] = record.text.split('\r\n');
  return [
    ['op', record.direction === 'in' ? 'request' : 'response'],
    ['peek', startLine],
    ['size', String(record.text.length)],
  ];
}

function select(button: HTMLElement, record: WireRecord): void {
  current?.removeAttribute('aria-current');
  button.setAttribute('aria-current', 'true');
  current = button;
  find('dissection').replaceChildren(...dissect(record, requests.get(record.connection)));
}

function trim(): void {
  while (list.childElementCount > KEPT_RECORDS) list.firstElementChild?.remove();
}

function showFacts(facts: ServerFacts): void {
  // A server that was started again counts from the beginning.
  if (run !== facts.run) newest = 0;
  run = facts.run;
  startedAt = performance.now() - facts.upMs;
  showText('fact-process', `${facts.pid}, Node ${facts.node}`);
  showText('fact-uptime', uptime(facts.upMs));
  showText('fact-sockets', facts.sockets);
  showText('fact-streams', facts.streams);
  showText('fact-polls', facts.polls);
}

function uptime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
