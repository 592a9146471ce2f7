/**
 * The chat: who is here, and who said what. No sockets: a member is something that takes text.
 *
 * Whatever members send is untrusted and goes to all others as JSON; the page never makes HTML of
 * it.
 */
import { PreparedMessage } from 'barewire/peer';
import type { ChatFromPage, ChatLine, ChatToPage, Person } from './page/messages.ts';

const KEPT_LINES = 40;
const MAX_NAME = 24;
const MAX_TEXT = 500;
/** In a larger room nobody reads who comes and goes, and telling everybody costs n². */
const SMALL_ROOM = 30;
const LISTED_PEOPLE = 40;
/** Arrivals of one moment are told together; the more there are to tell, the longer a moment is. */
const PEOPLE_DELAY_MS = 80;
const PEOPLE_DELAY_EACH_MS = 1;
/** A member may say this much at once, and then so many a second. */
const BURST = 8;
const PER_SECOND = 3;

/** What the room needs of a connection. */
export interface ChatPeer {
  /** Sends a message; what goes to everybody is encoded only once. */
  send(message: PreparedMessage): void;
  /** Breaks the connection without a closing handshake. */
  cut(): void;
}

/** Somebody in the room. */
export interface Member {
  readonly id: string;
  readonly peer: ChatPeer;
  /** "" until the page has told it; nameless members are not shown. */
  name: string;
  allowance: number;
  allowedAt: number;
}

/** One room for everybody. */
export class ChatRoom {
  readonly #members = new Map<string, Member>();
  readonly #lines: ChatLine[] = [];
  readonly #run: string;
  readonly #now: () => number;
  #memberCount = 0;
  #lineCount = 0;
  #peopleTimer: NodeJS.Timeout | undefined;

  /** @param run names the run of the server. */
  constructor(run: string, now: () => number = Date.now) {
    this.#run = run;
    this.#now = now;
  }

  /** How many are connected. */
  get size(): number {
    return this.#members.size;
  }

  /** Lets a connection in and tells it what was said lately. */
  enter(peer: ChatPeer): Member {
    this.#memberCount += 1;
    const id = `m${this.#memberCount}`;
    const member = { id, peer, name: '', allowance: BURST, allowedAt: this.#now() };
    this.#members.set(id, member);
    tell(peer, { type: 'welcome', you: id, run: this.#run, lines: this.#lines });
    this.#peopleChanged();
    return member;
  }

  /** Forgets a connection. */
  leave(member: Member): void {
    if (!this.#members.delete(member.id)) return;
    if (member.name !== '') this.#note(`${member.name} left`);
    this.#peopleChanged();
  }

  /** Takes a message from the page of `member`; anything but what a page sends is refused. */
  take(member: Member, text: string): void {
    const message = parseMessage(text);
    if (message === undefined) {
      tell(member.peer, { type: 'refused', reason: 'That was no message of the chat.' });
      return;
    }
    switch (message.type) {
      case 'name':
        this.#rename(member, oneLine(message.name, MAX_NAME) || 'Nobody');
        break;
      case 'say':
        this.#say(member, oneLine(message.text, MAX_TEXT));
        break;
      case 'drop':
        member.peer.cut();
    }
  }

  /** Stops the timer that may be running. */
  close(): void {
    clearTimeout(this.#peopleTimer);
  }

  #rename(member: Member, name: string): void {
    if (name === member.name) return;
    const before = member.name;
    member.name = name;
    this.#note(before === '' ? `${name} joined` : `${before} is now ${name}`);
    this.#peopleChanged();
  }

  #say(member: Member, text: string): void {
    if (text === '') return;
    if (!this.#allows(member)) {
      tell(member.peer, { type: 'refused', reason: 'Too fast: that message was not sent.', text });
      return;
    }
    this.#addLine('said', member.id, member.name || 'Nobody', text);
  }

  #allows(member: Member): boolean {
    const now = this.#now();
    const earned = ((now - member.allowedAt) / 1000) * PER_SECOND;
    member.allowance = Math.min(BURST, member.allowance + earned);
    member.allowedAt = now;
    if (member.allowance < 1) return false;
    member.allowance -= 1;
    return true;
  }

  #note(text: string): void {
    if (this.#members.size <= SMALL_ROOM) this.#addLine('note', '', '', text);
  }

  #addLine(kind: ChatLine['kind'], from: string, name: string, text: string): void {
    this.#lineCount += 1;
    const line: ChatLine = { id: this.#lineCount, kind, from, name, text, at: this.#now() };
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    this.#broadcast({ type: 'line', line });
  }

  #peopleChanged(): void {
    const delayMs = PEOPLE_DELAY_MS + this.#members.size * PEOPLE_DELAY_EACH_MS;
    this.#peopleTimer ??= setTimeout(() => {
      this.#peopleTimer = undefined;
      const people: Person[] = [];
      for (const { id, name } of this.#members.values()) {
        if (name !== '') people.push({ id, name });
        if (people.length === LISTED_PEOPLE) break;
      }
      this.#broadcast({ type: 'people', count: this.#members.size, people });
    }, delayMs).unref();
  }

  #broadcast(message: ChatToPage): void {
    const prepared = new PreparedMessage(JSON.stringify(message));
    for (const { peer } of this.#members.values()) peer.send(prepared);
  }
}

function tell(peer: ChatPeer, message: ChatToPage): void {
  peer.send(new PreparedMessage(JSON.stringify(message)));
}

/** A message is what it says only when every part has its type. */
function parseMessage(text: string): ChatFromPage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  const { type, name, text: said } = value as Record<string, unknown>;
  if (type === 'name' && typeof name === 'string') return { type, name };
  if (type === 'say' && typeof said === 'string') return { type, text: said };
  return type === 'drop' ? { type } : undefined;
}

/** Control characters become spaces; what is too long is cut between two characters. */
function oneLine(text: string, maxLength: number): string {
  const clean = text
    .slice(0, maxLength * 4)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return [...clean].slice(0, maxLength).join('');
}
