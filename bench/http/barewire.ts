/** Our reader as a contender of bench/http, and what it is asked for. */
import { RequestReader, ResponseReader } from 'barewire/http';
import type { Side } from './inputs.ts';

/** What was delivered so far. */
export class Tally {
  messages = 0;
  characters = 0;
  bodyBytes = 0;
  /** The last strings: what is stored has been made. */
  first = '';
  second = '';
  readonly #everything: string[] | undefined;

  /** @param everything takes all strings, to compare them. */
  constructor(everything?: string[]) {
    this.#everything = everything;
  }

  /** Takes two strings: a name and a value, or whatever else comes in pairs. */
  pair(first: string, second: string): void {
    this.first = first;
    this.second = second;
    this.characters += first.length + second.length;
    this.#everything?.push(first, second);
  }
}

/** One parser. */
export interface HttpContender {
  readonly name: string;
  /** Opens a connection: a function that takes its next bytes. Throws when they are refused. */
  open(side: Side, tally: Tally): (chunk: Buffer) => void;
}

function refuse(error: Error): never {
  throw error;
}

function openRequests(tally: Tally): (chunk: Buffer) => void {
  const visit = (name: string, value: string): void => tally.pair(name, value);
  const reader = new RequestReader({
    head({ method, target, fields }) {
      tally.pair(method, target);
      fields.forEach(visit);
    },
    body(bytes) {
      tally.bodyBytes += bytes.length;
    },
    end() {
      tally.messages += 1;
      // An upgrade that is not taken: the next request follows.
      if (reader.isPaused) reader.resume();
    },
    failed: refuse,
  });
  return (chunk) => reader.receive(chunk);
}

function openResponses(tally: Tally): (chunk: Buffer) => void {
  const visit = (name: string, value: string): void => tally.pair(name, value);
  const reader = new ResponseReader({
    head({ status, reason, fields }) {
      tally.pair(String(status), reason);
      fields.forEach(visit);
    },
    body(bytes) {
      tally.bodyBytes += bytes.length;
    },
    end() {
      tally.messages += 1;
      if (reader.isPaused) reader.resume();
    },
    failed: refuse,
  });
  return (chunk) => {
    reader.expect('GET');
    reader.receive(chunk);
  };
}

/** Ours. */
export const BAREWIRE: HttpContender = {
  name: 'barewire',
  open: (side, tally) => (side === 'request' ? openRequests(tally) : openResponses(tally)),
};
