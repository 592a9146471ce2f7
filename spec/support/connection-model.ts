/**
 * Two connections back to back under a random hand: bytes wait in pipes until they are
 * delivered, compression jobs until they are finished, output until it is flushed. What one side
 * accepted is written down, in words, and held against what the other side saw.
 */
import { strictEqual as equal, ok } from 'node:assert';
import {
  CLOSE_TRANSITIONS,
  type CloseState,
  type ConnectionOptions,
  type OutgoingMessage,
} from 'barewire/connection';
import type { DeflateParameters } from 'barewire/deflate';
import { End } from './connection-pair.ts';
import { SlowCodec } from './slow-codec.ts';

export type Side = 'client' | 'server';
export const otherSide = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/** A message that is written piece by piece: what is left to write, and what it will have been. */
interface StreamedMessage {
  readonly message: OutgoingMessage;
  readonly left: Buffer[];
  readonly whole: Buffer;
  hasBegun: boolean;
}

/** A message that was accepted: its text or its bytes in hex; `undefined` while it is unfinished. */
interface Accepted {
  readonly isText: boolean;
  content: string | undefined;
  readonly stream?: StreamedMessage;
}

/** One side: a connection, its pipe, and what it has accepted. */
export class ModelEnd extends End {
  readonly side: Side;
  readonly codec: SlowCodec | undefined;
  readonly accepted: Accepted[] = [];
  readonly pings: string[] = [];
  /** Pongs that it sent unasked. */
  pongs = 0;
  isPaused = false;
  /** A message is coming in, piece by piece. */
  isStreaming = false;
  /** Makes frames that many connections would send. */
  readonly making: (() => void)[] = [];
  /** Its transport is gone, or is going to be. */
  isGone = false;
  wantsOutput = false;
  hasPeersEnd = false;
  /** Since the last message came: how long it has read, and how long it was inflating. */
  readingMs = 0;
  inflatingMs = 0;
  /** Since the last bytes came: how long it has read. */
  silentMs = 0;
  /** How long it has read while a message was coming in, since a tick first saw that. */
  unfinishedMs: number | undefined;
  /** How long its closing has gone on. */
  closingMs = 0;
  /** How often it was told the time since it cut its transport. */
  ticksSinceCut = 0;
  /** How much had been seen when the pause began that still lasts. */
  seenAtPause: number | undefined;
  #before: CloseState = 'open';
  /** All that it has written, and how much of that before it closed, if nothing else waited. */
  readonly #written: Buffer[] = [];
  #writtenBefore: number | undefined;

  constructor(side: Side, clock: { nowMs: number }, options: Partial<ConnectionOptions>) {
    super(clock, { ...options, role: side });
    this.side = side;
    this.codec = options.deflate as unknown as SlowCodec | undefined;
  }

  override wantsFlush(): void {
    this.wantsOutput = true;
  }

  flush(): void {
    this.wantsOutput = false;
    this.connection.flush();
  }

  override write(bytes: Buffer): boolean {
    this.#written.push(Buffer.from(bytes));
    return super.write(bytes);
  }

  /** It is going to close: whatever is in front of the queue leaves. */
  beforeClose(): void {
    if (!this.connection.isOpen || this.congested) return;
    this.flush();
    this.#writtenBefore = this.#written.reduce((sum, { length }) => sum + length, 0);
  }

  /** Who has closed begins no message, and goes on with none, but those that it ends. */
  checkWritten(): void {
    if (this.#writtenBefore === undefined) return;
    const frames = listFrames(Buffer.concat(this.#written).subarray(this.#writtenBefore));
    const last = frames.findLast(({ opcode }) => opcode < 8);
    ok(last?.fin !== false, `${this.side} sent half a message when it had closed`);
  }

  /** Does the next bit of work that is done elsewhere; false when there is none. */
  work(): boolean {
    const make = this.making.shift();
    make?.();
    return make !== undefined || this.codec?.work() === true;
  }

  /** Messages seen, in words; of the last one only if it is complete. */
  messages(): string[] {
    const list: string[] = [];
    let parts: string[] | undefined;
    for (const [kind, content] of this.seen as [string, string][]) {
      if (kind === 'message') list.push(content);
      else if (kind === 'start') parts = [];
      else if (kind === 'piece') parts!.push(content);
      else if (kind === 'end') list.push(parts!.join(''));
    }
    return list;
  }

  /** Time passes; what it was doing before counts. */
  pass(ms: number): void {
    const isReading = this.wantsReading && this.connection.state === 'open';
    if (isReading) this.readingMs += ms;
    if (isReading) this.silentMs += ms;
    if (this.codec !== undefined && this.codec.inflating > 0) this.inflatingMs += ms;
    if (!this.connection.isOpen) this.closingMs += ms;
    if (isReading && this.unfinishedMs !== undefined) this.unfinishedMs += ms;
  }

  /** Is told the time. */
  tick(nowMs: number): void {
    if (this.isAborted) this.ticksSinceCut += 1;
    this.connection.tick(nowMs);
    if (this.isStreaming) this.unfinishedMs ??= 0;
  }

  override message(data: string | Buffer): void {
    super.message(data);
    this.#noteMessage();
  }

  override messageStart(isText: boolean): void {
    super.messageStart(isText);
    this.isStreaming = true;
  }

  override messageEnd(): void {
    super.messageEnd();
    this.isStreaming = false;
    this.#noteMessage();
  }

  #noteMessage(): void {
    this.readingMs = 0;
    this.inflatingMs = 0;
    this.unfinishedMs = undefined;
  }

  /** What keeps frames from being delivered keeps the transport from being read, and only that. */
  checkReading(): void {
    const { state, isOpen } = this.connection;
    if (this.hasPeersEnd) return;
    const isReadable = !this.isAborted && (state === 'open' || state === 'close-sent');
    const mustWait = this.codec?.isInflating === true || (isOpen && this.isPaused);
    equal(this.wantsReading, !(isReadable && mustWait), `${this.side} reads, being ${state}`);
  }

  /** Each pong answers a ping, or was sent without one. */
  checkPongs(other: ModelEnd): void {
    // Heartbeats are pongs as well, and say nothing.
    const pongs = other.seen.filter(([kind, payload]) => kind === 'pong' && payload !== '').length;
    const most = this.connection.counters.pingsReceived + this.pongs;
    ok(pongs <= most, `${this.side} sent ${pongs} pongs, not ${most}`);
  }

  /** Who reads and writes no more keeps no compressor. */
  checkCodec(): void {
    const { state } = this.connection;
    if (this.codec === undefined || (state !== 'failed' && state !== 'closed')) return;
    ok(this.codec.isClosed, `${this.side} is ${state} and keeps its compressor`);
  }

  /** Both close frames have passed: the server ends the transport first [RFC 6455 §7.1.1]. */
  override endTransport(): void {
    const isEarly = this.side === 'client' && !this.hasPeersEnd;
    ok(!isEarly || this.connection.state !== 'exchanged', 'the client waits for the server');
    super.endTransport();
  }

  /** The answer to a close frame says what that said [RFC 6455 §5.5.1]; then the server ends. */
  checkClose(): void {
    const { report, side } = this;
    if (side === 'server' && this.connection.state === 'exchanged') ok(this.hasEnded, 'it ends');
    if (report?.wasClean !== true || report.closedBy !== 'peer') return;
    equal(report.sentCode ?? 1005, report.code, `${side} repeats the code`);
  }

  /** Every move of the closing handshake must be in the table, or several in a row. */
  checkMove(): void {
    const now = this.connection.state;
    ok(isReachable(this.#before, now), `${this.side}: ${this.#before} → ${now}`);
    this.#before = now;
    equal(this.report !== undefined, now === 'closed');
  }
}

/** What the frames of a connection are, told from their headers alone. */
function listFrames(bytes: Buffer): { readonly opcode: number; readonly fin: boolean }[] {
  const frames: { opcode: number; fin: boolean }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    let [length, header] = [second & 127, second > 127 ? 6 : 2];
    if (length === 126) [length, header] = [bytes.readUInt16BE(at + 2), header + 2];
    else if (length === 127) [length, header] = [bytes.readUInt32BE(at + 6), header + 8];
    frames.push({ opcode: first & 15, fin: first > 127 });
    at += header + length;
  }
  return frames;
}

function isReachable(from: CloseState, to: CloseState): boolean {
  if (from === to) return true;
  return Object.values(CLOSE_TRANSITIONS[from]).some((next) => isReachable(next, to));
}

/** How a pair is set up. */
export interface ModelSetup {
  readonly deflate: DeflateParameters | undefined;
  readonly delivery: Readonly<Record<Side, 'message' | 'pieces'>>;
  readonly ownsInput: boolean;
  /** Whether the wires bring nothing while they are asked not to; else bytes are under way. */
  readonly areWiresObedient: boolean;
  /** Whether a transport that is cut says that it is gone. */
  readonly areCutsTold: boolean;
  /** The client has paused when it closes in the end. */
  readonly isPausedAtEnd: boolean;
  /** What still comes each second when nobody does anything any more. */
  readonly bytesASecond: number;
  readonly deadlines: Partial<ConnectionOptions>;
}

/** Two sides and what lies between them. */
export class ModelPair {
  readonly clock = { nowMs: 0 };
  readonly #deadlines: Partial<ConnectionOptions>;
  readonly #areWiresObedient: boolean;
  readonly #areCutsTold: boolean;
  readonly client: ModelEnd;
  readonly server: ModelEnd;
  /** Somebody broke a rule or cut the wire: not everything arrives. */
  isDisturbed = false;

  constructor(setup: ModelSetup) {
    const { deflate, delivery, ownsInput } = setup;
    this.#deadlines = setup.deadlines;
    this.#areWiresObedient = setup.areWiresObedient;
    this.#areCutsTold = setup.areCutsTold;
    const end = (side: Side): ModelEnd =>
      new ModelEnd(side, this.clock, {
        delivery: delivery[side],
        ownsInput,
        compressThresholdBytes: 8,
        ...setup.deadlines,
        ...(deflate === undefined ? {} : { deflate: new SlowCodec(side, deflate) }),
      });
    this.client = end('client');
    this.server = end('server');
  }

  get ends(): readonly [ModelEnd, ModelEnd] {
    return [this.client, this.server];
  }

  /** Delivers up to `count` bytes of what `from` has written; false when there is nothing to. */
  deliver(from: Side, count: number): boolean {
    const { pipe } = this[from];
    const to = this[otherSide(from)];
    const isHeld = this.#areWiresObedient && !to.wantsReading && !to.isGone;
    if (isHeld || pipe.length === 0) return false;
    const all = Buffer.concat(pipe.splice(0));
    const chunk = Buffer.from(all.subarray(0, count));
    if (all.length > count) pipe.push(all.subarray(count));
    if (chunk.length === 0 || to.isGone) return true;
    if (to.connection.state === 'open') to.silentMs = 0;
    to.connection.receive(chunk);
    return true;
  }

  /** Lets time pass for both. */
  pass(ms: number): void {
    this.clock.nowMs += ms;
    for (const end of this.ends) {
      end.pass(ms);
      end.tick(this.clock.nowMs);
    }
  }

  /** Seconds pass, in each of which a few bytes of these arrive. */
  trickle(from: readonly ModelEnd[], seconds: number, bytes: number): void {
    for (const end of from) if (bytes > 0) end.flush();
    for (let second = 0; second < seconds; second += 1) {
      for (const end of from) if (bytes > 0) this.deliver(end.side, bytes);
      this.pass(1000);
      this.settleTransports();
      this.check();
    }
  }

  /** What happens by itself: ends arrive behind the bytes, and a transport that is cut is gone. */
  settleTransports(): void {
    for (const end of this.ends) {
      const other = this[otherSide(end.side)];
      if (end.isAborted && this.#areCutsTold) this.#lose(end, other);
      else if (end.hasEnded && end.pipe.length === 0 && !other.hasPeersEnd && !other.isGone) {
        other.hasPeersEnd = true;
        other.connection.receiveEnd();
      }
    }
    if (this.ends.every((end) => end.hasEnded && end.pipe.length === 0)) {
      for (const end of this.ends) this.#gone(end);
    }
  }

  #lose(end: ModelEnd, other: ModelEnd): void {
    if (end.isGone) return;
    this.isDisturbed = true;
    this.#gone(end);
    this.#gone(other, Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
  }

  #gone(end: ModelEnd, error?: Error): void {
    if (end.isGone) return;
    end.isGone = true;
    end.connection.transportClosed(error);
  }

  /** Lets everything that is under way come to its end. */
  settle(): void {
    for (const end of this.ends) {
      end.congested = false;
      // Who closes behind a pause of its own must come to an end all the same.
      if (end.connection.isOpen) {
        end.seenAtPause = undefined;
        end.isPaused = false;
        end.connection.resume();
      }
      end.connection.drained();
    }
    for (let round = 0, isMoving = true; isMoving; round += 1) {
      ok(round < 10_000, 'comes to rest');
      isMoving = false;
      for (const end of this.ends) {
        const hasWorked = end.work();
        end.flush();
        const hasDelivered = this.deliver(end.side, Number.POSITIVE_INFINITY);
        isMoving ||= hasWorked || hasDelivered || end.wantsOutput;
      }
      this.settleTransports();
    }
  }

  /** What holds at every moment. */
  check(): void {
    for (const end of this.ends) {
      end.checkMove();
      end.checkReading();
      end.checkPongs(this[otherSide(end.side)]);
      end.checkCodec();
      end.checkClose();
      this.#checkMessages(end, this[otherSide(end.side)].messages());
      const { counters } = end.connection;
      equal(counters.messagesReceived, end.messages().length);
      if (end.connection.isOpen) equal(counters.messagesDiscarded, 0, 'only when closing');
      this.#checkDeadlines(end);
      ok(end.connection.pendingBytes >= 0, 'a count of bytes');
      equal(end.seen.length, end.seenAtPause ?? end.seen.length, 'a pause is a pause');
    }
  }

  /** Nobody is cut before the time, and nobody closes without end. */
  #checkDeadlines({ report, isAborted, side, ...end }: ModelEnd): void {
    const {
      closeTimeoutMs = 10_000,
      endTimeoutMs = 5000,
      maxCloseMs = 300_000,
      pongTimeoutMs = 0,
      inflateTimeoutMs = 30_000,
      messageTimeoutMs = 60_000,
    } = this.#deadlines;
    const isLate = end.closingMs >= 2 * closeTimeoutMs + endTimeoutMs + maxCloseMs;
    ok(!isLate || isAborted || report !== undefined, `${side} closes for ever`);
    ok(end.ticksSinceCut === 0 || report !== undefined, `${side} waits for who will not answer`);
    const isSlow = (end.unfinishedMs ?? 0) >= messageTimeoutMs;
    ok(!isSlow || !end.connection.isOpen, `${side} lets a message come for ever`);
    const code = report?.error?.code;
    if (code === 'message-timeout') ok(end.readingMs >= messageTimeoutMs, 'had its time to come');
    if (code === 'inflate-timeout') ok(end.inflatingMs >= inflateTimeoutMs, 'to be inflated');
    if (code === 'pong-timeout') ok(end.silentMs >= pongTimeoutMs, 'to answer');
    if (code === 'close-timeout') ok(end.closingMs >= closeTimeoutMs, 'to close');
    if (report === undefined) return;
    const { wasClean } = report;
    ok(!wasClean || report.code !== 1006, 'clean with a close frame');
    ok(!wasClean || code === undefined || code === 'idle-timeout', `clean, and ${code}`);
  }

  /** What arrived is a beginning of what was accepted; unfinished messages leave no trace. */
  #checkMessages({ side, accepted }: ModelEnd, seen: readonly string[]): void {
    const complete = accepted.filter(({ content }) => content !== undefined);
    const expected = complete.map(({ content }) => content!);
    for (const [index, message] of seen.entries()) equal(message, expected[index], side);
    ok(seen.length <= expected.length, 'nothing was invented');
  }

  /** What holds when everything has come to rest and the connection was closed. */
  checkEnd(): void {
    this.check();
    const [client, server] = this.ends;
    for (const end of this.ends) {
      ok(end.report !== undefined, `${end.side} has a report, not ${end.connection.state}`);
      const other = this[otherSide(end.side)];
      // What stands behind half a message cannot be sent; what stands behind an idle one can.
      const isHalf = ({ content, stream }: Accepted): boolean =>
        content === undefined && stream?.hasBegun === true;
      const half = end.accepted.findIndex(isHalf);
      const sure = half === -1 ? end.accepted : end.accepted.slice(0, half);
      const count = sure.filter(({ content }) => content !== undefined).length;
      const arrived = other.messages().length + other.connection.counters.messagesDiscarded;
      if (!this.isDisturbed) ok(arrived >= count, `${end.side} lost a message`);
    }
    const [ours, theirs] = [client.report!, server.report!];
    if (this.isDisturbed) return;
    for (const end of this.ends) end.checkWritten();
    ok(ours.wasClean && theirs.wasClean, 'clean');
    equal(ours.error, undefined);
    equal(theirs.error, undefined);
    for (const { connection } of this.ends) equal(connection.pendingBytes, 0, 'nothing is left');
    equal(ours.code, theirs.sentCode ?? 1005);
    equal(theirs.code, ours.sentCode ?? 1005);
    ok(ours.closedBy === 'us' || theirs.closedBy === 'us', 'somebody began');
    ok(ours.closedBy !== 'transport' && theirs.closedBy !== 'transport', 'not the transport');
    equal(client.connection.counters.bytesSent, server.connection.counters.bytesReceived);
    equal(server.connection.counters.bytesSent, client.connection.counters.bytesReceived);
  }
}
