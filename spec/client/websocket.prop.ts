/**
 * Laws of a client that comes back, for any interleaving of connecting, sending, closing, aborting,
 * coming back and losing. The server is in the hands of the law, and so is time.
 */
import type { Duplex } from 'node:stream';
import { ENTRY_OVERHEAD_BYTES } from 'barewire/base';
import { WebSocket } from 'barewire/client';
import { computeAccept } from 'barewire/handshake';
import fc from 'fast-check';
import t from 'tap';
import { FakeWorld } from '../support/fake-world.ts';
import { turn, WantedConnection, weighed } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';

/** What can happen, and how often: ends are rare, or little would happen before them. */
const WEIGHTS = {
  ...{ bring: 8, fail: 1, accept: 10, refuse: 1, garble: 0.3 },
  ...{ say: 4, goodbye: 2, done: 0.2, lose: 2, end: 1 },
  ...{ send: 8, sendLong: 2, ping: 1, wait: 4, waitLong: 2, read: 1 },
  ...{ close: 0.3, terminate: 0.2, abort: 0.3, leave: 0.3 },
};
type Action = keyof typeof WEIGHTS;

const action = weighed(WEIGHTS);
/** What is done, and how many turns of the event loop go by before the next. */
const step = fc.record({ action, turns: fc.nat(6) });

/** One connection as the server sees it. */
class Connection extends WantedConnection {
  #bytes = Buffer.alloc(0);

  constructor(...given: ConstructorParameters<typeof WantedConnection>) {
    super(...given);
    this.far.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
    });
  }

  /** The request's key; `undefined` while it has not come. */
  get key(): string | undefined {
    return /Sec-WebSocket-Key: (\S+)\r\n[\s\S]*\r\n\r\n/.exec(this.#bytes.toString('latin1'))?.[1];
  }

  write(bytes: string | Buffer): void {
    if (this.far.writable) this.far.write(bytes);
  }

  /** The numbers of the messages that have come whole, and what came is well-formed. */
  get numbers(): number[] {
    const head = this.#bytes.indexOf('\r\n\r\n');
    const found: number[] = [];
    for (let at = head + 4; head !== -1 && at + 2 <= this.#bytes.length; ) {
      const [first, second] = [this.#bytes[at]!, this.#bytes[at + 1]!];
      if ((second & 0x80) === 0) throw new Error('a frame without a mask');
      const short = second & 0x7f;
      const start = at + (short === 126 ? 8 : 6);
      const length = short === 126 ? this.#bytes.readUInt16BE(at + 2) : short;
      if (start + length > this.#bytes.length) break;
      const key = this.#bytes.subarray(start - 4, start);
      const payload = this.#bytes.subarray(start, start + length);
      if (first === 0x81) {
        const text = Buffer.from(payload.map((byte, index) => byte ^ key[index % 4]!)).toString();
        found.push(Number(/^\d+/.exec(text)![0]));
      } else if (first !== 0x88 && first !== 0x89 && first !== 0x8a) {
        throw new Error(`a frame that nobody sent: ${first}`);
      }
      at = start + length;
    }
    return found;
  }
}

/** A client, its server and its time. */
class Run {
  readonly world = new FakeWorld();
  readonly connections: Connection[] = [];
  readonly aborter = new AbortController();
  readonly socket: WebSocket;
  /** One letter for each event: Open, Message, Reconnecting, Error, Close. */
  trace = '';
  given = 0;
  givenBytes = 0;
  /** What was accepted while there was no connection, and waits for one. */
  kept = { count: 0, bytes: 0 };
  /** Messages that were kept, and such that were refused because too much waited. */
  readonly seen = { kept: 0, refused: 0 };
  readonly #maxQueuedBytes: number;
  #fault: string | undefined;
  #loop: AsyncIterator<string | Buffer> | undefined;

  constructor(reconnect: boolean, maxQueuedBytes: number) {
    this.#maxQueuedBytes = reconnect ? maxQueuedBytes : 0;
    const options = {
      reconnect: reconnect && { minDelayMs: 100, maxDelayMs: 1000, maxQueuedBytes },
      signal: this.aborter.signal,
      deflate: false,
      createConnection: (): Promise<Duplex> =>
        new Promise((resolve, reject) => {
          this.connections.push(new Connection(resolve, reject));
        }),
    };
    const socket = new WebSocket('ws://law.example/', [], options, this.world);
    this.socket = socket;
    socket.onopen = () => this.#note('o', 1);
    socket.onmessage = () => this.#note('m', 1);
    socket.onreconnecting = () => this.#note('r', 0);
    socket.onerror = () => this.#note('e', 3);
    socket.onclose = () => this.#note('c', 3);
  }

  #note(letter: string, readyState: number): void {
    this.trace += letter;
    // Whoever is open, or over, keeps nothing for later.
    if (letter === 'o' || letter === 'c') this.kept = { count: 0, bytes: 0 };
    // Thrown here it would reach nobody.
    if (this.socket.readyState !== readyState) this.#fault = `${letter} in another state`;
  }

  #in(state: Connection['state']): Connection | undefined {
    return this.connections.find((connection) => connection.state === state);
  }

  do(action: Action): void {
    const { socket, world } = this;
    if (action === 'close') socket.close(1000);
    else if (action === 'terminate') socket.terminate();
    else if (action === 'abort') this.aborter.abort(new Error('enough'));
    else if (action === 'wait') world.advance(150);
    else if (action === 'waitLong') world.advance(11_000);
    else if (action === 'send' || action === 'sendLong') this.#send(action === 'send' ? 0 : 5000);
    else if (action === 'ping') socket.ping().catch(() => {});
    else if (action === 'read') this.#read();
    else if (action === 'leave') void this.#loop?.return?.();
    else this.#serve(action);
  }

  #serve(action: Action): void {
    const wanted = this.#in('wanted');
    if (action === 'bring' && wanted !== undefined) {
      wanted.state = 'brought';
      wanted.bring(wanted.near);
    } else if (action === 'fail' && wanted !== undefined) {
      wanted.state = 'over';
      wanted.fail(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    } else if (action === 'accept' || action === 'refuse' || action === 'garble') {
      this.#answer(action);
    } else {
      this.#talk(action);
    }
  }

  #answer(action: 'accept' | 'refuse' | 'garble'): void {
    const asking = this.#in('brought');
    if (asking?.key === undefined) return;
    asking.state = action === 'accept' ? 'open' : 'over';
    const accept = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: `;
    if (action === 'accept') {
      asking.write(`HTTP/1.1 101 Go\r\n${accept}${computeAccept(asking.key)}\r\n\r\n`);
    } else if (action === 'refuse') {
      asking.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n');
    } else {
      asking.write('SSH-2.0\r\n\r\n');
    }
  }

  #talk(action: Action): void {
    const open = this.#in('open');
    if (open === undefined) return;
    if (action === 'say') return open.write(Buffer.from('810161', 'hex'));
    if (action === 'goodbye') open.write(Buffer.from('880203f4', 'hex'));
    else if (action === 'done') open.write(Buffer.from('880203e8', 'hex'));
    else if (action === 'lose') open.far.destroy();
    else if (action === 'end') open.far.end();
    // Nobody wants a connection or an answer: nothing happens.
    else return;
    open.state = 'over';
  }

  #send(padding: number): void {
    const text = `${this.given} ${'x'.repeat(padding)}`;
    const isConnecting = this.socket.readyState === 0;
    const { count, bytes } = this.kept;
    const heldBytes = bytes + text.length + (count + 1) * ENTRY_OVERHEAD_BYTES;
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
      this.kept = { count: count + 1, bytes: bytes + text.length };
      this.seen.kept += 1;
    }
    this.given += 1;
    this.givenBytes += text.length;
  }

  #read(): void {
    if (this.#loop !== undefined) return;
    this.#loop = this.socket[Symbol.asyncIterator]();
    const loop = this.#loop;
    const pull = (): Promise<void> => loop.next().then(({ done }) => (done ? undefined : pull()));
    pull().catch(() => {});
  }

  /** Goes on until the client is over; whatever stands, falls. */
  async finish(): Promise<void> {
    this.socket.close();
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
    const { bufferedAmount } = this.socket;
    const isSane = bufferedAmount >= 0 && bufferedAmount <= this.givenBytes;
    if (!isSane) throw new Error(`${bufferedAmount} of ${this.givenBytes} bytes are buffered`);
    if (bufferedAmount < this.kept.bytes) throw new Error('less than what is kept');
  }

  /** What holds at the end. */
  checkEnd(): void {
    if (!/^(?:(?:om*)?r)*(?:om*)?e?c$/.test(this.trace)) throw new Error(this.trace);
    if (this.world.waiting.length > 0) throw new Error('an alarm is left');
    const isLeft = ({ state, near }: Connection): boolean => state !== 'wanted' && !near.destroyed;
    if (this.connections.some((each) => each.state !== 'over' && isLeft(each))) {
      throw new Error('a stream is left');
    }
    const numbers = this.connections.flatMap((connection) => connection.numbers);
    const isInOrder = numbers.every((number, at) => at === 0 || number > numbers[at - 1]!);
    if (!isInOrder) throw new Error(`twice, or out of order: ${numbers}`);
    if (numbers.length > this.given) throw new Error('more than was given');
  }
}

t.test('law: events make sense, nothing comes twice, no more is kept than allowed', async (t) => {
  const seen = { kept: 0, refused: 0 };
  const law = fc.asyncProperty(
    fc.boolean(),
    fc.constantFrom(0, 700, 100_000),
    fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }),
    async (reconnect, maxQueuedBytes, steps) => {
      const run = new Run(reconnect, maxQueuedBytes);
      for (const { action, turns } of steps) {
        run.do(action);
        run.check();
        for (let count = 0; count < turns; count += 1) await turn();
      }
      await run.finish();
      run.check();
      run.checkEnd();
      seen.kept += run.seen.kept;
      seen.refused += run.seen.refused;
    },
  );
  await fc.assert(law, runs(300));
  t.ok(Math.min(seen.kept, seen.refused) > 50, JSON.stringify(seen));
});
