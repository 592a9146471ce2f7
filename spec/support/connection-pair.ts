/**
 * Two connections back to back, without sockets: whatever one writes waits in a pipe until the spec
 * delivers it, whole or cut. Time is a number that the spec sets.
 */
import {
  type CloseReport,
  Connection,
  type ConnectionOptions,
  type ConnectionSink,
} from 'barewire/connection';

/** What one side has seen so far, in order, in words. */
export type Seen = readonly unknown[];

/** One end of a pair. */
export class End implements ConnectionSink {
  readonly seen: unknown[][] = [];
  readonly connection: Connection;
  /** Bytes written and not delivered yet. */
  readonly pipe: Buffer[] = [];
  congested = false;
  /** What a transport would still hold of all that was written. */
  heldBytes = 0;
  wantsReading = true;
  hasEnded = false;
  isAborted = false;
  report: CloseReport | undefined;

  constructor(
    clock: { nowMs: number },
    options: Partial<ConnectionOptions> & { role: 'client' | 'server' },
  ) {
    let key = 0x01020304;
    this.connection = new Connection(this, {
      now: () => clock.nowMs,
      takeMaskingKey: () => {
        key = (Math.imul(key, 1664525) + 1013904223) >>> 0;
        return key;
      },
      ...options,
    });
  }

  message(data: string | Buffer): void {
    this.seen.push(['message', typeof data === 'string' ? data : data.toString('hex')]);
  }
  messageStart(isText: boolean): void {
    this.seen.push(['start', isText ? 'text' : 'binary']);
  }
  messagePiece(piece: string | Buffer): void {
    this.seen.push(['piece', typeof piece === 'string' ? piece : piece.toString('hex')]);
  }
  messageEnd(): void {
    this.seen.push(['end']);
  }
  ping(payload: Buffer): void {
    this.seen.push(['ping', payload.toString('latin1')]);
  }
  pong(payload: Buffer, roundTripMs: number | undefined): void {
    this.seen.push(['pong', payload.toString('latin1'), roundTripMs]);
  }
  /** Copies: the memory may be used again at once, as a kernel would allow. */
  write(bytes: Buffer): boolean {
    if (!this.hasEnded) this.pipe.push(Buffer.from(bytes));
    return !this.congested;
  }
  wantsFlush(): void {
    this.connection.flush();
  }
  isCongested(): boolean {
    return this.congested;
  }
  unsentBytes(): number {
    return this.heldBytes;
  }
  wantsInput(isWanted: boolean): void {
    this.wantsReading = isWanted;
  }
  endTransport(): void {
    this.hasEnded = true;
  }
  abortTransport(): void {
    this.isAborted = true;
  }
  closed(report: CloseReport): void {
    if (this.report !== undefined) throw new Error('closed was reported twice');
    this.report = report;
  }

  /** Everything written so far, taken out of the pipe. */
  takeOutput(): Buffer {
    return Buffer.concat(this.pipe.splice(0));
  }
}

/** Options of each side of a pair. */
export interface PairOptions {
  readonly client?: Partial<ConnectionOptions>;
  readonly server?: Partial<ConnectionOptions>;
}

/** A client and a server. */
export class Pair {
  readonly clock = { nowMs: 0 };
  readonly client: End;
  readonly server: End;

  constructor(options: PairOptions = {}) {
    this.client = new End(this.clock, { role: 'client', ...options.client });
    this.server = new End(this.clock, { role: 'server', ...options.server });
  }

  /** Delivers what waits, both ways, until nothing moves; then the transport's ends, if any. */
  settle(cut: (bytes: Buffer) => readonly Buffer[] = (bytes) => [bytes]): this {
    const ways = [
      [this.client, this.server],
      [this.server, this.client],
    ] as const;
    let moved = true;
    while (moved) {
      moved = false;
      for (const [from, to] of ways) {
        if (from.pipe.length === 0) continue;
        moved = true;
        for (const chunk of cut(from.takeOutput())) to.connection.receive(chunk);
      }
    }
    this.#endTransports();
    return this;
  }

  #endTransports(): void {
    if (this.client.hasEnded) this.server.connection.receiveEnd();
    if (this.server.hasEnded) this.client.connection.receiveEnd();
    const isGone =
      this.client.isAborted ||
      this.server.isAborted ||
      (this.client.hasEnded && this.server.hasEnded);
    if (!isGone) return;
    this.client.connection.transportClosed();
    this.server.connection.transportClosed();
  }

  /** Lets time pass and ticks both sides. */
  advance(ms: number): this {
    this.clock.nowMs += ms;
    this.client.connection.tick(this.clock.nowMs);
    this.server.connection.tick(this.clock.nowMs);
    return this;
  }
}
