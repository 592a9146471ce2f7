/**
 * A whole connection without a socket [RFC 6455 §5 – §7]: a hostile peer, a busy owner, and a
 * clock.
 *
 * Invariants, for any bytes in any pieces, with any calls of the owner between them and in the
 * middle of callbacks, in both roles, with and without permessage-deflate:
 * - nothing is thrown but what the documentation lists;
 * - what is written is well-formed to the letter: a literal reading of the other role finds whole
 *   frames and no fault, and nothing behind a close frame;
 * - at most one close frame leaves; its code is the one in the report, and in an answer the peer's;
 * - a client leaves it to the server to end the transport behind both close frames;
 * - nothing is delivered while paused, after a failure, after the peer's close frame or after the
 *   end, and the transport is asked to bring nothing while, and only while, its owner pauses;
 * - no message has more than it may, however it is compressed and cut;
 * - no more pings are answered than came; heartbeats say nothing;
 * - messages that were accepted arrive at the other side, all of them and in order, those that are
 *   written in pieces and those that wait behind them, too; when the connection fails, is cut, or
 *   the peer's side of the transport ends: the first of them;
 * - a message without an end that the connection closes upon is dropped, and if its beginning has
 *   left, those behind it;
 * - each message counts as sent or as dropped, and those that were sent arrive;
 * - when the transport is gone, `closed` is reported, once and as the last thing; a clean report
 *   means that close frames went both ways, and a literal reading finds both of them;
 * - after any deadline has passed many times over, the connection has asked for its end;
 * - who has failed or come to the end keeps no compressor.
 */
import { Connection, type ConnectionSink } from 'barewire/connection';
import { type DeflateParameters, MessageCodec } from 'barewire/deflate';
import { cutAt } from '../spec/support/feeding.ts';
import { ACTS, type Accepted, Owner } from './connection-owner.ts';
import { Choices } from './engine/choices.ts';
import { expectLaw, type FuzzTarget } from './engine/target.ts';
import { closeCodeOf, readFramesLiterally } from './oracles/frames.ts';

const DEFLATE: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 9,
  clientMaxWindowBits: 15,
};

const HOUR_MS = 3_600_000;

interface Setting {
  readonly role: 'client' | 'server';
  readonly isDeflating: boolean;
  readonly delivery: 'message' | 'pieces';
  readonly most: number;
}

function open(owner: Owner, setting: Setting, clock: { nowMs: number }): Connection {
  const { role, isDeflating, delivery, most } = setting;
  owner.isClient = role === 'client';
  owner.most = most;
  owner.codec = isDeflating ? new MessageCodec(role, DEFLATE, { zlib: 'handle' }) : undefined;
  return new Connection(owner, {
    role,
    delivery,
    now: () => clock.nowMs,
    takeMaskingKey: () => 0x01020304,
    maxMessageBytes: most,
    maxFragments: 50,
    messageTimeoutMs: 60_000,
    pingIntervalMs: 20_000,
    pongTimeoutMs: 10_000,
    deflate: owner.codec,
    compressThresholdBytes: 20,
  });
}

/** Reads what was written with the other role's eyes. */
function checkWritten(owner: Owner, { role, isDeflating }: Setting): void {
  const bytes = Buffer.concat(owner.written);
  const other = role === 'client' ? 'server' : 'client';
  const lines = readFramesLiterally(bytes, { role: other, allowRsv1: isDeflating });
  const show = (): string => JSON.stringify(lines);
  expectLaw(!lines.some((line) => line.startsWith('failed')), 'writes well-formed frames', show);
  expectLaw(lines.length === 0 || lines.at(-1) === 'end', 'writes whole frames', show);
  const { pingsReceived } = owner.connection.counters;
  const pongs = lines.filter((line) => /^frame true 0 10 .* [^0]\d* \d+$/.test(line)).length;
  expectLaw(pongs <= pingsReceived + owner.pongs, 'no ping is answered twice', show);
  const closes = lines.flatMap((line, index) => (/^frame true 0 8 /.test(line) ? [index] : []));
  expectLaw(closes.length <= 1, 'writes at most one close frame', show);
  const close = closes[0];
  if (close === undefined) return;
  const rest = lines.slice(close + 1);
  const payload = rest.length === 2 ? Buffer.from(rest[0]!, 'hex') : Buffer.alloc(0);
  expectLaw(rest.length <= 2 && rest.at(-1) === 'end', 'nothing stands behind a close frame', show);
  const code = payload.length === 0 ? undefined : payload.readUInt16BE();
  expectLaw(owner.report?.sentCode === code, 'the report names the code that was sent');
}

/** Gives what was written to a connection of the other role. */
function readBack(owner: Owner, { role, isDeflating }: Setting): string[] {
  const received: string[] = [];
  const other = role === 'client' ? 'server' : 'client';
  const sink = new Owner();
  const collector: ConnectionSink = Object.assign(Object.create(sink), {
    message: (data: string | Buffer) => {
      const kind = typeof data === 'string' ? 'text' : 'binary';
      received.push(`${kind} ${Buffer.from(data).toString('hex')}`);
    },
    ping: () => {},
    pong: () => {},
    write: () => true,
    isCongested: () => false,
    wantsInput: () => {},
    endTransport: () => {},
    abortTransport: () => {},
  });
  const connection = new Connection(collector, {
    role: other,
    now: () => 0,
    takeMaskingKey: () => 0,
    deflate: isDeflating ? new MessageCodec(other, DEFLATE, { zlib: 'handle' }) : undefined,
  });
  connection.receive(Buffer.concat(owner.written));
  return received;
}

/** Lets everything leave that may, before any deadline can be in the way. */
function checkArrival(owner: Owner, setting: Setting): void {
  const { connection } = owner;
  owner.meddling = 0;
  owner.isPaused = false;
  owner.congested = false;
  connection.resume();
  connection.drained();
  connection.flush();
  const { state } = connection;
  const received = readBack(owner, setting);
  const arriving = arrivingOf(owner.accepted);
  const expected = arriving.slice(0, mayLose(owner) ? received.length : undefined);
  expectLaw(received.join() === expected.join(), 'what was accepted arrives', () =>
    JSON.stringify({ received, arriving, state }),
  );
}

const mayLose = ({ connection, isCut, hasPeerEnded, report }: Owner): boolean =>
  connection.state === 'failed' || isCut || hasPeerEnded || report !== undefined;

/** What can leave: a message without an end is dropped by closing, and stops those behind it. */
function arrivingOf(accepted: readonly Accepted[]): string[] {
  const lines: string[] = [];
  for (const entry of accepted) {
    const { stream } = entry;
    if (stream?.isDropped && !stream.hasStarted) continue;
    if (stream?.isDropped || entry.isUnfinished) break;
    lines.push(entry.line);
  }
  return lines;
}

/** When all is over, each message was sent or dropped, and counted as that. */
function checkCounts(owner: Owner, setting: Setting): void {
  const { messagesSent, messagesDropped } = owner.connection.counters;
  const received = readBack(owner, setting).length;
  const accepted = owner.accepted.length;
  expectLaw(messagesSent + messagesDropped === accepted, 'each message is counted once', () =>
    JSON.stringify({ messagesSent, messagesDropped, accepted }),
  );
  expectLaw(owner.isCut || messagesSent === received, 'what counts as sent arrives', () =>
    JSON.stringify({ messagesSent, received }),
  );
}

function finish(owner: Owner, setting: Setting, clock: { nowMs: number }): void {
  const { connection } = owner;
  for (let round = 0; round < 5; round += 1) {
    clock.nowMs += HOUR_MS;
    connection.tick(clock.nowMs);
    connection.flush();
  }
  expectLaw(owner.wantsEnd || owner.report !== undefined, 'asks for its end in the end');
  connection.transportClosed();
  const { report } = owner;
  expectLaw(report !== undefined && connection.state === 'closed', 'reports its end');
  owner.checkRest();
  checkWritten(owner, setting);
  checkCounts(owner, setting);
  if (report?.wasClean === true) checkClean(owner, setting);
}

/** Looks for both close frames: in what was written, and in what was given. */
function checkClean({ written, given, report }: Owner, { role, isDeflating }: Setting): void {
  const other = role === 'client' ? 'server' : 'client';
  const ours = closeCodeOf(Buffer.concat(written), { role: other, allowRsv1: isDeflating });
  const theirs = closeCodeOf(Buffer.concat(given), { role, allowRsv1: isDeflating });
  const show = (): string => JSON.stringify({ ours, theirs, report });
  expectLaw(ours !== undefined && theirs !== undefined, 'clean: both have closed', show);
  expectLaw(report?.code === theirs, 'the report has the code that the peer sent', show);
  expectLaw(report?.closedBy !== 'peer' || ours === theirs, 'an answer repeats the code', show);
}

function give(owner: Owner, chunk: Buffer): void {
  if (owner.report === undefined) owner.given.push(chunk);
  owner.connection.receive(chunk);
}

function run(input: Uint8Array): void {
  const choices = new Choices(input);
  const clock = { nowMs: 0 };
  const setting: Setting = {
    role: choices.flag() ? 'client' : 'server',
    isDeflating: choices.flag(),
    delivery: choices.pick(['message', 'pieces']),
    most: choices.pick([65_536, 100, 10]),
  };
  const owner = new Owner();
  const connection = open(owner, setting, clock);
  owner.connection = connection;
  owner.meddling = choices.byte();
  const meddlesWith = choices.pick(ACTS.slice(1, 8));
  owner.meddle = () => meddlesWith(owner, choices, clock);
  const acts = Array.from({ length: choices.below(12) }, () => choices.pick(ACTS));
  const cuts = choices.cuts(6);
  const chunks = cutAt(choices.rest, cuts);
  for (let turn = 0; turn < Math.max(chunks.length, acts.length); turn += 1) {
    const chunk = chunks[turn];
    if (chunk !== undefined && chunk.length > 0) give(owner, Buffer.from(chunk));
    acts[turn]?.(owner, choices, clock);
    connection.flush();
    owner.checkRest();
  }
  checkArrival(owner, setting);
  finish(owner, setting, clock);
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A connection between a hostile peer and a busy owner. */
export const target: FuzzTarget = {
  name: 'connection',
  subjects: [
    'connection/connection',
    'connection/closing',
    'connection/message-sender',
    'connection/outbox',
  ],
  seeds: [
    hex('81 85 00000000 48656c6c6f 89 81 00000000 41 00 01 05 01 02 05 00 00 00 00 00 00'),
    hex('01 02 4865 80 03 6c6c6f 88 02 03e8 00 05 01 06 05 07 05 00 00 00 00 00 01'),
    hex('c1 87 00000000 f248cdc9c90700 88 80 00000000 00 02 03 02 01 02 05 00 00 00 01 00'),
    // Two fragments of 90 bytes each, where 100 are allowed.
    hex('42 8a 00000000 4a4ca415000000 00ffff 80 86 00000000 4a4ca4150000 0000 0000 01010100'),
    hex('82 7e 0100 00 02 01 0d 0c 0b 06 02 01 00 00 01'),
  ],
  maxLength: 300,
  run,
};
