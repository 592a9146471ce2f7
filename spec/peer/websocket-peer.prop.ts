/**
 * The law of slow consumers: whatever a peer is sent, and however the other one reads, each message
 * comes once and in order, or is counted as dropped or taken back; and nobody waits behind the end.
 */
import assert from 'node:assert/strict';
import { broadcast, DuplexTransport, type SlowConsumerPolicy, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { turn, weighed } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';
import { duplexPair } from '../support/sockets.ts';

/** How often each comes. Large ones fill the wire, which is stopped now and then. */
const kind = weighed({
  ...{ send: 6, large: 8, broadcast: 4, signalled: 5, abort: 1, pieces: 1, drained: 1 },
  ...{ ping: 1, turn: 5, pause: 1, resume: 2, stop: 2, go: 2 },
});
const step = fc.record({ kind, size: fc.nat(40_000) });
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
const policy = fc.constantFrom('wait', 'close', 'drop-newest', 'drop-oldest', 'conflate');
const MAX_BYTES = 100_000;
/** What all messages of a run may count beyond their bytes. */
const OVERHEAD_BYTES = 60 * 256;
const SENDS = ['send', 'large', 'broadcast', 'signalled'];

/** A message in pieces; one that is stalled never ends. */
async function* piecesOf(text: string, isStalled: boolean): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 10_000) {
    yield text.slice(at, at + 10_000);
    await turn();
  }
  if (isStalled) await new Promise(() => {});
}

/** A peer that sends, and one that reads. */
class Run {
  readonly #wires = duplexPair(false);
  readonly #transport = new DuplexTransport(this.#wires[0]);
  readonly #policy: SlowConsumerPolicy;
  readonly #key: { readonly key?: string };
  readonly sender: WebSocketPeer;
  readonly #reader: WebSocketPeer;
  readonly numbers: number[] = [];
  /** Messages that were accepted, dropped ones included. */
  #accepted = 0;
  #next = 0;
  /** Messages in pieces whose promise was rejected: what was whole by then comes all the same. */
  readonly #brokenOff: number[] = [];
  /** Promises that must not outlive the connection. */
  #waiting = 0;
  #inPieces = 0;
  #aborter = new AbortController();

  constructor(slowConsumer: SlowConsumerPolicy, isKeyed: boolean, isServer: boolean) {
    const takeMaskingKey = (): number => 0x1234_5678;
    const roles = [{ role: 'server' }, { role: 'client', takeMaskingKey }] as const;
    const maxBufferedBytes = slowConsumer === 'wait' ? 2 ** 26 : MAX_BYTES;
    const options = { slowConsumer, maxBufferedBytes };
    this.sender = new WebSocketPeer(this.#transport, roles[isServer ? 0 : 1], options);
    const far = new DuplexTransport(this.#wires[1]);
    this.#reader = new WebSocketPeer(far, roles[isServer ? 1 : 0]);
    this.#reader.attach({
      message: (_peer, data) => this.numbers.push(Number(/^\d+/.exec(String(data))![0])),
    });
    this.sender.attach({ message() {} });
    this.#policy = slowConsumer;
    this.#key = isKeyed ? { key: 'all' } : {};
  }

  do({ kind, size }: Step): void {
    if (SENDS.includes(kind)) this.#offer(kind, size);
    else if (kind === 'pieces') this.#sendPieces(size, false);
    else if (kind === 'drained') this.#watch(this.sender.drained());
    else if (kind === 'ping') this.#watch(this.sender.ping());
    else if (kind === 'abort') {
      this.#aborter.abort();
      this.#aborter = new AbortController();
    } else if (kind === 'pause') this.#reader.pause();
    else if (kind === 'resume') this.#reader.resume();
    else if (kind === 'stop') this.#wires[0].cork();
    else if (kind === 'go') this.#wires[0].uncork();
  }

  #watch(promise: Promise<unknown>): void {
    this.#waiting += 1;
    const settled = (): void => {
      this.#waiting -= 1;
    };
    promise.then(settled, settled);
  }

  #text(padding: number): string {
    this.#next += 1;
    return `${this.#next - 1} ${'x'.repeat(padding)}`;
  }

  #offer(kind: string, size: number): void {
    const { sender } = this;
    const text = this.#text(kind === 'large' || kind === 'signalled' ? size : size % 50);
    const [wasOpen, isCongested] = [sender.isOpen, this.#transport.isCongested];
    const isFull = sender.bufferedAmount + text.length + OVERHEAD_BYTES > MAX_BYTES;
    const { signal } = this.#aborter;
    const options = kind === 'signalled' ? { ...this.#key, signal } : this.#key;
    if (kind === 'broadcast') broadcast([sender], text, options);
    const outcome = kind === 'broadcast' ? undefined : sender.offer(text, options);
    // Who closes slow consumers closes all of them, and no other.
    if (wasOpen && this.#policy !== 'close') assert.ok(sender.isOpen, 'closed for no reason');
    else if (wasOpen && isCongested) assert.ok(!sender.isOpen, 'a slow consumer');
    else if (wasOpen) assert.ok(sender.isOpen || isFull, 'closed for no reason');
    if (outcome !== undefined) assert.equal(outcome === 'closed', !sender.isOpen);
    if (sender.isOpen) this.#accepted += 1;
  }

  #sendPieces(size: number, isStalled: boolean): void {
    if (this.sender.isOpen) this.#accepted += 1;
    const number = this.#next;
    const { signal } = this.#aborter;
    const sending = this.sender.send(piecesOf(this.#text(size), isStalled), { signal });
    this.#watch(sending);
    this.#inPieces += 1;
    const settled = (): void => {
      this.#inPieces -= 1;
    };
    sending.then(settled, () => {
      settled();
      this.#brokenOff.push(number);
    });
  }

  /** Everything leaves, and the connection ends: behind all of it, or in the middle. */
  async finish(isPatient: boolean): Promise<void> {
    this.#reader.resume();
    for (let corks = this.#wires[0].writableCorked; corks > 0; corks -= 1) this.#wires[0].uncork();
    for (
      let turns = 0;
      isPatient && this.sender.isOpen && this.sender.bufferedAmount > 0;
      turns += 1
    ) {
      assert.ok(turns < 2000, `${this.sender.bufferedAmount} bytes never leave`);
      await turn();
    }
    const isWhole = this.sender.isOpen;
    const isHalf = this.#inPieces > 0;
    const before = this.sender.counters.messagesDropped;
    this.#watch(this.sender.close(1000));
    await this.#settle();
    const { messagesDropped: dropped, messagesWithdrawn: withdrawn } = this.sender.counters;
    const broken = this.#brokenOff.filter((number) => !this.numbers.includes(number)).length;
    const gone = dropped + withdrawn + broken;
    const sum = `${this.numbers.length} came, ${gone} are gone, of ${this.#accepted}`;
    // Half a message is dropped, and what is behind it.
    if (isWhole && !isHalf) assert.equal(dropped, before, 'an end drops what was accepted');
    if (isWhole) assert.equal(this.numbers.length + gone, this.#accepted, sum);
  }

  /** The connection is cut while a message, and those who have too much to send, are waiting. */
  async cut(bytes: number): Promise<void> {
    this.#wires[0].cork();
    this.#sendPieces(bytes, true);
    await turn();
    this.#watch(this.sender.drained());
    this.sender.terminate();
    await this.#settle();
  }

  async #settle(): Promise<void> {
    for (let turns = 0; turns < 100 && this.#waiting > 0; turns += 1) await turn();
    assert.equal(this.#waiting, 0, 'somebody waits for a connection that is over');
  }

  check(): void {
    const isInOrder = this.numbers.every((each, at) => at === 0 || each > this.numbers[at - 1]!);
    assert.ok(isInOrder, `twice, or out of order: ${this.numbers}`);
    const { messagesDropped } = this.sender.counters;
    const mayDrop = !['wait', 'close'].includes(this.#policy) || !this.sender.isOpen;
    assert.ok(mayDrop || messagesDropped === 0, 'dropped, against the policy');
  }
}

t.test('law: each message comes once and in order, or is counted', async (t) => {
  const seen = { came: 0, dropped: 0, withdrawn: 0, closed: 0 };
  const law = fc.asyncProperty(
    fc.array(step, { maxLength: 60, size: 'max' }),
    policy,
    fc.record({
      isKeyed: fc.boolean(),
      isServer: fc.boolean(),
      isPatient: fc.boolean(),
      cutAt: fc.option(fc.constantFrom(9, 50_000)),
    }),
    async (steps, slowConsumer, { isKeyed, isServer, isPatient, cutAt }) => {
      const run = new Run(slowConsumer as SlowConsumerPolicy, isKeyed, isServer);
      for (const each of steps) {
        run.do(each);
        run.check();
        if (each.kind === 'turn') await turn();
      }
      seen.closed += run.sender.isOpen ? 0 : 1;
      await (cutAt === null ? run.finish(isPatient) : run.cut(cutAt));
      run.check();
      seen.came += run.numbers.length;
      seen.dropped += run.sender.counters.messagesDropped;
      seen.withdrawn += run.sender.counters.messagesWithdrawn;
    },
  );
  await fc.assert(law, runs(150));
  t.ok(seen.came > 500 && seen.dropped > 50, JSON.stringify(seen));
  t.ok(Math.min(seen.withdrawn, seen.closed) > 10, JSON.stringify(seen));
});
