/**
 * Text that many responses get in one turn: an event for all streams.
 *
 * ```
 *   stream 1   text ──► slab               as any text
 *   stream 2   text ──► bytes, kept        it comes again: encoded and framed, and remembered
 *   stream 3 …          the same bytes     by reference
 * ```
 * As with the frames of a broadcast, no stream may change the bytes that its `_write` gets.
 *
 * Whether it comes again is seen by comparing it with the one before; nobody has to say so. At the
 * end of the turn it is forgotten. Without fast paths every text is the first of its kind.
 */
import { hasFastPath } from '../base/index.ts';
import { flushAtTurnEnd } from '../peer/index.ts';
import { type EventFields, encodeEvent } from '../sse/index.ts';

const IS_FAST = hasFastPath('shared-text');

/** One text, and the bytes that it becomes. */
export class SharedText {
  readonly text: string;
  /** Of the text as UTF-8. */
  readonly byteLength: number;
  /** It has come again. */
  isRepeated = false;
  #plain: Buffer | undefined;
  #chunk: Buffer | undefined;

  constructor(text: string) {
    this.text = text;
    this.byteLength = Buffer.byteLength(text);
  }

  /**
   * The text as bytes between what frames it, both empty or always the same; `undefined` for the
   * first who asks, who needs no bytes of his own.
   */
  framed(before: string, after: string): Buffer | undefined {
    if (!this.isRepeated) return undefined;
    if (before === '') {
      this.#plain ??= Buffer.from(this.text);
      return this.#plain;
    }
    this.#chunk ??= Buffer.from(before + this.text + after);
    return this.#chunk;
  }
}

interface SharedEvent extends EventFields {
  readonly text: string;
}

let last: SharedText | undefined;
let lastEvent: SharedEvent | undefined;
let isRemembering = false;
const forget = {
  flush(): void {
    last = undefined;
    lastEvent = undefined;
    isRemembering = false;
  },
};

function rememberUntilTurnEnd(): void {
  if (isRemembering) return;
  isRemembering = true;
  flushAtTurnEnd(forget);
}

/** Finds the text if it was the last one of this turn, else remembers it. */
export function shareText(text: string): SharedText {
  if (last?.text === text && IS_FAST) {
    last.isRepeated = true;
    return last;
  }
  rememberUntilTurnEnd();
  last = new SharedText(text);
  return last;
}

/** As `encodeEvent`, for an event that other streams get in this turn as well. */
export function encodeSharedEvent(fields: EventFields): string {
  const { data, event, id, retry } = fields;
  const known = lastEvent;
  const isKnown =
    known?.data === data && known?.event === event && known?.id === id && known?.retry === retry;
  if (IS_FAST && known !== undefined && isKnown) return known.text;
  const text = encodeEvent(fields);
  rememberUntilTurnEnd();
  lastEvent = { data, event, id, retry, text };
  return text;
}
