/** One request on a kept connection, as the model of kept-connection.ts sees it. */

/** Two of them are what waits for a handler before its connection is paused. */
export const LARGE_BYTES = 32_768;

/** A request that a client may send. */
export interface Wanted {
  readonly method: 'POST' | 'CONNECT';
  readonly bytes: number;
  /** How many bytes are sent at a time. */
  readonly unit: number;
  readonly expects: boolean;
  readonly saysClose: boolean;
}

/** One request that has come, from its head on. */
export class Asked {
  readonly wanted: Wanted;
  /** Bytes of the body that were sent; of these, which have not been read. */
  sent = 0;
  waiting = 0;
  /** Bytes that lie with the body, for a handler that takes pieces. */
  queued = 0;
  /** Of the portion that has begun: what has come, and what is left of its time. */
  portion = 0;
  leftTicks: number;
  /** Of the rest that is read for nobody. */
  drained = 0;
  reader: 'none' | 'begun' | 'over' = 'none';
  /** The handler waits for a piece. */
  isAwaited = false;
  /** The connection is read for the body. */
  flow: 'stopped' | 'wanted' | 'drained' = 'stopped';
  hasContinued = false;
  isComplete: boolean;
  hasFailed = false;
  isAnswered = false;

  constructor(wanted: Wanted, bodyTicks: number) {
    this.wanted = wanted;
    this.leftTicks = bodyTicks;
    this.isComplete = wanted.bytes === 0;
  }

  get hasReader(): boolean {
    return this.reader === 'begun' && !this.hasFailed;
  }
}
