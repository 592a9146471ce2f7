/**
 * What a server has promised about one connection, literally: one time that is due, and of each
 * request a new object, so that nothing of the last one can be left over. Times are ticks of the
 * server's wheel; the time a client has ends with the tick itself.
 */

import { Asked, LARGE_BYTES, type Wanted } from './kept-request.ts';

/** A tick of the wheel, in ms. */
export const TICK_MS = 128;
/** The bounds of a server, times in ticks. */
export interface Bounds {
  readonly headTicks: number;
  readonly bodyTicks: number;
  readonly idleTicks: number;
  readonly halfTicks: number;
  readonly lingerTicks: number;
  readonly mostLingerTicks: number;
  readonly maxLingerBytes: number;
  readonly maxDrainBytes: number;
  readonly portionBytes: number;
}

/** The life of one connection. */
export class KeptConnection {
  readonly bounds: Bounds;
  phase: 'idle' | 'head' | 'exchange' | 'congested' | 'lingering' | 'closed' = 'idle';
  now = 0;
  /** When something happens by itself. */
  due: number;
  requests = 0;
  asked: Asked | undefined;
  /** The request whose head has come in part. */
  begun: Wanted | undefined;
  /** What was said: statuses, and which of them was said to be the last. */
  readonly said: string[] = [];
  clientEnded = false;
  serverEnded = false;
  /** The client does not read, and an answer is on its way that is too large to be forgotten. */
  isDeaf = false;
  lingered = 0;
  #lingersUntil = Number.POSITIVE_INFINITY;

  constructor(bounds: Bounds) {
    this.bounds = bounds;
    this.due = bounds.headTicks;
  }

  /** A head begins to come. The very first one is due from the beginning of the connection. */
  beginHead(wanted: Wanted): void {
    this.phase = 'head';
    this.begun = wanted;
    if (this.requests > 0) this.due = this.now + this.bounds.headTicks;
  }

  completeHead(): void {
    this.phase = 'exchange';
    this.requests += 1;
    this.asked = new Asked(this.begun!, this.bounds.bodyTicks);
    this.begun = undefined;
    this.due = Number.POSITIVE_INFINITY;
  }

  /** Bytes come: of a body, or behind the end. */
  receive(bytes: number): void {
    if (this.phase === 'lingering') {
      this.lingered += bytes;
      if (this.lingered > this.bounds.maxLingerBytes) this.phase = 'closed';
      else if (this.serverEnded) this.#linger();
      return;
    }
    const asked = this.asked!;
    asked.sent += bytes;
    asked.waiting += bytes;
    this.#flow(asked);
  }

  /** The handler asks for a piece. */
  next(): void {
    const asked = this.asked!;
    asked.reader = 'begun';
    if (asked.queued > 0) asked.queued = 0;
    else if (asked.isComplete) asked.reader = 'over';
    else {
      asked.isAwaited = true;
      this.#want(asked);
    }
  }

  /** The handler leaves the body. */
  leave(): void {
    const asked = this.asked!;
    Object.assign(asked, { reader: 'over', isAwaited: false, queued: 0 });
    if (asked.isComplete) return;
    this.#pause(asked);
    if (asked.isAnswered) this.#drain(asked);
  }

  /** The handler answers, with more than the wire takes or with little. */
  answer(isMuch: boolean): void {
    const asked = this.asked!;
    const keeps = this.#mayGoOn(asked);
    this.said.push(keeps ? '404' : '404 close');
    this.isDeaf = isMuch;
    asked.isAnswered = true;
    if (!keeps) this.#finish();
    else if (asked.isComplete) this.#rest();
    else if (!asked.hasReader) this.#drain(asked);
    else if (asked.flow !== 'wanted') this.due = this.now + this.bounds.bodyTicks;
  }

  /** The client reads again. */
  hear(): void {
    this.isDeaf = false;
    if (this.phase === 'congested') this.#rest();
    else if (this.phase === 'lingering') this.#flushed();
  }

  endByClient(): void {
    this.clientEnded = true;
    if (this.phase === 'idle') this.#finish();
    else if (this.serverEnded) this.phase = 'closed';
    else if (this.asked?.isAnswered === false) this.due = this.now + this.bounds.halfTicks;
  }

  /** Time passes. */
  tick(): void {
    this.now += 1;
    if (this.now < this.due || this.phase === 'closed') return;
    this.due = Number.POSITIVE_INFINITY;
    if (this.phase === 'lingering') this.phase = 'closed';
    else if (this.phase === 'exchange') this.#expire(this.asked!);
    else {
      if (this.phase === 'head') this.said.push('408 close');
      this.#finish();
    }
  }

  #expire(asked: Asked): void {
    if (this.clientEnded && !asked.isAnswered) this.phase = 'closed';
    else if (asked.isAnswered) this.#finish();
    else Object.assign(asked, { hasFailed: true, isAwaited: false, flow: 'stopped' });
  }

  #mayGoOn(asked: Asked): boolean {
    const { method, saysClose, bytes, expects } = asked.wanted;
    if (method === 'CONNECT' || saysClose || asked.hasFailed || this.clientEnded) return false;
    if (asked.isComplete) return true;
    if (expects && !asked.hasContinued) return false;
    const left = bytes - (asked.sent - asked.waiting);
    return asked.hasReader || left <= this.bounds.maxDrainBytes;
  }

  #want(asked: Asked): void {
    if (asked.wanted.expects && !asked.hasContinued) this.said.push('100');
    asked.hasContinued = true;
    if (asked.flow !== 'wanted') this.due = this.now + asked.leftTicks;
    asked.flow = 'wanted';
    this.#flow(asked);
  }

  /** What waits is read, if it is wanted. */
  #flow(asked: Asked): void {
    if (asked.flow === 'stopped') return;
    const bytes = asked.waiting;
    asked.waiting = 0;
    if (asked.flow === 'drained') asked.drained += bytes;
    else this.#take(asked, bytes);
    if (asked.drained > this.bounds.maxDrainBytes) this.#finish();
    else if (asked.sent === asked.wanted.bytes && this.#isFlowing(asked)) this.#complete(asked);
  }

  #isFlowing({ flow }: Asked): boolean {
    return flow !== 'stopped';
  }

  #take(asked: Asked, bytes: number): void {
    if (!asked.isAwaited) asked.queued += bytes;
    if (bytes > 0) asked.isAwaited = false;
    asked.portion += bytes;
    if (asked.queued >= 2 * LARGE_BYTES) this.#pause(asked);
    if (asked.portion < this.bounds.portionBytes) return;
    asked.portion = 0;
    asked.leftTicks = this.bounds.bodyTicks;
    if (asked.flow === 'wanted') this.due = this.now + asked.leftTicks;
  }

  /** The clock of the portion stands still; another one may run instead. */
  #pause(asked: Asked): void {
    if (asked.flow !== 'wanted') return;
    asked.flow = 'stopped';
    asked.leftTicks = this.due - this.now;
    const { bodyTicks, halfTicks } = this.bounds;
    if (asked.isAnswered) this.due = this.now + bodyTicks;
    else this.due = this.clientEnded ? this.now + halfTicks : Number.POSITIVE_INFINITY;
  }

  #drain(asked: Asked): void {
    Object.assign(asked, { flow: 'drained', reader: 'over' });
    this.due = this.now + this.bounds.bodyTicks;
    this.#flow(asked);
  }

  #complete(asked: Asked): void {
    Object.assign(asked, { isComplete: true, isAwaited: false, flow: 'stopped' });
    this.due = Number.POSITIVE_INFINITY;
    if (asked.isAnswered) this.#rest();
    else if (this.clientEnded) this.due = this.now + this.bounds.halfTicks;
  }

  /** The next request may come, when the answers have left. */
  #rest(): void {
    this.asked = undefined;
    this.phase = this.isDeaf ? 'congested' : 'idle';
    if (this.isDeaf) return;
    this.due = this.now + this.bounds.idleTicks;
    if (this.clientEnded) this.#finish();
  }

  #finish(): void {
    this.asked = undefined;
    this.phase = 'lingering';
    this.due = Number.POSITIVE_INFINITY;
    if (!this.isDeaf) this.#flushed();
  }

  #flushed(): void {
    this.serverEnded = true;
    this.#lingersUntil = this.now + this.bounds.mostLingerTicks;
    this.#linger();
    if (this.clientEnded) this.phase = 'closed';
  }

  #linger(): void {
    this.due = Math.min(this.now + this.bounds.lingerTicks, this.#lingersUntil);
  }
}
