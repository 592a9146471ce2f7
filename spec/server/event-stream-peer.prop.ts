/**
 * Laws of a client that listens to events: those of a log, given in any order while the client
 * reads and does not, come once and in order, or count as dropped.
 */
import assert from 'node:assert/strict';
import type { SlowConsumerPolicy } from 'barewire/peer';
import { type LoggedEvent, ReplayLog } from 'barewire/sse';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { EventStreamPeer } from '../../lib/server/event-stream-peer.ts';
import { checkEventStream } from '../../lib/server/event-stream-settings.ts';
import type { ResponseChannel } from '../../lib/server/response-channel.ts';
import { FakeTime } from '../support/fake-time.ts';
import { fc } from '../support/fast-check.ts';
import { weighed } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';

const KEEP_ALIVE_MS = 5_000;
/** A deadline fires within two ticks of the wheel, which do not begin with its slots. */
const LATE_MS = 2 * 128;
/** The wire is jammed then. */
const CONGESTED_BYTES = 300;
const MAX_BYTES = 2_000;

const action = weighed({
  append: 3,
  publish: 8,
  late: 4,
  comment: 1,
  trickle: 2,
  flow: 5,
  wait: 3,
  gone: 0.1,
});
const step = fc.record({ action, size: fc.nat(400), key: fc.constantFrom(undefined, 'a', 'b') });
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const POLICIES = ['wait', 'close', 'drop-newest', 'drop-oldest', 'conflate'] as const;

/** The wire, as far as a peer sees it. */
class Wire {
  isOpen = true;
  text = '';
  bufferedBytes = 0;
  writtenAt = 0;
  readonly #time: FakeTime;

  constructor(time: FakeTime) {
    this.#time = time;
  }

  get isCongested(): boolean {
    return this.isOpen && this.bufferedBytes > CONGESTED_BYTES;
  }

  write(text: string): boolean {
    assert.ok(this.isOpen, 'written to a client that is gone');
    this.text += text;
    this.bufferedBytes += Buffer.byteLength(text);
    this.writtenAt = this.#time.now();
    return true;
  }

  writeShared(text: string): boolean {
    return this.write(text);
  }

  carry(bytes: number): void {
    this.bufferedBytes -= Math.min(bytes, this.bufferedBytes);
  }

  end(): void {
    this.isOpen = false;
  }
}

/** A peer, its log, and what has been given to it. */
class Run {
  readonly time = new FakeTime();
  readonly wire = new Wire(this.time);
  readonly log = new ReplayLog({ epoch: 'law' });
  readonly peer: EventStreamPeer;
  readonly #policy: SlowConsumerPolicy;
  /** The events of the log, the one with the number 1 first. */
  readonly #events: LoggedEvent[] = [];
  /** The number of the first event that this client must get. */
  readonly #first: number;
  /** The last number that was given, and what was given at a time: from its first to its last. */
  #given: number;
  readonly #groups: { readonly from: number; readonly to: number; readonly outcome: string }[] = [];
  isCut = false;

  constructor(policy: SlowConsumerPolicy, before: number, seen: number | undefined) {
    this.#policy = policy;
    for (let count = 0; count < before; count += 1) this.#append(0);
    const lastEventId = seen === undefined ? '' : `law-${Math.min(seen, before)}`;
    this.#first = seen === undefined ? before + 1 : Math.min(seen, before) + 1;
    this.#given = before;
    const settings = checkEventStream({
      ...{ keepAliveMs: KEEP_ALIVE_MS, replay: this.log },
      ...{ slowConsumer: policy, maxBufferedBytes: MAX_BYTES },
    });
    const owner = {
      signal: new AbortController().signal,
      breakOff: () => assert.fail('nobody asked for it'),
      cutSlowConsumer: () => {
        this.isCut = true;
        this.#lose();
      },
    };
    const [channel, wheel] = [this.wire as unknown as ResponseChannel, new TimerWheel(this.time)];
    this.peer = new EventStreamPeer(channel, owner, lastEventId, settings, wheel);
  }

  #append(size: number): LoggedEvent {
    const number = this.#events.length + 1;
    const event = this.log.append({ data: `${number} ${'xé語'[size % 3]!.repeat(size)}` });
    this.#events.push(event);
    return event;
  }

  #lose(): void {
    this.wire.isOpen = false;
    this.peer.channelClosed();
  }

  do({ action, size, key }: Step): void {
    if (action === 'append') this.#append(size);
    else if (action === 'publish') this.#offer(this.#append(size), key);
    else if (action === 'late') {
      const event = this.#events[this.#events.length - 1 - (size % 5)];
      if (event !== undefined) this.#offer(event, key);
    } else if (action === 'comment') this.peer.comment('c');
    else if (action === 'flow') this.#flow(size * 2);
    // The peer is not told yet.
    else if (action === 'trickle') this.wire.carry(size * 2);
    else if (action === 'wait') this.#wait(size * 40);
    else if (this.wire.isOpen) this.#lose();
  }

  #offer(event: LoggedEvent, key: string | undefined): void {
    const [from, to] = [this.#given + 1, this.#events.indexOf(event) + 1];
    const wasOpen = this.wire.isOpen;
    const outcome = this.peer.offer(event, { key });
    assert.equal(outcome === 'closed', !this.wire.isOpen);
    if (wasOpen && this.isCut) assert.match(this.#policy, /wait|close/, 'cut');
    if (to < from) assert.equal(outcome, wasOpen ? 'sent' : 'closed');
    else if (outcome !== 'closed') {
      this.#groups.push({ from, to, outcome });
      this.#given = to;
    }
  }

  #flow(bytes: number): void {
    if (!this.wire.isOpen) return;
    this.wire.carry(bytes);
    this.peer.channelDrained();
  }

  #wait(ms: number): void {
    const { isCongested, isOpen, writtenAt, text } = this.wire;
    this.time.advance(ms);
    const isDue = this.time.now() - writtenAt >= KEEP_ALIVE_MS;
    const isBeat = this.wire.text.length > text.length;
    if (!isOpen || isCongested || !isDue) assert.ok(!isBeat, 'a heartbeat that nobody needs');
  }

  /** What holds at any time. @param isDone nothing waits any more. */
  check(isDone = false): void {
    const { wire, peer } = this;
    const numbers = [...wire.text.matchAll(/^data: (\d+)/gm)].map(([, digits]) => Number(digits));
    for (const [at, number] of numbers.entries()) {
      assert.ok(at === 0 || number > numbers[at - 1]!, `behind ${numbers[at - 1]} comes ${number}`);
    }
    assert.ok(numbers.length === 0 || numbers[0]! >= this.#first, `${numbers[0]} was seen before`);
    const waitingBytes = peer.bufferedAmount - wire.bufferedBytes;
    assert.ok(waitingBytes <= MAX_BYTES, `${waitingBytes} bytes wait`);
    const come = new Set(numbers);
    // What was in the log before is the first that comes.
    const before = this.#groups[0]?.from ?? this.#given + 1;
    for (let number = this.#first; number < before; number += 1) assert.ok(come.has(number));
    let missing = 0;
    for (const { from, to, outcome } of this.#groups) {
      const isThere = come.has(from);
      for (let number = from; number <= to; number += 1) assert.equal(come.has(number), isThere);
      if (outcome === 'sent') assert.ok(isThere, `${from} was sent`);
      if (outcome === 'dropped') assert.ok(!isThere, `${from} was dropped`);
      if (!isThere) missing += 1;
    }
    assert.ok(peer.eventsDropped <= missing, 'dropped, and sent after all');
    if (isDone) assert.equal(peer.eventsDropped, missing);
    if (/wait|close/.test(this.#policy)) assert.equal(peer.eventsDropped, 0, 'against the policy');
  }

  /** Lets the client read everything: just as many bytes leave as were said to wait. */
  #drain(): void {
    const { peer, wire } = this;
    const bytes = Buffer.byteLength(wire.text) + peer.bufferedAmount - wire.bufferedBytes;
    while (peer.bufferedAmount > 0) this.#flow(Number.POSITIVE_INFINITY);
    assert.equal(Buffer.byteLength(wire.text), bytes);
  }

  /** A client that reads is never left alone for longer than was promised. */
  checkLiveness(): void {
    if (!this.wire.isOpen) return;
    this.#drain();
    for (let beats = 0; beats < 3; beats += 1) {
      const length = this.wire.text.length;
      this.time.advance(KEEP_ALIVE_MS + LATE_MS);
      assert.ok(this.wire.text.length > length, 'no heartbeat');
      this.#drain();
    }
  }
}

t.test('law: each event comes once and in order, or counts as dropped', (t) => {
  const seen = { come: 0, dropped: 0, cut: 0, held: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(...POLICIES),
      fc.nat(4),
      fc.option(fc.nat(4), { nil: undefined }),
      fc.array(step, { maxLength: 60, size: 'max' }),
      fc.boolean(),
      (policy, before, last, steps, isPatient) => {
        const run = new Run(policy, before, last);
        for (const each of steps) {
          run.do(each);
          run.check();
        }
        if (isPatient) {
          run.checkLiveness();
          run.check(true);
        } else if (run.peer.bufferedAmount > run.wire.bufferedBytes) seen.held += 1;
        const { eventsDropped } = run.peer;
        if (run.wire.isOpen) run.peer.close();
        assert.equal(run.peer.eventsDropped, eventsDropped, 'an end drops what was accepted');
        run.time.advance(100_000);
        assert.equal(run.time.tickers, 0, 'a deadline is left');
        run.check(true);
        seen.come += run.wire.text.split('data: ').length - 1;
        seen.dropped += run.peer.eventsDropped;
        seen.cut += run.isCut ? 1 : 0;
      },
    ),
    runs(300),
  );
  t.ok(Math.min(...Object.values(seen)) > 15, JSON.stringify(seen));
  t.end();
});
