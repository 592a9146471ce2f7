/** What laws about interleavings share: what happens next, and the turns between. */
import type { Duplex } from 'node:stream';
import { fc } from './fast-check.ts';
import { duplexPair } from './sockets.ts';

/** Draws a name as often as its weight says; weights may have one decimal. */
export function weighed<Name extends string>(
  weights: Readonly<Record<Name, number>>,
): fc.Arbitrary<Name> {
  return fc.oneof(
    ...Object.entries<number>(weights).map(([name, weight]) => ({
      weight: weight * 10,
      arbitrary: fc.constant(name as Name),
    })),
  );
}

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

/** A connection that a client has asked for, in the hands of a law. */
export class WantedConnection {
  readonly near: Duplex;
  readonly far: Duplex;
  readonly #bring: (stream: Duplex) => void;
  readonly #fail: (error: Error) => void;
  state: 'wanted' | 'brought' | 'open' | 'over' = 'wanted';

  constructor(bring: (stream: Duplex) => void, fail: (error: Error) => void) {
    [this.near, this.far] = duplexPair();
    this.#bring = bring;
    this.#fail = fail;
    this.far.on('error', () => {});
  }

  /** The client gets its end. */
  bring(): void {
    this.state = 'brought';
    this.#bring(this.near);
  }

  /** Nobody listens there. */
  fail(): void {
    this.state = 'over';
    this.#fail(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
  }
}
