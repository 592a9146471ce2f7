/**
 * What the page and its server say to each other, as JSON. Types only: both sides import them, and
 * nothing of this file is left at run time.
 */

/** A line of the chat. */
export interface ChatLine {
  /** Grows by one with each line. */
  readonly id: number;
  readonly kind: 'said' | 'note';
  /** The member that said it. */
  readonly from: string;
  readonly name: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Somebody who is online. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

/** Page to server, on `/chat`. */
export type ChatFromPage =
  | { readonly type: 'name'; readonly name: string }
  | { readonly type: 'say'; readonly text: string }
  /** Asks the server to cut this very connection. */
  | { readonly type: 'drop' };

/** Server to page, on `/chat`. */
export type ChatToPage =
  | {
      readonly type: 'welcome';
      readonly you: string;
      /** Names the run of the server: lines are counted anew in each. */
      readonly run: string;
      readonly lines: readonly ChatLine[];
    }
  | { readonly type: 'people'; readonly count: number; readonly people: readonly Person[] }
  | { readonly type: 'line'; readonly line: ChatLine }
  | { readonly type: 'rtt'; readonly ms: number }
  /** `text`: what was said too fast, to be said again. */
  | { readonly type: 'refused'; readonly reason: string; readonly text?: string };

/** One event of the ticker, as JSON in the data of `/events` and in the answers of `/poll`. */
export interface Tick {
  /** Counts the events from 1; the page uses it to prove that none is missing. */
  readonly n: number;
  /** The ticker's value, 0 – 100. */
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An answer of `/poll`. */
export interface PollAnswer {
  readonly ticks: readonly Tick[];
  /** The position to name in the next poll. */
  readonly lastId: string;
  /**
   * Why it was answered: there are ticks, the time is over, a newer poll came, or too many wait.
   */
  readonly why: 'ticks' | 'timeout' | 'replaced' | 'busy' | 'reset';
  /** How long the request was held, in milliseconds. */
  readonly heldMs: number;
}

/** What passed on the wire, and when. */
export type WireRecord = WireFrame | WireHandshake | WireBroken | WireEnd;

interface WireMoment {
  /** Grows from record to record, as long as the server runs. */
  readonly seq: number;
  /** Which WebSocket connection of the page: 1, 2, … after reconnections. */
  readonly connection: number;
  /** `in`: from the page to the server. */
  readonly direction: 'in' | 'out';
  /** Milliseconds since this connection's first byte. */
  readonly at: number;
}

/** The opening handshake: a request or a response, byte for byte. */
export interface WireHandshake extends WireMoment {
  readonly kind: 'handshake';
  /** Latin-1, so that each character is one byte. */
  readonly text: string;
}

/** What came this way breaks a rule: from here on it is not read any more. */
export interface WireBroken extends WireMoment {
  readonly kind: 'broken';
  readonly text: string;
}

/** The connection is gone. */
export interface WireEnd extends WireMoment {
  readonly kind: 'end';
  readonly text: string;
}

/** A frame [RFC 6455 §5.2]. */
export interface WireFrame extends WireMoment {
  readonly kind: 'frame';
  /** The header as it passed, 2 – 14 bytes, as hex; the rest is read from it. */
  readonly header: string;
  readonly fin: boolean;
  /** RSV1 = 4, RSV2 = 2, RSV3 = 1. */
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payloadLength: number;
  /** The payload after unmasking, as hex; only its beginning when it is long. */
  readonly payload: string;
}

/** Server to page, on `/wire`. */
export type WireToPage =
  | { readonly type: 'record'; readonly record: WireRecord }
  | { readonly type: 'hijack'; readonly text: string; readonly isFirst: boolean }
  | { readonly type: 'facts'; readonly facts: ServerFacts };

/** What the server says about itself. */
export interface ServerFacts {
  /** Names the run of the server. */
  readonly run: string;
  readonly pid: number;
  readonly node: string;
  readonly upMs: number;
  readonly sockets: number;
  readonly streams: number;
  readonly polls: number;
}
