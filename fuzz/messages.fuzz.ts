/**
 * Messages [RFC 6455 §5.4]: our frame reader and assembler against the receiver of `ws`.
 *
 * Invariants, for any bytes cut anywhere, in both roles: the same messages, pings, pongs and close
 * frames come out of both, and both fail with the same close code. Accepted differences:
 * - *minimal lengths*: a length that is not written in the shortest form is refused here and
 *   accepted there;
 * - *fail fast*: bad UTF-8 is refused here when it comes, there when the message ends; until then
 *   control frames still come out there;
 * - *lengths beyond counting*: 1002 here when the top bit is set, 1009 there;
 * - *whole frames*: a length beyond the limit is refused here with the header, there before its
 *   masking key has come; a close payload of one byte here when it has come, there with the length.
 */
import { ProtocolError } from 'barewire/base';
import { FrameReader, OPCODE, parseClosePayload } from 'barewire/codec';
import { MessageAssembler } from 'barewire/connection';
import * as ws from 'ws';
import { cutAt } from '../spec/support/feeding.ts';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';

interface Outcome {
  readonly events: string[];
  closeCode: number | undefined;
  code: string | undefined;
  /** The input ends inside a frame. */
  endsInFrame: boolean;
}

const newOutcome = (): Outcome => ({
  events: [],
  closeCode: undefined,
  code: undefined,
  endsInFrame: false,
});

const show = (kind: string, data: string | Buffer): string =>
  `${kind} ${Buffer.from(data).toString('hex')}`;

function readOurs(chunks: readonly Buffer[], role: 'client' | 'server', most: number): Outcome {
  const outcome = newOutcome();
  const fail = (error: ProtocolError): void => {
    expectLaw(outcome.code === undefined, 'fails once');
    outcome.code = error.code;
    outcome.closeCode = error.closeCode;
  };
  const closeOurs = (payload: Buffer): void => {
    try {
      const { code, reason } = parseClosePayload(payload);
      outcome.events.push(show(`close ${code}`, reason));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      fail(error);
    }
  };
  const assembler = new MessageAssembler(
    {
      message: (data) => {
        outcome.events.push(show(typeof data === 'string' ? 'text' : 'binary', data));
      },
      messageStart: () => expectLaw(false, 'whole messages only'),
      messagePiece: () => expectLaw(false, 'whole messages only'),
      messageEnd: () => expectLaw(false, 'whole messages only'),
      control: (opcode, payload) => {
        if (opcode !== OPCODE.close) {
          outcome.events.push(show(opcode === OPCODE.ping ? 'ping' : 'pong', payload));
          return;
        }
        assembler.stop();
        reader.stop();
        closeOurs(payload);
      },
      failed: (error) => {
        reader.stop();
        fail(error);
      },
      inflating: () => expectLaw(false, 'nothing is inflated'),
      pauseFrames: () => expectLaw(false, 'nothing is inflated'),
      whenWanted: () => expectLaw(false, 'nothing is inflated'),
      jobDone: () => expectLaw(false, 'nothing is inflated'),
    },
    { maxMessageBytes: most },
  );
  const reader = new FrameReader(assembler, { role });
  for (const chunk of chunks) reader.receive(chunk);
  outcome.endsInFrame = outcome.code === undefined && reader.isInsideFrame;
  expectLaw(assembler.heldBytes <= 2 * most + 64, 'keeps no more than a message');
  return outcome;
}

function statusCodeOf(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error).find(
    ({ description }) => description === 'status-code',
  );
  return symbol === undefined ? -1 : (error as unknown as Record<symbol, number>)[symbol]!;
}

interface SyncReceiver {
  on(event: string, listener: (...given: never[]) => void): void;
  _write(chunk: Buffer, encoding: string, done: (error?: Error | null) => void): void;
}

/** `ws` exports it, though its types do not say so. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => SyncReceiver };

function readTheirs(chunks: readonly Buffer[], role: 'client' | 'server', most: number): Outcome {
  const outcome = newOutcome();
  const isServer = role === 'server';
  const receiver = new Receiver({ isServer, maxPayload: most, allowSynchronousEvents: true });
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    outcome.events.push(show(isBinary ? 'binary' : 'text', data)),
  );
  receiver.on('ping', (data: Buffer) => outcome.events.push(show('ping', data)));
  receiver.on('pong', (data: Buffer) => outcome.events.push(show('pong', data)));
  receiver.on('conclude', (code: number, reason: Buffer) =>
    outcome.events.push(show(`close ${code}`, reason)),
  );
  for (const chunk of chunks) {
    if (outcome.closeCode !== undefined) break;
    receiver._write(chunk, '', (error) => {
      if (error) outcome.closeCode = statusCodeOf(error);
    });
  }
  return outcome;
}

const isPrefix = (short: readonly string[], long: readonly string[]): boolean =>
  short.every((event, index) => event === long[index]);

function compare(ours: Outcome, theirs: Outcome): boolean {
  if (!isPrefix(ours.events, theirs.events)) return false;
  const more = theirs.events.slice(ours.events.length);
  switch (ours.code) {
    case 'length-not-minimal': // minimal lengths
      return true;
    case 'text-not-utf8': // fail fast
      return more.every((event) => !/^(text|binary)/.test(event));
    case 'length-top-bit': // lengths beyond counting
      return more.length === 0 && theirs.closeCode === 1009;
    case undefined: // whole frames
      return more.length === 0 && (ours.endsInFrame || theirs.closeCode === undefined);
    default:
      return more.length === 0 && ours.closeCode === theirs.closeCode;
  }
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const role = choices.flag() ? 'client' : 'server';
  const most = choices.pick([1, 2, 10, 125, 126, 300, 65_536]);
  const cuts = choices.cuts(5);
  const bytes = choices.rest;
  const ours = readOurs([Buffer.from(bytes)], role, most);
  const cut = readOurs(cutAt(bytes, cuts), role, most);
  expectLaw(JSON.stringify(ours) === JSON.stringify(cut), 'cuts do not matter', () =>
    JSON.stringify({ ours, cut }),
  );
  const theirs = readTheirs([Buffer.from(bytes)], role, most);
  expectLaw(compare(ours, theirs), 'agrees with ws', () => JSON.stringify({ ours, theirs }));
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** Messages, differential. */
export const target: FuzzTarget = {
  name: 'messages',
  subjects: ['connection/message-assembler', 'connection/message-store', 'codec/frame-parser'],
  seeds: [
    hex('81 85 37fa213d 7f9f4d5158 00 06 00'),
    hex('01 81 00000000 ce 89 81 00000000 41 80 81 00000000 ba 00 06 00'),
    hex('88 85 00000000 03e8 6f6b21 00 06 00'),
    hex('02 02 0001 80 01 02 89 00 00 06 01'),
    hex('88 00 81 01 41 00 06 01'),
  ],
  maxLength: 300,
  run,
};
