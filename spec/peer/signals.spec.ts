/**
 * What a signal ends, at each place where it can be given, and that nobody stays with it.
 */
import { getEventListeners } from 'node:events';
import { PreparedMessage, unlessAborted, type WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import { onAbort, Withdrawals, waitQuietly } from '../../lib/peer/signals.ts';
import { joinPeers } from '../support/joined-peers.ts';

const REASON = new Error('enough');

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length;
}

function aborting(): { signal: AbortSignal; abort: () => void } {
  const aborter = new AbortController();
  return { signal: aborter.signal, abort: () => aborter.abort(REASON) };
}

async function* halfway(): AsyncGenerator<string> {
  yield 'half';
  await new Promise(() => {});
}

/** Fills a peer's transport, whose other end does not read. */
function congest(peer: WebSocketPeer): void {
  const chunk = Buffer.alloc(256 * 1024);
  for (let sends = 0; sends < 100; sends += 1) if (peer.offer(chunk) !== 'sent') return;
  throw new Error('the transport takes everything');
}

async function collect(peer: WebSocketPeer): Promise<string[]> {
  const texts: string[] = [];
  for await (const message of peer) if (typeof message === 'string') texts.push(message);
  return texts;
}

t.test('settles as what is waited for, and lets go of the signal', async (t) => {
  const { signal } = new AbortController();
  t.equal(await unlessAborted(Promise.resolve(1), signal), 1);
  await t.rejects(unlessAborted(Promise.reject(REASON), signal), REASON);
  t.equal(listeners(signal), 0);
});

t.test('rejects with the reason, before or during, and says that nobody waits', async (t) => {
  const never = new Promise(() => {});
  let given = 0;
  const giveUp = (): void => {
    given += 1;
  };
  await t.rejects(unlessAborted(never, AbortSignal.abort(REASON), giveUp), REASON);
  const aborter = new AbortController();
  const waiting = unlessAborted(never, aborter.signal, giveUp);
  aborter.abort(REASON);
  await t.rejects(waiting, REASON);
  t.equal(given, 2);
  t.equal(listeners(aborter.signal), 0);
});

t.test('an aborted signal keeps nobody from a late failure that is for nobody', async (t) => {
  let fail = (_error: Error): void => {};
  const late = new Promise((_resolve, reject) => {
    fail = reject;
  });
  await t.rejects(unlessAborted(late, AbortSignal.abort(REASON)), REASON);
  fail(new Error('late'));
  await new Promise(setImmediate);
});

/** Collects the rejections that nobody has handled, until the test ends. */
function unhandled(t: Test): unknown[] {
  const errors: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (error) => errors.push(error));
  t.teardown(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  });
  return errors;
}

t.test('waits quietly for what fails later, and is loud about a mistake', async (t) => {
  const errors = unhandled(t);
  await t.rejects(
    waitQuietly(() => Promise.reject(REASON)),
    REASON,
  );
  void waitQuietly(() => Promise.reject(REASON));
  await new Promise(setImmediate);
  t.strictSame(errors, []);
  const mistake = new Error('mistake');
  void waitQuietly(() => {
    throw mistake;
  });
  await new Promise(setImmediate);
  t.strictSame(errors, [mistake]);
});

t.test('no promise of a peer must be awaited when its connection ends', async (t) => {
  const errors = unhandled(t);
  const { client, server } = await joinPeers(t, { server: { delivery: 'pieces' } });
  const third = await joinPeers(t);
  client.attach({});
  await client.startMessage('text').write('half');
  const broken = server.streams().next();
  // What is passed on breaks off with the connection it comes from.
  const { value } = await broken;
  void third.server.send(value!);
  const aborter = new AbortController();
  void server.ping();
  void server.ping(undefined, { signal: aborter.signal });
  congest(server);
  void server.drained({ signal: aborter.signal });
  void server.send(['a', 'b'], { signal: aborter.signal });
  aborter.abort(REASON);
  client.terminate();
  server.terminate();
  await server.closed;
  void server.ping();
  void server.ping(undefined, { signal: aborter.signal });
  void server.drained({ signal: aborter.signal });
  void server.send(['a'], { signal: aborter.signal });
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  t.strictSame(errors, []);
  void server.ping(Buffer.alloc(126));
  void server.send([1] as unknown as string[], { sginal: aborter.signal } as object);
  await new Promise(setImmediate);
  t.match(errors, [{ code: 'invalid-argument' }, { code: 'invalid-option' }]);
});

t.test('watches each message until it begins, is taken back, or all is over', (t) => {
  const withdrawals = new Withdrawals();
  const aborter = new AbortController();
  withdrawals.watch(aborter.signal, () => t.fail('it has begun'))();
  withdrawals.watch(aborter.signal, () => true);
  withdrawals.watch(aborter.signal, () => false);
  t.equal(listeners(aborter.signal), 1, 'one for all');
  aborter.abort();
  t.equal(withdrawals.count, 1);
  const other = new AbortController();
  withdrawals.watch(other.signal, () => t.fail('all is over'));
  withdrawals.stop();
  t.equal(listeners(other.signal), 0);
  other.abort();
  t.end();
});

t.test('one listener serves all who wait for a signal, and goes with the last of them', (t) => {
  const aborter = new AbortController();
  const { signal } = aborter;
  const called: number[] = [];
  const leave = [0, 1, 2].map((each) => onAbort(signal, () => called.push(each)));
  t.equal(listeners(signal), 1);
  leave[1]!();
  leave[1]!();
  t.equal(listeners(signal), 1);
  leave[0]!();
  leave[2]!();
  t.equal(listeners(signal), 0);
  onAbort(signal, () => called.push(3));
  const early = onAbort(signal, () => called.push(4));
  onAbort(signal, () => called.push(5));
  early();
  aborter.abort();
  t.strictSame(called, [3, 5]);
  t.end();
});

t.test('what one of them throws is loud, and silences none of the others', async (t) => {
  const errors: unknown[] = [];
  const before = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => errors.push(error));
  t.teardown(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
  });
  const aborter = new AbortController();
  let isTold = false;
  onAbort(aborter.signal, () => {
    throw REASON;
  });
  onAbort(aborter.signal, () => {
    isTold = true;
  });
  aborter.abort();
  t.equal(isTold, true);
  await new Promise(setImmediate);
  t.strictSame(errors, [REASON]);
});

t.test('thousands of messages share a signal without looking at each other', async (t) => {
  const { server } = await joinPeers(t);
  await server.startMessage('text').write('half');
  const aborter = new AbortController();
  const { signal } = aborter;
  const warnings: Error[] = [];
  const warned = (warning: Error): number => warnings.push(warning);
  process.on('warning', warned);
  t.teardown(() => process.off('warning', warned));
  for (let count = 0; count < 3000; count += 1) server.send('x', { signal });
  congest(server);
  const waiting = Array.from({ length: 100 }, () => server.drained({ signal }));
  for (const drained of waiting) drained.catch(() => {});
  t.equal(listeners(signal), 1);
  aborter.abort(REASON);
  t.equal(server.counters.messagesWithdrawn, 3000);
  t.equal(listeners(signal), 0);
  await t.rejects(waiting[99]!, REASON);
  t.strictSame(warnings, []);
  server.terminate();
});

t.test('drained rejects with the reason, and nobody waits any more', async (t) => {
  const { client, server } = await joinPeers(t);
  t.equal(await server.drained({ signal: new AbortController().signal }), undefined);
  await t.rejects(server.drained({ signal: AbortSignal.abort(REASON) }), REASON);
  congest(server);
  const aborter = new AbortController();
  const { signal } = aborter;
  const waiting = server.drained({ signal });
  const others = server.drained({ signal: new AbortController().signal });
  aborter.abort(REASON);
  await t.rejects(waiting, REASON);
  t.equal(listeners(signal), 0);
  client.attach({});
  await others;
  const end = new AbortController();
  congest(server);
  const last = server.drained({ signal: end.signal });
  server.terminate();
  await last;
  t.equal(listeners(end.signal), 0);
});

t.test('ping rejects with the reason; its pong, late, changes nothing', async (t) => {
  const { client, server } = await joinPeers(t);
  await t.rejects(server.ping(undefined, { signal: AbortSignal.abort(REASON) }), REASON);
  t.equal(server.counters.pongsReceived, 0);
  const aborter = new AbortController();
  server.attach({});
  const pong = server.ping(undefined, { signal: aborter.signal });
  aborter.abort(REASON);
  await t.rejects(pong, REASON);
  client.attach({});
  const { signal } = new AbortController();
  t.type(await server.ping(undefined, { signal }), 'number');
  t.equal(listeners(signal), 0);
  const cut = server.ping(undefined, { signal });
  server.terminate();
  await t.rejects(cut, { code: 'invalid-state' });
  t.equal(listeners(signal), 0);
});

t.test('send sends nothing for a signal that is aborted already', async (t) => {
  const { client, server } = await joinPeers(t);
  const options = { signal: AbortSignal.abort(REASON) };
  t.throws(() => server.send('never', options), REASON);
  t.throws(() => server.offer('never', options), REASON);
  await t.rejects(server.send(['never'], options), REASON);
  t.throws(() => server.offerPrepared(new PreparedMessage('never'), options), REASON);
  server.send('only');
  void server.close(1000);
  t.strictSame(await collect(client), ['only']);
});

t.test('takes a message back that waits behind another one, and none that has begun', async (t) => {
  const { client, server } = await joinPeers(t);
  const early = new AbortController();
  server.send('begun', { signal: early.signal });
  t.equal(listeners(early.signal), 0);
  early.abort();
  const writer = server.startMessage('text');
  await writer.write('half ');
  const aborter = new AbortController();
  const later = new AbortController();
  server.send('withdrawn', { signal: aborter.signal });
  server.send('kept', { signal: later.signal });
  server.offerPrepared(new PreparedMessage('withdrawn'), { signal: aborter.signal });
  aborter.abort();
  t.equal(listeners(aborter.signal), 0);
  await writer.end('whole');
  t.equal(listeners(later.signal), 0);
  later.abort();
  void server.close(1000);
  t.strictSame(await collect(client), ['begun', 'half whole', 'kept']);
  t.match(server.counters, { messagesSent: 3, messagesWithdrawn: 2, messagesDropped: 0 });
});

t.test('takes a message back that waits for room', async (t) => {
  for (const slowConsumer of ['wait', 'drop-oldest', 'conflate'] as const) {
    const { client, server } = await joinPeers(t, { server: { slowConsumer } });
    congest(server);
    const aborter = new AbortController();
    const { signal } = aborter;
    t.equal(server.offer('withdrawn', { signal }), 'queued');
    const before = server.bufferedAmount;
    const kept = new AbortController();
    t.equal(server.offer('kept', { signal: kept.signal, key: 'a' }), 'queued');
    aborter.abort();
    t.equal(server.bufferedAmount, before - 'withdrawn'.length + 'kept'.length);
    t.equal(listeners(signal), 0);
    const reading = collect(client);
    await server.drained();
    t.equal(listeners(kept.signal), 0);
    void server.close(1000);
    t.strictSame(await reading, ['kept']);
    t.match(server.counters, { messagesWithdrawn: 1 });
  }
});

/** An iterable that has begun and gives nothing. */
function silent(): AsyncIterable<string> {
  const next = (): Promise<never> => new Promise(() => {});
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

t.test('one signal takes back all that wait with it, none making way for the next', async (t) => {
  const { client, server } = await joinPeers(t);
  const { signal, abort } = aborting();
  const first = server.send(silent(), { signal });
  const second = server.send(['whole'], { signal });
  const third = server.send(halfway(), { signal });
  server.send('plain', { signal });
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  abort();
  await t.rejects(first, REASON);
  t.equal(await second, true, 'it was accepted, and that was said');
  await t.rejects(third, REASON);
  server.send('kept');
  void server.close(1000);
  t.strictSame(await collect(client), ['whole', 'kept']);
  t.match(server.counters, { messagesSent: 2, messagesWithdrawn: 1, messagesDropped: 0 });
  t.match(await server.closed, { wasClean: true, code: 1000 });
});

t.test('who gives a message up for the same signal lets none behind it go', async (t) => {
  const { client, server } = await joinPeers(t);
  const { signal, abort } = aborting();
  const writer = server.startMessage('text');
  signal.addEventListener('abort', () => writer.abandon());
  server.send('withdrawn', { signal });
  abort();
  void server.close(1000);
  t.strictSame(await collect(client), []);
  t.match(server.counters, { messagesSent: 0, messagesWithdrawn: 1, messagesDropped: 0 });
});

t.test('what a policy holds back is taken back, whoever is told of the signal first', async (t) => {
  const { client, server } = await joinPeers(t, { server: { slowConsumer: 'drop-oldest' } });
  congest(server);
  const { signal, abort } = aborting();
  signal.addEventListener('abort', () => void server.close(1000), { once: true });
  t.equal(server.offer('withdrawn', { signal }), 'queued');
  abort();
  t.strictSame(await collect(client), []);
  t.match(server.counters, { messagesWithdrawn: 1, messagesDropped: 0 });
  t.equal(listeners(signal), 0);
});

t.test('lets go of the signal of a message that is dropped or lost', async (t) => {
  const { server } = await joinPeers(t, { server: { slowConsumer: 'conflate' } });
  congest(server);
  const { signal } = new AbortController();
  server.offer('old', { signal, key: 'a' });
  server.offer('new', { key: 'a' });
  t.equal(listeners(signal), 0);
  server.offer('lost', { signal, key: 'b' });
  t.equal(listeners(signal), 1);
  server.terminate();
  await server.closed;
  t.equal(listeners(signal), 0);

  const newest = await joinPeers(t, { server: { slowConsumer: 'drop-newest' } });
  congest(newest.server);
  t.equal(newest.server.offer('dropped', { signal }), 'dropped');
  t.equal(listeners(signal), 0);
  newest.server.terminate();
});

t.test('a message that waits in the connection is let go of at the end', async (t) => {
  const { server } = await joinPeers(t);
  await server.startMessage('text').write('half');
  const { signal } = new AbortController();
  server.send('lost', { signal });
  t.equal(listeners(signal), 1);
  server.terminate();
  await server.closed;
  t.equal(listeners(signal), 0);
});

t.test(
  'what is behind a message that may be taken back keeps its place, and the bound',
  async (t) => {
    const { client, server } = await joinPeers(t, { server: { maxBufferedBytes: 4_000_000 } });
    congest(server);
    const { signal, abort } = aborting();
    server.send('withdrawn', { signal });
    t.equal(server.offer('first'), 'queued');
    t.equal(server.offerPrepared(new PreparedMessage('second')), 'queued');
    server.send('withdrawn', { signal });
    t.equal(server.offer('third', { signal: new AbortController().signal }), 'queued');
    abort();
    const reading = collect(client);
    await server.drained();
    server.send('fourth');
    void server.close(1000);
    t.strictSame(await reading, ['first', 'second', 'third', 'fourth']);
    t.match(server.counters, { messagesWithdrawn: 2, messagesDropped: 0 });

    const stuck = await joinPeers(t, { server: { maxBufferedBytes: 4_000_000 } });
    congest(stuck.server);
    t.equal(stuck.server.offer('kept', { signal: new AbortController().signal }), 'queued');
    t.equal(stuck.server.offer(Buffer.alloc(4_000_000)), 'closed');
    stuck.server.terminate();
    t.match(await stuck.server.closed, { error: { code: 'slow-consumer' } });
  },
);
