/** A life of an event source, step by step, in the hands of a law; a replay log is its server. */
import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { EventSource } from 'barewire/client';
import { ReplayLog } from 'barewire/sse';
import { STREAM_HEAD, StreamConnection } from './event-stream-connection.ts';
import { FakeWorld } from './fake-world.ts';
import { fc } from './fast-check.ts';
import { turn, weighed } from './interleavings.ts';
import { SlowLoop } from './slow-loop.ts';

/** What can happen, and how often: ends are rare, or little would happen before them. */
const WEIGHTS = {
  ...{ bring: 14, fail: 0.5, accept: 14, refuse: 0.2, garble: 0.3 },
  ...{ emit: 14, flow: 8, flowAll: 6, retry: 0.5, lose: 2, end: 1 },
  ...{ emitMuch: 0.5, wait: 6, waitLong: 0.5, read: 1, readMuch: 0.5 },
  ...{
    close: 0.1,
    abort: 0.1,
    leave: 0.1,
    closeInOpen: 0.1,
    closeInMessage: 0.1,
    closeInError: 0.2,
  },
};
export type Action = keyof typeof WEIGHTS;

const action = weighed(WEIGHTS);
/** What is done, how much of it, and how many turns of the event loop go by before the next. */
export const step = fc.record({ action, size: fc.nat(60), turns: fc.nat(3) });
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

export const IDLE_TIMEOUT_MS = 5_000;
const RECONNECTION_MS = 100;

/** A source, its server and its time. */
export class EventSourceRun {
  readonly world = new FakeWorld();
  readonly connections: StreamConnection[] = [];
  readonly aborter = new AbortController();
  readonly source: EventSource;
  readonly log = new ReplayLog({ epoch: 'law' });
  /** One letter for each event: Open, Message, Error, Closed with an error. */
  trace = '';
  /** The numbers of the events that came. */
  readonly heard: number[] = [];
  /** The number of the first event that must come: behind the first position that was given. */
  #first: number | undefined;
  count = 0;
  isClosedByUs = false;
  #fault: string | undefined;
  loop: SlowLoop | undefined;
  /** What the next listener does. */
  #inListener: Action | undefined;
  readonly #isWatched: boolean;
  #hasRetry = false;
  /** Of which stream it is certain that it has begun, and what the trace was by then. */
  #begun: StreamConnection | undefined;
  #isPaused: boolean | undefined;
  #lookedAt = '';
  /** What comes with the head of a stream comes before anybody could say no. */
  #atOnce = 0;

  constructor(idleTimeoutMs: number) {
    this.#isWatched = idleTimeoutMs === IDLE_TIMEOUT_MS;
    const options = {
      ...{ reconnectionMs: RECONNECTION_MS, maxDelayMs: 1000, idleTimeoutMs },
      signal: this.aborter.signal,
      createConnection: (): Promise<Duplex> =>
        new Promise((resolve, reject) => {
          this.connections.push(new StreamConnection(resolve, reject));
        }),
    };
    const source = new EventSource('http://law.example/', options, this.world);
    this.source = source;
    source.onopen = () => {
      this.#note('o', [1]);
      this.#act('closeInOpen');
    };
    source.onerror = () => {
      this.#note(source.readyState === 2 ? 'c' : 'e', [0, 2]);
      this.#act('closeInError');
    };
    source.onmessage = ({ data }) => {
      this.#note('m', [1]);
      this.heard.push(Number(data));
      this.loop?.wanted.push(data);
      this.#act('closeInMessage');
    };
  }

  #note(letter: string, readyStates: readonly number[]): void {
    this.trace += letter;
    // Thrown here it would reach nobody.
    const isFine = readyStates.includes(this.source.readyState) && !this.isClosedByUs;
    if (!isFine) this.#fault = `${letter} in another state`;
  }

  /** What a listener does, if it was asked to. */
  #act(action: Action): void {
    if (this.#inListener === action) this.do({ action: 'close', size: 0, turns: 0 });
  }

  in(state: StreamConnection['state']): StreamConnection | undefined {
    // What the source has cut is over, whatever the server believes.
    return this.connections.find((each) => each.state === state && !each.near.destroyed);
  }

  do({ action, size }: Step): void {
    const { source, world } = this;
    if (action === 'wait') world.advance(150);
    else if (action === 'waitLong') this.#waitLong();
    else if (action === 'emit') this.#emit(1);
    else if (action === 'emitMuch') this.#emit(80);
    else if (action === 'read' || action === 'readMuch') this.#read(action === 'read' ? 3 : 100);
    else if (action.startsWith('closeIn')) this.#inListener = action;
    else if (action === 'leave') {
      // What was held back for the loop comes to the listeners first.
      this.loop?.leave();
      this.isClosedByUs ||= this.loop !== undefined;
    } else if (action === 'close' || action === 'abort') {
      this.isClosedByUs = true;
      if (action === 'close') source.close();
      else this.aborter.abort();
    } else this.#serve(action, size);
  }

  #serve(action: Action, size: number): void {
    const wanted = this.in('wanted');
    if (action === 'bring' && wanted !== undefined) wanted.bring();
    else if (action === 'fail' && wanted !== undefined) wanted.fail();
    else if (action === 'accept' || action === 'refuse' || action === 'garble') {
      this.#answer(action);
    } else {
      this.#talk(action, size);
    }
  }

  #answer(action: 'accept' | 'refuse' | 'garble'): void {
    const asking = this.in('brought');
    if (asking === undefined || !asking.hasAsked) return;
    asking.state = action === 'accept' ? 'open' : 'over';
    if (action === 'accept') {
      asking.backlog = STREAM_HEAD + this.log.catchUp(asking.lastEventId);
    } else {
      asking.backlog = action === 'refuse' ? 'HTTP/1.1 500 No\r\n\r\n' : 'SSH-2.0\r\n\r\n';
      asking.flow(Number.POSITIVE_INFINITY);
    }
  }

  #talk(action: Action, size: number): void {
    const open = this.in('open');
    if (open === undefined) return;
    const isFlow = action === 'flow' || action === 'flowAll';
    const count = isFlow && this.source.readyState === 0 ? open.backlog.split('data:').length : 0;
    this.#atOnce = Math.max(this.#atOnce, count);
    if (action === 'flow') return open.flow(size);
    if (action === 'flowAll') return open.flow(Number.POSITIVE_INFINITY);
    if (action === 'retry') {
      this.#hasRetry = true;
      open.backlog += `retry: ${size * 10}\n\n`;
      return;
    }
    if (action !== 'lose' && action !== 'end') return;
    if (action === 'lose') open.far.destroy();
    else open.far.end();
    open.state = 'over';
  }

  /** The server has something to say: to all that are connected, and to those that come back. */
  #emit(times: number): void {
    for (let time = 0; time < times; time += 1) {
      const { text } = this.log.append({ data: String(this.count) });
      this.count += 1;
      for (const each of this.connections) if (each.state === 'open') each.backlog += text;
    }
  }

  #read(count: number): void {
    this.loop ??= new SlowLoop(this.source[Symbol.asyncIterator](), ({ data }) => data);
    this.loop.read(count);
  }

  /** A stream that brings nothing is given up, unless it is we who do not read. */
  #waitLong(): void {
    const begun = this.#begun;
    const isStill = begun !== undefined && begun === this.in('open');
    const isPaused = this.#isPaused === (this.loop?.isPaused ?? false) ? this.#isPaused : undefined;
    this.world.advance(2 * IDLE_TIMEOUT_MS + 1_000);
    if (!isStill || isPaused === undefined) return;
    assert.equal(begun.near.destroyed, this.#isWatched && !isPaused, 'idle');
  }

  /** Some turns have gone by: what follows from what has happened has happened, too. */
  turned(): void {
    this.#isPaused = this.loop === undefined ? false : this.loop.isPaused;
    this.#begun = this.source.readyState === 1 ? this.in('open') : undefined;
    if (this.trace === this.#lookedAt) return;
    this.#lookedAt = this.trace;
    if (this.#hasRetry || !/om*e$/.test(this.trace) || this.isClosedByUs) return;
    if ((this.in('wanted') ?? this.in('brought') ?? this.in('open')) !== undefined) return;
    // A stream has lasted: delays start anew.
    const [delayMs = 0] = this.world.waiting;
    assert.ok(delayMs <= 3 * RECONNECTION_MS, 'it comes back too late');
  }

  /** Lets the source come back, and the wire carry everything. */
  async settle(): Promise<void> {
    this.loop?.read(Number.POSITIVE_INFINITY);
    for (let round = 0; ; round += 1) {
      if (round > 60) throw new Error(`it never comes back: ${this.trace}`);
      for (let turns = 0; turns < 6; turns += 1) {
        this.#serve('bring', 0);
        this.#serve('accept', 0);
        this.#serve('flowAll', 0);
        await turn();
      }
      if (this.source.readyState === 2) return;
      const isUpToDate = this.heard.length === 0 || this.heard.at(-1) === this.count - 1;
      if (this.source.readyState === 1 && this.in('open')?.backlog === '' && isUpToDate) return;
      if (this.in('wanted') === undefined) this.world.advance(1_500);
    }
  }

  /** A server that refuses what comes back ends it for good. */
  async refuse(): Promise<void> {
    for (const action of ['lose', 'wait', 'bring', 'refuse'] as const) {
      const isLate = action === 'wait' && this.in('wanted') === undefined;
      if (isLate) this.world.advance(1_500);
      else this.do({ action, size: 0, turns: 0 });
      for (let turns = 0; turns < 5; turns += 1) await turn();
    }
  }

  /** What holds at any time. */
  check(): void {
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const isDone = ({ state, near }: StreamConnection): boolean =>
      state === 'wanted' || state === 'over' || near.destroyed;
    const open = this.connections.filter((connection) => !isDone(connection));
    if (open.length > 1) throw new Error(`${open.length} connections at a time`);
    const [first] = this.heard;
    if (first === undefined) {
      const position = /^law-(\d+)$/.exec(this.source.lastEventId)?.[1];
      if (position !== undefined) this.#first ??= Number(position);
    } else if (first !== (this.#first ?? first)) {
      throw new Error(`the first is ${first}, and not ${this.#first}`);
    }
    const { heard } = this;
    const gap = heard.findIndex((number, at) => at > 0 && number !== heard[at - 1]! + 1);
    if (gap !== -1) throw new Error(`behind ${heard[gap - 1]} comes ${heard[gap]}`);
    this.loop?.check(false, this.#atOnce);
  }

  /** What holds at the end. */
  checkEnd(): void {
    if (!/^(?:(?:om*)?e)*(?:om*)?c?$/.test(this.trace)) throw new Error(this.trace);
    // The loop ends with the source, and fails as it has failed.
    this.loop?.check(true, this.#atOnce);
    if (this.loop?.hasLeft === false)
      assert.equal(this.loop.end === 'failed', /c$/.test(this.trace));
    if (this.source.readyState !== 2) throw new Error('it is not closed');
    if (this.world.waiting.length > 0) throw new Error('an alarm is left');
    const isLeft = ({ state, near }: StreamConnection): boolean =>
      state !== 'wanted' && !near.destroyed;
    if (this.connections.some(isLeft)) throw new Error('a stream is left');
  }
}
