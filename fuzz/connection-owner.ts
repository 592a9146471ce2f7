/**
 * The owner of a connection that is fuzzed: keeps the laws of its sink, and calls what an owner may
 * call, between the reads and in the middle of callbacks.
 */
import { UsageError } from 'barewire/base';
import type { CloseReport, Connection, ConnectionSink, OutgoingMessage } from 'barewire/connection';
import type { MessageCodec } from 'barewire/deflate';
import type { Choices } from './engine/choices.ts';
import { expectLaw } from './engine/target.ts';

/** What was accepted: a message, or one that is written in pieces and may have no end yet. */
export class Accepted {
  readonly kind: 'text' | 'binary';
  hex: string;
  readonly stream: OutgoingMessage | undefined;

  constructor(kind: 'text' | 'binary', bytes: Buffer, stream?: OutgoingMessage) {
    this.kind = kind;
    this.hex = bytes.toString('hex');
    this.stream = stream;
  }

  /** The same as a line, to compare. */
  get line(): string {
    return `${this.kind} ${this.hex}`;
  }

  /** Nothing can follow behind it before it ends, and it has not. */
  get isUnfinished(): boolean {
    return this.stream !== undefined && !this.stream.isComplete;
  }
}

/** A sink with laws. */
export class Owner implements ConnectionSink {
  readonly written: Buffer[] = [];
  /** What the connection was given before its end. */
  readonly given: Buffer[] = [];
  accepted: Accepted[] = [];
  /** The message that is being written in pieces. */
  open: Accepted | undefined;
  connection!: Connection;
  report: CloseReport | undefined;
  isClient = false;
  congested = false;
  isPaused = false;
  wantsEnd = false;
  /** What waited for the transport, and in it, is lost. */
  isCut = false;
  /** The peer's side of the transport has ended: what waits may be dropped. */
  hasPeerEnded = false;
  /** What the transport was told last. */
  isReading = true;
  /** Pongs that were sent unasked. */
  pongs = 0;
  /** Its compressor, and what a message may have. */
  codec: MessageCodec | undefined;
  most = Number.POSITIVE_INFINITY;
  #pieceBytes = 0;
  /** Bits that say at which callbacks something is done. */
  meddling = 0;
  meddle: () => void = () => {};

  #deliver(): void {
    expectLaw(this.report === undefined, 'nothing follows the report');
    expectLaw(!this.isPaused, 'nothing is delivered while paused');
    const { state } = this.connection;
    expectLaw(
      state === 'open' || state === 'close-sent',
      'nothing is delivered when closed',
      () => state,
    );
    this.#mayMeddle();
  }

  #mayMeddle(): void {
    const isDue = (this.meddling & 1) === 1;
    this.meddling >>>= 1;
    if (isDue) this.meddle();
  }

  /** What holds between any two calls of the owner. */
  checkRest(): void {
    const { state, isOpen } = this.connection;
    const isPausing = isOpen && this.isPaused;
    const says = (): string => JSON.stringify({ state, isPausing, isReading: this.isReading });
    expectLaw(this.hasPeerEnded || this.isReading === !isPausing, 'pausing is passed on', says);
    if (state !== 'failed' && state !== 'closed') return;
    expectLaw((this.codec?.memoryBytes ?? 0) === 0, 'no compressor is kept behind the end');
  }

  #count(piece: string | Buffer): void {
    this.#pieceBytes += Buffer.byteLength(piece);
    expectLaw(this.#pieceBytes <= this.most, 'no message has more than it may');
  }

  message(data: string | Buffer): void {
    this.#pieceBytes = 0;
    this.#count(data);
    this.#deliver();
  }
  messageStart(): void {
    this.#pieceBytes = 0;
    this.#deliver();
  }
  messagePiece(piece: string | Buffer): void {
    expectLaw(piece.length > 0, 'no piece is empty');
    this.#count(piece);
    this.#deliver();
  }
  messageEnd(): void {
    this.#deliver();
  }
  ping(payload: Buffer): void {
    expectLaw(payload.length <= 125, 'pings are short');
    this.#deliver();
  }
  pong(): void {
    this.#deliver();
  }
  write(bytes: Buffer): boolean {
    expectLaw(this.report === undefined, 'nothing is written after the report');
    expectLaw(bytes.length > 0, 'nothing empty is written');
    this.written.push(Buffer.from(bytes));
    return !this.congested;
  }
  wantsFlush(): void {
    // At the end of the turn: `settle` does it.
  }
  isCongested(): boolean {
    return this.congested;
  }
  wantsInput(isWanted: boolean): void {
    this.isReading = isWanted;
  }
  endTransport(): void {
    const isFirst = this.isClient && this.connection.state === 'exchanged' && !this.hasPeerEnded;
    expectLaw(!isFirst, 'a server ends the transport first');
    this.wantsEnd = true;
  }
  abortTransport(): void {
    this.wantsEnd = true;
    this.isCut = true;
  }
  closed(report: CloseReport): void {
    expectLaw(this.report === undefined, 'closed is reported once');
    this.report = report;
  }
}

/** One call of the owner. */
export type Act = (owner: Owner, choices: Choices, clock: { nowMs: number }) => void;

const EMPTY = Buffer.alloc(0);
const LAST = Buffer.from('the last piece');
const TEXT = 'a message of some length, a message of some length';

function send(owner: Owner, data: string | Buffer, compress?: boolean): void {
  const wasAccepted = owner.connection.send(data, compress === undefined ? {} : { compress });
  const kind = typeof data === 'string' ? 'text' : 'binary';
  if (wasAccepted) owner.accepted.push(new Accepted(kind, Buffer.from(data)));
}

/** What an owner may do at any time. */
export const ACTS: readonly Act[] = [
  () => {},
  (owner, choices) => send(owner, TEXT.slice(choices.byte() % 51)),
  (owner, choices) => send(owner, Buffer.alloc(choices.byte(), 'κ'), choices.flag()),
  (owner) => owner.connection.ping(),
  (owner) => {
    if (owner.connection.pong(Buffer.from('p'))) owner.pongs += 1;
  },
  (owner, choices) => owner.connection.close(choices.pick([1000, 1001, 4999, undefined])),
  (owner) => {
    owner.isPaused = true;
    owner.connection.pause();
  },
  (owner) => {
    owner.isPaused = false;
    owner.connection.resume();
  },
  (owner, _, clock) => {
    clock.nowMs += 1000;
    owner.connection.tick(clock.nowMs);
  },
  (owner, _, clock) => {
    clock.nowMs += 30_000;
    owner.connection.tick(clock.nowMs);
  },
  (owner) => {
    owner.congested = true;
  },
  (owner) => {
    owner.congested = false;
    owner.connection.drained();
  },
  (owner) => owner.connection.flush(),
  (owner, choices) => {
    startStream(owner, choices.flag());
    writePiece(owner, 3);
    endStream(owner);
  },
  (owner) => {
    owner.hasPeerEnded = true;
    owner.connection.receiveEnd();
  },
  (owner) => owner.connection.terminate(),
  (owner) => owner.connection.transportClosed(),
  (owner, choices) => startStream(owner, choices.flag()),
  (owner, choices) => writePiece(owner, choices.byte()),
  endStream,
  abandonStream,
];

function startStream(owner: Owner, compress: boolean): void {
  if (owner.open !== undefined) return;
  try {
    const stream = owner.connection.startMessage('binary', { compress });
    owner.open = new Accepted('binary', EMPTY, stream);
    owner.accepted.push(owner.open);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    expectLaw(!owner.connection.isOpen, 'only who is closing takes no message');
  }
}

function writePiece(owner: Owner, length: number): void {
  const piece = Buffer.alloc(length, 'piece');
  if (owner.open?.stream?.write(piece)) owner.open.hex += piece.toString('hex');
}

function endStream(owner: Owner): void {
  const { open } = owner;
  owner.open = undefined;
  if (open?.stream?.end(LAST)) open.hex += LAST.toString('hex');
}

/** What leaves no trace was never there. */
function abandonStream(owner: Owner): void {
  const { open } = owner;
  owner.open = undefined;
  if (open?.stream === undefined || open.stream.isDropped) return;
  if (open.stream.abandon()) owner.accepted = owner.accepted.filter((entry) => entry !== open);
}
