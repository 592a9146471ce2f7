/** Our reader as a contender of bench/http, and what it is asked for. */
import { type RequestHead, RequestReader, type ResponseHead, ResponseReader } from 'barewire/http';
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

/** What both readers tell behind a head. */
class TallySink {
  readonly tally: Tally;
  readonly visit: (name: string, value: string) => void;
  reader!: RequestReader | ResponseReader;

  constructor(tally: Tally) {
    this.tally = tally;
    this.visit = (name, value) => tally.pair(name, value);
  }

  body(bytes: Buffer): void {
    this.tally.bodyBytes += bytes.length;
  }

  end(): void {
    this.tally.messages += 1;
    // An upgrade that is not taken: the next message follows.
    if (this.reader.isPaused) this.reader.resume();
  }

  failed(error: Error): never {
    throw error;
  }
}

class RequestTally extends TallySink {
  head({ method, target, fields }: RequestHead): void {
    this.tally.pair(method, target);
    fields.forEach(this.visit);
  }
}

class ResponseTally extends TallySink {
  head({ status, reason, fields }: ResponseHead): void {
    this.tally.pair(String(status), reason);
    fields.forEach(this.visit);
  }
}

function openRequests(tally: Tally): (chunk: Buffer) => void {
  const sink = new RequestTally(tally);
  const reader = new RequestReader(sink);
  sink.reader = reader;
  return (chunk) => reader.receive(chunk);
}

function openResponses(tally: Tally): (chunk: Buffer) => void {
  const sink = new ResponseTally(tally);
  const reader = new ResponseReader(sink);
  sink.reader = reader;
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
