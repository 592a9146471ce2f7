/**
 * Laws of an event source that comes back, for any interleaving of connecting, sending, losing,
 * waiting and closing. The server is in the hands of the law, and so is time; what the server has
 * sent it keeps in a replay log, so that nothing may be missing.
 */
import type { Duplex } from 'node:stream';
import { EventSource } from 'barewire/client';
import { ReplayLog } from 'barewire/sse';
import fc from 'fast-check';
import t from 'tap';
import { FakeWorld } from '../support/fake-world.ts';
import { turn, WantedConnection, weighed } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';

/** What can happen, and how often: ends are rare, or little would happen before them. */
const WEIGHTS = {
  ...{ bring: 14, fail: 0.5, accept: 14, refuse: 0.1, garble: 0.3 },
  ...{ emit: 14, flow: 8, flowAll: 6, retry: 0.5, lose: 2, end: 1 },
  ...{ wait: 6, waitLong: 0.5, read: 0.5, close: 0.1, abort: 0.1, leave: 0.1 },
};
type Action = keyof typeof WEIGHTS;

const action = weighed(WEIGHTS);
/** What is done, how much of it, and how many turns of the event loop go by before the next. */
const step = fc.record({ action, size: fc.nat(60), turns: fc.nat(3) });
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n';

/** One connection as the server sees it. */
class Connection extends WantedConnection {
  /** What the server has written, and the wire has not carried yet. */
  backlog = '';
  #request = '';

  constructor(...given: ConstructorParameters<typeof WantedConnection>) {
    super(...given);
    this.far.on('data', (bytes: Buffer) => {
      this.#request += bytes.toString('latin1');
    });
  }

  get hasAsked(): boolean {
    return this.#request.endsWith('\r\n\r\n');
  }

  /** The position that the request names. */
  get lastEventId(): string | undefined {
    return /\r\nLast-Event-ID: (.*)\r\n/.exec(this.#request)?.[1];
  }

  /** Carries so many characters. */
  flow(count: number): void {
    if (this.far.writable) this.far.write(this.backlog.slice(0, count));
    this.backlog = this.backlog.slice(count);
  }
}

/** A source, its server and its time. */
class Run {
  readonly world = new FakeWorld();
  readonly connections: Connection[] = [];
  readonly aborter = new AbortController();
  readonly source: EventSource;
  readonly log = new ReplayLog({ epoch: 'law' });
  /** One letter for each event: Open, Message, Error, Closed with an error. */
  trace = '';
  /** The numbers of the events that came: to the listener, and to the loop. */
  readonly heard: number[] = [];
  readonly looped: number[] = [];
  /** The number of the first event that must come: behind the first position that was given. */
  #first: number | undefined;
  count = 0;
  isClosedByUs = false;
  #fault: string | undefined;
  #loop: AsyncIterator<{ readonly data: string }> | undefined;

  constructor(idleTimeoutMs: number) {
    const options = {
      ...{ reconnectionMs: 100, maxDelayMs: 1000, idleTimeoutMs },
      signal: this.aborter.signal,
      createConnection: (): Promise<Duplex> =>
        new Promise((resolve, reject) => {
          this.connections.push(new Connection(resolve, reject));
        }),
    };
    const source = new EventSource('http://law.example/', options, this.world);
    this.source = source;
    source.onopen = () => this.#note('o', [1]);
    source.onerror = () => this.#note(source.readyState === 2 ? 'c' : 'e', [0, 2]);
    source.onmessage = ({ data }) => {
      this.#note('m', [1]);
      this.heard.push(Number(data));
    };
  }

  #note(letter: string, readyStates: readonly number[]): void {
    this.trace += letter;
    // Thrown here it would reach nobody.
    const isFine = readyStates.includes(this.source.readyState) && !this.isClosedByUs;
    if (!isFine) this.#fault = `${letter} in another state`;
  }

  in(state: Connection['state']): Connection | undefined {
    // What the source has cut is over, whatever the server believes.
    return this.connections.find((each) => each.state === state && !each.near.destroyed);
  }

  do({ action, size }: Step): void {
    const { source, world } = this;
    if (action === 'wait') world.advance(150);
    else if (action === 'waitLong') world.advance(6_000);
    else if (action === 'emit') this.#emit();
    else if (action === 'read') this.#read();
    else if (action === 'leave') {
      this.isClosedByUs ||= this.#loop !== undefined;
      void this.#loop?.return?.();
    } else if (action === 'close' || action === 'abort') {
      this.isClosedByUs = true;
      if (action === 'close') source.close();
      else this.aborter.abort();
    } else this.#serve(action, size);
  }

  #serve(action: Action, size: number): void {
    const wanted = this.in('wanted');
    if (action === 'bring' && wanted !== undefined) {
      wanted.state = 'brought';
      wanted.bring(wanted.near);
    } else if (action === 'fail' && wanted !== undefined) {
      wanted.state = 'over';
      wanted.fail(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    } else if (action === 'accept' || action === 'refuse' || action === 'garble') {
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
      asking.backlog = HEAD + this.log.catchUp(asking.lastEventId);
    } else {
      asking.backlog = action === 'refuse' ? 'HTTP/1.1 500 No\r\n\r\n' : 'SSH-2.0\r\n\r\n';
      asking.flow(Number.POSITIVE_INFINITY);
    }
  }

  #talk(action: Action, size: number): void {
    const open = this.in('open');
    if (open === undefined) return;
    if (action === 'flow') return open.flow(size);
    if (action === 'flowAll') return open.flow(Number.POSITIVE_INFINITY);
    if (action === 'retry') {
      open.backlog += `retry: ${size * 10}\n\n`;
      return;
    }
    if (action !== 'lose' && action !== 'end') return;
    if (action === 'lose') open.far.destroy();
    else open.far.end();
    open.state = 'over';
  }

  /** The server has something to say: to all that are connected, and to those that come back. */
  #emit(): void {
    const { text } = this.log.append({ data: String(this.count) });
    this.count += 1;
    for (const each of this.connections) if (each.state === 'open') each.backlog += text;
  }

  #read(): void {
    if (this.#loop !== undefined) return;
    this.#loop = this.source[Symbol.asyncIterator]();
    const loop = this.#loop;
    const pull = (): Promise<void> =>
      loop.next().then(({ value, done }) => {
        if (done === true) return;
        this.looped.push(Number(value.data));
        return pull();
      });
    pull().catch(() => {});
  }

  /** Lets the source come back, and the wire carry everything. */
  async settle(): Promise<void> {
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

  /** What holds at any time. */
  check(): void {
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const isDone = ({ state, near }: Connection): boolean =>
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
    for (const numbers of [this.heard, this.looped]) {
      const gap = numbers.findIndex((number, at) => at > 0 && number !== numbers[at - 1]! + 1);
      if (gap !== -1) throw new Error(`behind ${numbers[gap - 1]} comes ${numbers[gap]}`);
    }
  }

  /** What holds at the end. */
  checkEnd(): void {
    if (!/^(?:(?:om*)?e)*(?:om*)?c?$/.test(this.trace)) throw new Error(this.trace);
    if (this.source.readyState !== 2) throw new Error('it is not closed');
    if (this.world.waiting.length > 0) throw new Error('an alarm is left');
    const isLeft = ({ state, near }: Connection): boolean => state !== 'wanted' && !near.destroyed;
    if (this.connections.some(isLeft)) throw new Error('a stream is left');
  }
}

t.test('law: every event comes once and in order, however often the stream breaks', async (t) => {
  let [heard, back] = [0, 0];
  const law = fc.asyncProperty(
    fc.constantFrom(5_000, Number.POSITIVE_INFINITY),
    fc.array(step, { minLength: 10, maxLength: 100, size: 'max' }),
    async (idleTimeoutMs, steps) => {
      const run = new Run(idleTimeoutMs);
      for (const each of steps) {
        run.do(each);
        run.check();
        for (let count = 0; count < each.turns; count += 1) await turn();
      }
      await run.settle();
      run.check();
      heard += run.heard.length;
      back += run.trace.split('e').length - 1;
      run.isClosedByUs = true;
      run.source.close();
      for (const { near, state, fail } of run.connections) {
        if (state === 'wanted') fail(new Error('nobody wants it any more'));
        else if (state === 'over') near.destroy();
      }
      for (let turns = 0; turns < 5; turns += 1) await turn();
      run.check();
      run.checkEnd();
    },
  );
  await fc.assert(law, runs(150));
  t.ok(heard > 300 && back > 50, `${heard} events heard, ${back} times come back`);
});
