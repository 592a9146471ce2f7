/**
 * What makes messages of bytes, lent to whichever connection is being read.
 *
 * ```
 *   connection ── bytes ──► borrow ─► MessageReader ─► messages ─► is it at rest? ─► give back
 *   connection ── bytes ──►   "      FrameReader, MessageAssembler,      └─ no: it stays, until
 *   connection ── bytes ──►   "      InputGate: 0.6 KiB                     its message is whole
 * ```
 * Between two messages a reader holds nothing of what it has read, so ten thousand connections that
 * wait for one need no reader; and the one that all of them are read with lies in the cache
 * (bench/README.md, P7 and P10). With a part of a frame, an unfinished message, a pause, a job, an
 * end that waits, or the will to read on against a pause it stays where it is. One that has failed
 * or was stopped is never lent again.
 *
 * It knows neither what becomes of messages nor who wants them.
 */
import { hasFastPath, Spares, settleShape } from '../base/index.ts';
import { FrameReader, type FrameReaderOptions } from '../codec/index.ts';
import type { AssemblerOptions, AssemblerSink, MessageInflater } from './assembler-options.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { InputGate, type InputSwitch } from './input-gate.ts';
import { MessageAssembler } from './message-assembler.ts';
import type { MessageDeadline } from './message-deadline.ts';

const IS_LENT = hasFastPath('message-reader');

/** Whom a reader works for. */
export type MessageOwner = AssemblerSink & InputSwitch;

/** How messages are read: connections for which all of it is the same share their readers. */
export type ReadingOptions = Omit<FrameReaderOptions, 'givesInput'> &
  Omit<AssemblerOptions, 'inflater'>;

/** Readers that wait for work, of each kind, at most: one for each that is read inside another. */
const MAX_SPARES = 16;
/** Kinds whose readers are shared: a process has few, such as with and without compression. */
const MAX_KINDS = 16;

/** Stands for an owner while there is none: a reader at rest tells nothing. */
const NOBODY = {} as MessageOwner;

/** Reads messages for one owner at a time. */
export class MessageReader {
  readonly frames: FrameReader;
  readonly assembler: MessageAssembler;
  readonly gate: InputGate;
  /** Made for a message that takes its time: most are here at once. */
  deadline: MessageDeadline | undefined;
  #lengthAtLook = 0;

  /** @throws UsageError `invalid-option` for a limit that is not a whole number. */
  constructor(options: ReadingOptions) {
    this.assembler = new MessageAssembler(NOBODY, options);
    this.frames = new FrameReader(this.assembler, options);
    this.gate = new InputGate(this.frames, NOBODY);
  }

  /** Whether it holds nothing that belongs to its owner. */
  get isAtRest(): boolean {
    return this.frames.isAtRest && !this.assembler.isUnfinished && this.gate.isAtRest;
  }

  /** Whether the message that is unfinished has more bytes than when one looked last. */
  hasGrown(): boolean {
    const { length } = this.assembler;
    const hasGrown = length !== this.#lengthAtLook;
    this.#lengthAtLook = length;
    return hasGrown;
  }

  /** The message is complete: its time, and what one has seen of it, is no other's. */
  ended(): void {
    this.deadline = undefined;
    this.#lengthAtLook = 0;
  }

  /** Works for somebody else. It is at rest. */
  serve(owner: MessageOwner, inflater: MessageInflater | undefined): void {
    this.assembler.serve(owner, inflater);
    this.gate.serve(owner);
  }

  /** Delivers nothing any more. */
  stop(): void {
    this.assembler.stop();
    this.gate.stop();
  }
}

/** The readers of one kind. */
export class MessageReaders {
  readonly #spares: Spares<MessageReader>;

  /** @throws UsageError `invalid-option` for a limit that is not a whole number. */
  constructor(options: ReadingOptions) {
    this.#spares = new Spares(() => new MessageReader(options), MAX_SPARES);
    this.#spares.keep(new MessageReader(options));
  }

  /** Gives out a reader that is at rest. */
  borrow(owner: MessageOwner, inflater: MessageInflater | undefined): MessageReader {
    const reader = this.#spares.take();
    reader.serve(owner, inflater);
    return reader;
  }

  /** Takes a reader back. @returns false when that cannot be: its owner has to keep it. */
  takeBack(reader: MessageReader): boolean {
    if (!IS_LENT || !reader.isAtRest) return false;
    // Who is lent to nobody must not keep a connection in memory.
    reader.serve(NOBODY, undefined);
    this.#spares.keep(reader);
    return true;
  }
}

interface Kind {
  readonly options: ReadingOptions;
  readonly readers: MessageReaders;
}

function areSame(some: ReadingOptions, other: ReadingOptions): boolean {
  if (some.role !== other.role || some.allowRsv1 !== other.allowRsv1) return false;
  if (some.ownsInput !== other.ownsInput || some.delivery !== other.delivery) return false;
  if (some.maxFrameBytes !== other.maxFrameBytes) return false;
  if (some.maxMessageBytes !== other.maxMessageBytes) return false;
  return some.maxFragments === other.maxFragments;
}

/** The kinds that were asked for last, the latest first. */
const kinds: Kind[] = [];

/**
 * Finds the readers for a connection.
 *
 * @throws UsageError `invalid-option` for a limit that is not a whole number.
 */
export function messageReaders(options: ConnectionOptions): MessageReaders {
  const { role, ownsInput = false, delivery = 'message' } = options;
  const { maxFrameBytes, maxMessageBytes, maxFragments } = options;
  const allowRsv1 = options.deflate !== undefined;
  const limits = { maxFrameBytes, maxMessageBytes, maxFragments };
  const wanted: ReadingOptions = { role, allowRsv1, ownsInput, delivery, ...limits };
  const latest = kinds[0];
  if (latest !== undefined && areSame(latest.options, wanted)) return latest.readers;
  return findFurther(wanted);
}

function findFurther(options: ReadingOptions): MessageReaders {
  const index = kinds.findIndex((kind) => areSame(kind.options, options));
  const [known] = index < 0 ? [] : kinds.splice(index, 1);
  const kind = known ?? { options, readers: new MessageReaders(options) };
  kinds.unshift(kind);
  kinds.length = Math.min(kinds.length, MAX_KINDS);
  return kind.readers;
}

settleShape(() => new MessageReader({ role: 'server' }));
