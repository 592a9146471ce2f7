/**
 * Laws of a client that comes back, for any interleaving of connecting, sending, closing, aborting,
 * coming back and losing. The server is in the hands of the law, and so is time.
 */
import type { Duplex } from 'node:stream';
import { ENTRY_OVERHEAD_BYTES } from 'barewire/base';
import { WebSocket } from 'barewire/client';
import t from 'tap';
import { CountedConnection } from '../support/counting-server.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { fc } from '../support/fast-check.ts';
import { turn, weighed } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';
import { SlowLoop } from '../support/slow-loop.ts';

/** What can happen, and how often: ends are rare, or little would happen before them. */
const WEIGHTS = {
  ...{ bring: 8, fail: 1, accept: 10, refuse: 1, garble: 0.3 },
  ...{ say: 10, goodbye: 2, done: 0.2, lose: 2, end: 1 },
  ...{ sayMuch: 1, send: 8, sendLong: 2, ping: 1, wait: 4, waitLong: 2 },
  ...{ read: 1, readMuch: 0.5, closeInOpen: 0.3, sendInOpen: 1 },
  ...{ close: 0.3, terminate: 0.2, abort: 0.3, leave: 0.3 },
};
type Action = keyof typeof WEIGHTS;

const action = weighed(WEIGHTS);
/** What is done, and how many turns of the event loop go by before the next. */
const step = fc.record({ action, turns: fc.nat(6) });

/** What is just enough for a pause, behind one that is read. */
const MUCH = 64 + 1;
/** A loop that does not read while its connection is lost and another one comes. */
const SLOW: readonly Action[] = [
  ...(['wait', 'bring', 'accept', 'read', 'sayMuch', 'lose', 'wait', 'wait'] as const),
  ...(['bring', 'accept', 'sayMuch'] as const),
];

/** A client, its server and its time. */
class Run {
  readonly world = new FakeWorld();
  readonly connections: CountedConnection[] = [];
  readonly aborter = new AbortController();
  readonly socket: WebSocket;
  /** One letter for each event: Open, Message, Reconnecting, Error, Close. */
  trace = '';
  given = 0;
  givenBytes = 0;
  /** What was accepted while there was no connection, and waits for one. */
  kept: { texts: string[]; bytes: number } = { texts: [], bytes: 0 };
  /** Messages that were kept, and such that were refused because too much waited. */
  readonly seen = { kept: 0, refused: 0, heard: 0, looped: 0 };
  readonly #maxQueuedBytes: number;
  #fault: string | undefined;
  #loop: SlowLoop | undefined;
  /** What the next listener of `open` does. */
  #inOpen: 'closeInOpen' | 'sendInOpen' | undefined;

  constructor(reconnect: boolean, maxQueuedBytes: number) {
    this.#maxQueuedBytes = reconnect ? maxQueuedBytes : 0;
    const options = {
      reconnect: reconnect && { minDelayMs: 100, maxDelayMs: 1000, maxQueuedBytes },
      signal: this.aborter.signal,
      deflate: false,
      createConnection: (): Promise<Duplex> =>
        new Promise((resolve, reject) => {
          this.connections.push(new CountedConnection(resolve, reject));
        }),
    };
    const socket = new WebSocket('ws://law.example/', [], options, this.world);
    this.socket = socket;
    socket.onopen = () => this.#note('o', 1);
    socket.onmessage = ({ data }) => {
      this.#note('m', 1);
      this.connections.at(-1)!.heard.push(data);
      this.#loop?.wanted.push(data);
    };
    socket.onreconnecting = () => this.#note('r', 0);
    socket.onerror = () => this.#note('e', 3);
    socket.onclose = () => this.#note('c', 3);
  }

  #note(letter: string, readyState: number): void {
    this.trace += letter;
    // Thrown here it would reach nobody.
    if (this.socket.readyState !== readyState) this.#fault = `${letter} in another state`;
    // There is one attempt at a time.
    const last = this.connections.at(-1)!;
    if (letter === 'o') {
      last.isOpened = true;
      this.#opened(last);
    }
    // Whoever is open, or over, keeps nothing for later.
    if (letter === 'o' || letter === 'c') this.kept = { texts: [], bytes: 0 };
  }

  /** A listener that sends introduces itself: what was kept comes behind that, but before an end. */
  #opened(last: CountedConnection): void {
    const [action, { texts }] = [this.#inOpen, this.kept];
    this.#inOpen = undefined;
    if (this.socket.readyState === 1 && action === 'sendInOpen') this.#send(0);
    last.given.push(...texts);
    if (this.socket.readyState === 1 && action === 'closeInOpen') this.do('close');
  }

  #in(state: CountedConnection['state']): CountedConnection | undefined {
    // What the client has cut is over, whatever the server believes.
    return this.connections.find((each) => each.state === state && !each.near.destroyed);
  }

  do(action: Action): void {
    const { socket, world } = this;
    const isLeaving = action === 'leave' && this.#loop !== undefined;
    if (isLeaving || ['close', 'terminate', 'abort'].includes(action)) this.#cut();
    if (action === 'close') socket.close(1000);
    else if (action === 'terminate') socket.terminate();
    else if (action === 'abort') this.aborter.abort(new Error('enough'));
    else if (action === 'wait') world.advance(150);
    else if (action === 'waitLong') world.advance(11_000);
    else if (action === 'send' || action === 'sendLong') this.#send(action === 'send' ? 0 : 5000);
    else if (action === 'ping') socket.ping().catch(() => {});
    else if (action === 'read' || action === 'readMuch') this.#read(action === 'read' ? 1 : 100);
    else if (action === 'leave') this.#loop?.leave();
    else if (action === 'closeInOpen' || action === 'sendInOpen') this.#inOpen = action;
    else this.#serve(action);
  }

  /** The client has had enough of its connection. */
  #cut(): void {
    const last = this.connections.at(-1);
    if (last !== undefined) last.isCut = true;
  }

  #serve(action: Action): void {
    const wanted = this.#in('wanted');
    if (action === 'bring' && wanted !== undefined) wanted.bring();
    else if (action === 'fail' && wanted !== undefined) wanted.fail();
    else if (action === 'accept' || action === 'refuse' || action === 'garble') {
      this.#in('brought')?.answer(action);
    } else {
      this.#talk(action);
    }
  }

  #talk(action: Action): void {
    const open = this.#in('open');
    if (open === undefined) return;
    if (action === 'say' || action === 'sayMuch') {
      for (let count = action === 'say' ? 1 : MUCH; count > 0; count -= 1) {
        open.say(`${this.connections.indexOf(open)}.${open.said.length}`);
      }
      return;
    }
    if (action === 'goodbye') open.write(Buffer.from('880203f4', 'hex'));
    else if (action === 'done') open.write(Buffer.from('880203e8', 'hex'));
    else if (action === 'lose') open.far.destroy();
    else if (action === 'end') open.far.end();
    // Nobody wants a connection or an answer: nothing happens.
    else return;
    if (action === 'lose' || action === 'end') open.isCut = true;
    open.state = 'over';
  }

  #send(padding: number): void {
    const text = `${this.given} ${'x'.repeat(padding)}`;
    const { texts, bytes } = this.kept;
    const { readyState } = this.socket;
    const isConnecting = readyState === 0;
    const heldBytes = bytes + text.length + (texts.length + 1) * ENTRY_OVERHEAD_BYTES;
    const isTooMuch = isConnecting && heldBytes > this.#maxQueuedBytes;
    try {
      this.socket.send(text);
    } catch (error) {
      const { name, code } = error as { name: string; code: unknown };
      // While connecting only, and beyond the bound.
      const isFine =
        this.#maxQueuedBytes === 0 ? name === 'InvalidStateError' : code === 'invalid-state';
      if (!isFine || !isTooMuch) throw error;
      this.seen.refused += 1;
      return;
    }
    if (isTooMuch) throw new Error(`${heldBytes} of ${this.#maxQueuedBytes} bytes are kept`);
    if (isConnecting) {
      this.kept = { texts: [...texts, text], bytes: bytes + text.length };
      this.seen.kept += 1;
    } else if (readyState === 1) {
      this.connections.at(-1)!.given.push(text);
    }
    this.given += 1;
    this.givenBytes += text.length;
  }

  #read(count: number): void {
    this.#loop ??= new SlowLoop(this.socket[Symbol.asyncIterator]());
    this.#loop.read(count);
  }

  /** Lets the client come back if it will, and the wire carry everything. */
  async settle(): Promise<void> {
    this.#loop?.read(Number.POSITIVE_INFINITY);
    for (let turns = 0; turns < 6; turns += 1) await turn();
    for (let round = 0; this.socket.readyState < 2; round += 1) {
      if (round > 50) throw new Error(`it never comes back: ${this.trace}`);
      for (const { far, state } of this.connections) if (state === 'over') far.destroy();
      this.#serve('bring');
      this.#serve('accept');
      for (let turns = 0; turns < 6; turns += 1) await turn();
      if (this.socket.readyState === 1 && this.#in('open') !== undefined) break;
      this.world.advance(1_000);
    }
    this.do('say');
    this.do('send');
    for (let turns = 0; turns < 6; turns += 1) await turn();
    for (const connection of this.connections) connection.check(true);
  }

  /** Goes on until the client is over; whatever stands, falls. */
  async finish(): Promise<void> {
    this.do('close');
    for (let round = 0; this.socket.readyState !== 3; round += 1) {
      if (round > 50) throw new Error(`it never ends: ${this.trace}`);
      for (const { far, state, near } of this.connections) {
        if (state !== 'wanted' && !near.destroyed) far.destroy();
      }
      this.world.advance(20_000);
      await turn();
    }
    for (let turns = 0; turns < 5; turns += 1) await turn();
  }

  /** What holds at any time. */
  check(): void {
    if (this.#fault !== undefined) throw new Error(this.#fault);
    this.#loop?.check();
    for (const connection of this.connections) connection.check();
    const { bufferedAmount } = this.socket;
    const isSane = bufferedAmount >= 0 && bufferedAmount <= this.givenBytes;
    if (!isSane) throw new Error(`${bufferedAmount} of ${this.givenBytes} bytes are buffered`);
    if (bufferedAmount < this.kept.bytes) throw new Error('less than what is kept');
  }

  /** What holds at the end. */
  checkEnd(): void {
    if (!/^(?:(?:om*)?r)*(?:om*)?e?c$/.test(this.trace)) throw new Error(this.trace);
    if (this.world.waiting.length > 0) throw new Error('an alarm is left');
    const isLeft = ({ state, near }: CountedConnection): boolean =>
      state !== 'wanted' && !near.destroyed;
    if (this.connections.some((each) => each.state !== 'over' && isLeft(each))) {
      throw new Error('a stream is left');
    }
    // The loop gives everything, to its end or until it is left.
    this.#loop?.check(true);
    this.seen.looped += this.#loop?.got.length ?? 0;
    for (const { heard } of this.connections) this.seen.heard += heard.length;
  }
}

t.test(
  'law: events make sense, all comes once and in order, no more is kept than allowed',
  async (t) => {
    const seen = { kept: 0, refused: 0, heard: 0, looped: 0 };
    const law = fc.asyncProperty(
      fc.boolean(),
      fc.constantFrom(0, 700, 100_000),
      fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }),
      fc.boolean(),
      async (reconnect, maxQueuedBytes, steps, isSlow) => {
        const run = new Run(reconnect, maxQueuedBytes);
        const first = isSlow ? SLOW.map((action) => ({ action, turns: 6 })) : [];
        try {
          for (const { action, turns } of [...first, ...steps]) {
            run.do(action);
            run.check();
            for (let count = 0; count < turns; count += 1) await turn();
          }
          await run.settle();
        } finally {
          // The next case would wait behind a handshake that is left.
          await run.finish();
        }
        run.check();
        run.checkEnd();
        for (const name of Object.keys(seen) as (keyof typeof seen)[]) seen[name] += run.seen[name];
      },
    );
    await fc.assert(law, runs(250));
    t.ok(Math.min(...Object.values(seen)) > 50, JSON.stringify(seen));
  },
);
