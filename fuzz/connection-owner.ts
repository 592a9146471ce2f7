/**
 * The owner of a connection that is fuzzed: keeps the laws of its sink, and calls what an owner may
 * call, between the reads and in the middle of callbacks.
 */
import { UsageError } from 'barewire/base';
import type { CloseReport, Connection, ConnectionSink } from 'barewire/connection';
import type { Choices } from './engine/choices.ts';
import { expectLaw } from './engine/target.ts';

/** A sink with laws. */
export class Owner implements ConnectionSink {
  readonly written: Buffer[] = [];
  readonly accepted: string[] = [];
  connection!: Connection;
  report: CloseReport | undefined;
  congested = false;
  isPaused = false;
  wantsEnd = false;
  /** What waited for the transport, and in it, is lost. */
  isCut = false;
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

  message(): void {
    this.#deliver();
  }
  messageStart(): void {
    this.#deliver();
  }
  messagePiece(piece: string | Buffer): void {
    expectLaw(piece.length > 0, 'no piece is empty');
    this.#deliver();
  }
  messageEnd(): void {
    this.#deliver();
  }
  ping(payload: Buffer): void {
    expectLaw(payload.length <= 125, 'pings are short');
    this.#mayMeddle();
  }
  pong(): void {
    this.#mayMeddle();
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
  wantsInput(): void {}
  endTransport(): void {
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

const TEXT = 'a message of some length, a message of some length';

function send(owner: Owner, data: string | Buffer, compress?: boolean): void {
  const wasAccepted = owner.connection.send(data, compress === undefined ? {} : { compress });
  const kind = typeof data === 'string' ? 'text' : 'binary';
  if (wasAccepted) owner.accepted.push(`${kind} ${Buffer.from(data).toString('hex')}`);
}

/** What an owner may do at any time. */
export const ACTS: readonly Act[] = [
  () => {},
  (owner, choices) => send(owner, TEXT.slice(choices.byte() % 51)),
  (owner, choices) => send(owner, Buffer.alloc(choices.byte(), 'κ'), choices.flag()),
  (owner) => owner.connection.ping(),
  (owner) => owner.connection.pong(Buffer.from('p')),
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
  (owner) => stream(owner),
  (owner) => owner.connection.receiveEnd(),
  (owner) => owner.connection.terminate(),
  (owner) => owner.connection.transportClosed(),
];

function stream(owner: Owner): void {
  try {
    const message = owner.connection.startMessage('binary');
    message.write(Buffer.from('in '));
    message.end(Buffer.from('pieces'));
    owner.accepted.push(`binary ${Buffer.from('in pieces').toString('hex')}`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
}
