/**
 * The words of the suite: what a case is, what it sends, what it may receive, and how it is judged.
 *
 * ```
 * Group 5 "Fragmentation"
 *   Chapter 5 "…" : the rule, its section, and what a wrong peer does
 *     Case 5.6 : script (steps to play) + expected events + expected close  ──▶  two verdicts
 * ```
 * The *testee* is the implementation under test. It is always an echo peer: every data message
 * comes back with the same type and payload, every ping is answered. The *fuzzer* is this suite.
 * Case ids, bytes, timers and verdicts are those of the Autobahn test suite, so results can be
 * compared.
 */
import type { Series } from './deflated-series.ts';
import type { Acting, Stage } from './stage.ts';

/** What became of the case itself. */
export type Behavior = 'OK' | 'NON-STRICT' | 'INFORMATIONAL' | 'UNIMPLEMENTED' | 'FAILED';

/** How the connection ended, judged apart from what was said on it. */
export type CloseBehavior =
  | 'OK'
  | 'UNCLEAN'
  | 'WRONG CODE'
  | 'FAILED BY CLIENT'
  | 'FAILED'
  | 'INFORMATIONAL';

/** Which end of the connection someone is. */
export type Role = 'client' | 'server';

/** Something that the fuzzer saw happen. Pings of the testee are answered, not recorded. */
export type RecordedEvent =
  | { readonly kind: 'message'; readonly payload: Buffer; readonly isBinary: boolean }
  | { readonly kind: 'pong'; readonly payload: Buffer }
  | { readonly kind: 'timeout'; readonly tag: string };

/** A payload: bytes, or a short pattern that fills `length` bytes, the last round cut off. */
export interface Payload {
  readonly pattern: Buffer;
  readonly length: number;
}

/** How a frame goes out. Octets do not change; only the writes do. */
export interface Pacing {
  /** Write the frame in pieces of this many octets, with a turn of the event loop between them. */
  readonly chop?: number | undefined;
  /** Write the frame on its own, with a turn of the event loop after it. */
  readonly sync?: boolean | undefined;
}

/** One frame, written exactly as given, legal or not. */
export interface FrameStep extends Pacing {
  readonly do: 'frame';
  readonly opcode: number;
  readonly payload: Payload;
  readonly fin: boolean;
  /** RSV1 = 4, RSV2 = 2, RSV3 = 1. */
  readonly rsv: number;
  /** Bits of the length field when it is not the shortest form. */
  readonly lengthForm?: 7 | 16 | 64 | undefined;
  /** Announces another length than the payload's. */
  readonly announcedLength?: number | bigint | undefined;
  /** Masks as server, or does not as client. */
  readonly isMaskedWrongly?: boolean | undefined;
  /** The masking key to use; as client only. */
  readonly maskingKey?: number | undefined;
}

/** One thing that a script does. Times are in seconds, as the catalogue states them. */
export type Step =
  | FrameStep
  /** A data message, cut every `fragmentBytes`; see `fragment` for the empty last frame. */
  | {
      readonly do: 'message';
      readonly opcode: 1 | 2;
      readonly payload: Payload;
      readonly fragmentBytes?: number | undefined;
      /** Automatic fragmentation: no empty last frame unless the payload is empty. */
      readonly withoutEmptyEnd?: boolean | undefined;
      readonly chop?: number | undefined;
    }
  /** The head of a frame whose payload follows in `piece` steps. */
  | {
      readonly do: 'frame-head';
      readonly opcode: number;
      readonly fin: boolean;
      readonly length: number;
      readonly rsv?: number | undefined;
    }
  /** The next payload octets of the frame begun last, masked on from where the last piece ended. */
  | { readonly do: 'piece'; readonly bytes: Buffer }
  /** Octets that are written as they stand, without frame or mask. */
  | { readonly do: 'octets'; readonly bytes: Buffer }
  /** The fuzzer starts the closing handshake: only the first such close frame goes out. */
  | { readonly do: 'close'; readonly payload: Buffer }
  /**
   * Goes on after `seconds`, unless a close frame has been sent or received by then; with a tag,
   * the passing of the time is recorded as an event.
   */
  | { readonly do: 'wait'; readonly seconds: number; readonly tag?: string | undefined }
  /** After `seconds`: an empty close frame. */
  | { readonly do: 'close-after'; readonly seconds: number }
  /** After `seconds`: the fuzzer fails the connection (1001), or drops TCP when it has closed. */
  | { readonly do: 'kill-after'; readonly seconds: number };

/** Which event lists earn which verdict; everything else is FAILED. */
export interface Expected {
  readonly OK: readonly RecordedEvent[];
  readonly 'NON-STRICT'?: readonly RecordedEvent[];
}

/** How the connection shall end. */
export interface CloseExpectation {
  /** Whether the fuzzer must be the one that sends a close frame first. */
  readonly closedByMe: boolean;
  /** Codes that the testee may send. No code at all is always fine. */
  readonly codes: readonly number[];
  /** Whether both close frames must have been exchanged. */
  readonly requireClean: boolean;
  /** A close by the wrong end fails the case, not only its closing verdict. */
  readonly wrongEndIsFatal?: boolean;
  /** A close with the wrong code fails the case, not only its closing verdict. */
  readonly wrongCodeIsFatal?: boolean;
  /** A close frame without a code is a wrong code, too; dropping TCP is not. */
  readonly needsCode?: boolean;
  /** The case itself says how it may end: there is nothing to judge apart. */
  readonly isPartOfCase?: boolean;
}

/** What the fuzzer says about permessage-deflate in the opening handshake. */
export interface CompressionPlan {
  /** As client: the value of `Sec-WebSocket-Extensions`. */
  readonly offer: string;
  /** As server: what it answers, tried in this order over all offers. */
  readonly accept: readonly CompressionAnswer[];
  /** What the case sends, when it is one series from beginning to end. */
  readonly series?: Series | undefined;
}

/** One way to accept an offer of permessage-deflate. */
export interface CompressionAnswer {
  readonly clientNoContextTakeover: boolean;
  /** Set: only an offer with `client_max_window_bits` will do; it is answered with this value. */
  readonly clientMaxWindowBits?: number | undefined;
}

/** One case. */
export interface Case {
  readonly id: string;
  /** What is sent. */
  readonly description: string;
  /** What a correct testee does. */
  readonly expectation: string;
  /** Where the rule stands when it is not the chapter's own source. */
  readonly source?: string;
  /** Why it matters, when there is more to say than the chapter says. */
  readonly why?: string;
  /** Played once the connection is open. */
  readonly script: readonly Step[];
  readonly expected: Expected;
  readonly close: CloseExpectation;
  /** Whether the fuzzer closes as soon as the events equal every expected list. Default true. */
  readonly autoClose?: boolean;
  /** Both verdicts are INFORMATIONAL whatever happens; the result tells what did happen. */
  readonly informational?: (events: readonly RecordedEvent[]) => string;
  /** For cases that judge by themselves: built for each run. */
  readonly act?: (stage: Stage) => Acting;
  readonly compression?: CompressionPlan;
  /** Its messages refer to earlier ones: not for a testee that wants each to begin afresh. */
  readonly needsContext?: boolean;
  /** Large transfers: run with few others at a time, and logged only in part. */
  readonly isHeavy?: boolean;
  /** Whether reports show the duration, and the compression ratio. */
  readonly reportTime?: boolean;
  readonly reportCompressionRatio?: boolean;
  /** The opening handshake is what is tested. */
  readonly opening?: OpeningTest;
}

/** A case about the opening handshake. Most never come to frames. */
export interface OpeningTest {
  /** The fuzzer as client: turns a good request into the one to send, and judges the answer. */
  readonly request?: {
    readonly edit: (head: string) => string;
    readonly judge: (answer: OpeningAnswer) => readonly [Behavior, because: string];
  };
  /** The fuzzer as server: turns a good answer into a bad one that the testee must refuse. */
  readonly response?: { readonly edit: (head: string) => string };
  /** The fuzzer as server: the answer and the first frames leave in one write. */
  readonly isJoined?: boolean;
}

/** How a testee answered a request to open a connection. */
export interface OpeningAnswer {
  /** `undefined` when there was no answer: the connection was closed, or time ran out. */
  readonly status: number | undefined;
  /** The head as it came. */
  readonly head: string;
  readonly wasTimeout: boolean;
}

/** Cases with one rule in common: the lesson. */
export interface Chapter {
  readonly id: string;
  readonly title: string;
  /** The section, as `RFC 6455 §5.5`. */
  readonly source: string;
  /** The rule, in our words. */
  readonly rule: string;
  /** What a peer that gets it wrong does. */
  readonly mistake: string;
  readonly cases: readonly Case[];
}

/** One group of the catalogue. */
export interface Group {
  readonly id: string;
  readonly title: string;
  readonly chapters: readonly Chapter[];
}
