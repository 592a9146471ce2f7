/** The chat: one WebSocket, who is online, and how far away the server is. */
import { pulse } from './bus.ts';
import { duration, find, hueOf, isAtEnd, keepNewest, make, showState, showText } from './dom.ts';
import { firstName, pageId, rememberName } from './identity.ts';
import { Link } from './link.ts';
import type { ChatFromPage, ChatLine, ChatToPage, Person } from './messages.ts';

const KEPT_LINES = 200;
const SHOWN_PEOPLE = 11;
const RTT_POINTS = 40;

const lines = find<HTMLOListElement>('lines');
const nameField = find<HTMLInputElement>('name');
const sayField = find<HTMLInputElement>('say');
const roundTrips: number[] = [];
let me = '';
let newestLine = 0;
let run = '';
let countdown: ReturnType<typeof setInterval> | undefined;

/** Joins the chat, and stays. */
export function startChat(): void {
  nameField.value = firstName();
  const link = new Link(`/chat?page=${pageId}`, {
    open() {
      clearInterval(countdown);
      showState('chat-state', 'open', 'open');
      tellName();
    },
    message(text) {
      pulse('chat');
      take(JSON.parse(text) as ChatToPage);
    },
    down: showCountdown,
  });
  const send = (message: ChatFromPage): boolean => link.send(message);
  const tellName = (): void => {
    rememberName(nameField.value);
    send({ type: 'name', name: nameField.value });
  };

  nameField.addEventListener('change', tellName);
  find('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = sayField.value.trim();
    // A message that could not be sent stays in the field.
    if (text !== '' && send({ type: 'say', text })) sayField.value = '';
    sayField.focus();
  });
  find('drop').addEventListener('click', () => send({ type: 'drop' }));
}

function take(message: ChatToPage): void {
  switch (message.type) {
    case 'welcome':
      me = message.you;
      if (run !== message.run) newestLine = 0;
      run = message.run;
      // After a reconnection the server tells the last lines again; only the new ones are added.
      for (const line of message.lines) addLine(line);
      break;
    case 'line':
      addLine(message.line);
      break;
    case 'people':
      showPeople(message.people, message.count);
      break;
    case 'rtt':
      showRoundTrip(message.ms);
      break;
    case 'refused':
      addNote(message.reason);
      // What was said too fast comes back, unless something else has been begun.
      if (sayField.value === '') sayField.value = message.text ?? '';
  }
}

function showCountdown(waitMs: number, attempt: number): void {
  clearInterval(countdown);
  const until = performance.now() + waitMs;
  const show = (): void => {
    const left = Math.max(0, until - performance.now()) / 1000;
    showState('chat-state', 'waiting', `back in ${left.toFixed(1)} s, attempt ${attempt}`);
  };
  show();
  countdown = setInterval(show, 100);
}

function addLine(line: ChatLine): void {
  if (line.id <= newestLine) return;
  newestLine = line.id;
  if (line.kind === 'note') addNote(line.text);
  else append(said(line));
}

function said(line: ChatLine): HTMLElement {
  const at = new Date(line.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const item = make(
    'li',
    { class: line.from === me ? 'mine' : undefined },
    make('span', { class: 'face', 'aria-hidden': true }, initials(line.name)),
    make('span', { class: 'who' }, make('b', {}, line.name), make('time', {}, at)),
    make('span', { class: 'what' }, line.text),
  );
  item.style.setProperty('--hue', String(hueOf(line.name)));
  return item;
}

function addNote(text: string): void {
  append(make('li', { class: 'note' }, text));
}

function append(item: HTMLElement): void {
  const follows = isAtEnd(lines);
  lines.append(item);
  keepNewest(lines, KEPT_LINES);
  if (follows) lines.scrollTop = lines.scrollHeight;
}

function initials(name: string): string {
  const words = name.split(/\s+/).map((word) => [...word][0] ?? '');
  return (words[0] ?? '?') + (words[1] ?? '');
}

function showPeople(people: readonly Person[], count: number): void {
  const chips = people.slice(0, SHOWN_PEOPLE).map((person) => {
    const chip = make('li', { class: person.id === me ? 'me' : undefined }, person.name);
    chip.style.setProperty('--hue', String(hueOf(person.name)));
    return chip;
  });
  const hidden = count - chips.length;
  if (hidden > 0) chips.push(make('li', { class: 'more' }, `and ${hidden} more`));
  find('people').replaceChildren(...chips);
}

/** The latest round trips as a line; the scale follows the longest one shown. */
function showRoundTrip(ms: number): void {
  showText('rtt', duration(ms));
  roundTrips.push(ms);
  if (roundTrips.length > RTT_POINTS) roundTrips.shift();
  const top = Math.max(...roundTrips, 1);
  const points = roundTrips.map((value, index) => {
    // The newest is at the right edge.
    const x = ((RTT_POINTS - roundTrips.length + index) / (RTT_POINTS - 1)) * 120;
    return `${x.toFixed(1)} ${(22 - (value / top) * 20).toFixed(1)}`;
  });
  document.querySelector('#rtt-graph path')?.setAttribute('d', `M${points.join('L')}`);
}
