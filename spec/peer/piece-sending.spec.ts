/** Messages out of iterables: who ends them, and what that leaves behind. */
import { EventEmitter, getEventListeners, on } from 'node:events';
import type { MessageWriter, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { PieceSending } from '../../lib/peer/piece-sending.ts';
import { joinPeers } from '../support/joined-peers.ts';

const REASON = new Error('enough');

async function collect(peer: WebSocketPeer): Promise<(string | Buffer)[]> {
  const messages: (string | Buffer)[] = [];
  for await (const message of peer) messages.push(message);
  return messages;
}

/** Gives pieces, then nothing until it is let go on; notes that it was ended. */
function source(...pieces: readonly string[]): {
  pieces: AsyncGenerator<string>;
  goOn: () => void;
  ended: Promise<void>;
} {
  let goOn = (): void => {};
  let end = (): void => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* give(): AsyncGenerator<string> {
    try {
      yield* pieces;
      await gate;
      yield 'late';
    } finally {
      end();
    }
  }
  return { pieces: give(), goOn, ended };
}

/** A piece in front of others, whose end it passes on at once. */
function ahead(first: string, rest: AsyncIterableIterator<string>): AsyncIterableIterator<string> {
  let isFirst = true;
  return {
    next() {
      if (!isFirst) return rest.next();
      isFirst = false;
      return Promise.resolve({ value: first, done: false });
    },
    return: () => rest.return!(),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

t.test('a message whose beginning has left breaks off with its signal, and closes', async (t) => {
  const { client, server } = await joinPeers(t);
  const { pieces, goOn, ended } = source('a', 'b');
  const aborter = new AbortController();
  const sending = server.send(pieces, { signal: aborter.signal });
  const reading = collect(client);
  while (server.counters.bytesSent < 6) await new Promise(setImmediate);
  aborter.abort(REASON);
  await t.rejects(sending, REASON);
  t.equal(getEventListeners(aborter.signal, 'abort').length, 0);
  t.match(await client.closed, { code: 1011, reason: 'a message broke off' });
  t.strictSame(await reading, []);
  goOn();
  await ended;
});

t.test('a message that has not begun leaves no trace', async (t) => {
  const { client, server } = await joinPeers(t);
  const { pieces, goOn, ended } = source();
  const aborter = new AbortController();
  const sending = server.send(pieces, { signal: aborter.signal });
  server.send('behind');
  aborter.abort(REASON);
  await t.rejects(sending, REASON);
  const { signal } = new AbortController();
  t.equal(await server.send(['who', 'le'], { signal }), true);
  t.equal(getEventListeners(signal, 'abort').length, 0);
  goOn();
  await ended;
  void server.close(1000);
  t.strictSame(await collect(client), ['behind', 'whole']);
});

t.test('an end of the connection comes before a source that gives nothing', async (t) => {
  const { server } = await joinPeers(t);
  const { pieces, goOn, ended } = source('a');
  const { signal } = new AbortController();
  const sending = server.send(pieces, { signal });
  server.terminate();
  t.equal(await sending, false);
  t.equal(getEventListeners(signal, 'abort').length, 0);
  goOn();
  await ended;
});

t.test('closes its source when a signal or the end comes first', async (t) => {
  for (const end of ['signal', 'terminate'] as const) {
    for (const isBegun of [false, true]) {
      const { client, server } = await joinPeers(t);
      const received = collect(client);
      const emitter = new EventEmitter();
      const pieces = on(emitter, 'piece') as AsyncIterableIterator<string>;
      const aborter = new AbortController();
      const sending = server.send(isBegun ? ahead('begun', pieces) : pieces, aborter);
      if (isBegun) while (server.counters.bytesSent === 0) await new Promise(setImmediate);
      if (end === 'signal') aborter.abort(REASON);
      else server.terminate();
      if (end === 'signal') await t.rejects(sending, REASON);
      else t.equal(await sending, false);
      t.equal(emitter.listenerCount('piece'), 0, `${end}, ${isBegun}`);
      // What has begun and broke off must not look whole.
      if (isBegun) t.match((await client.closed).code, end === 'signal' ? 1011 : 1006);
      server.terminate();
      t.strictSame(await received, []);
    }
  }
});

t.test('takes iterables that are not asynchronous, and the promises in them', async (t) => {
  const { client, server } = await joinPeers(t);
  const received = collect(client);
  const pieces = [Promise.resolve('a'), 'b'] as readonly string[];
  t.equal(await server.send(pieces), true);
  t.equal(await server.send(new Blob(['c', 'd'])), true);
  let isClosed = false;
  function* give(): Generator<string> {
    try {
      yield 'e';
      yield 'f';
    } finally {
      isClosed = true;
    }
  }
  t.equal(await server.send(give()), true);
  t.equal(isClosed, true);
  void server.close(1000);
  t.strictSame(await received, ['ab', Buffer.from('cd'), 'ef']);
});

t.test('a source that cannot even begin leaves no trace', async (t) => {
  const { client, server } = await joinPeers(t);
  const source = {
    [Symbol.iterator](): Iterator<string> {
      throw REASON;
    },
  };
  await t.rejects(server.send(source), REASON);
  server.send('behind');
  void server.close(1000);
  t.strictSame(await collect(client), ['behind']);
});

/** A writer that takes everything, and tells whether it was given up. */
function writer(whenAbandoned: { leavesNoTrace: boolean; isComplete?: boolean }): MessageWriter & {
  abandoned: number;
} {
  const fake = {
    abandoned: 0,
    isComplete: whenAbandoned.isComplete ?? false,
    write: async () => true,
    end: async () => true,
    abandon() {
      fake.abandoned += 1;
      return whenAbandoned.leavesNoTrace;
    },
  };
  return fake as unknown as MessageWriter & { abandoned: number };
}

t.test('tells of half a message only when half a one was sent', async (t) => {
  async function* fails(): AsyncGenerator<string> {
    yield 'a';
    throw REASON;
  }
  for (const by of ['its source', 'a signal'] as const) {
    for (const [state, broken] of [
      [{ leavesNoTrace: true }, 0],
      [{ leavesNoTrace: false }, 1],
      [{ leavesNoTrace: false, isComplete: true }, 0],
    ] as const) {
      const to = writer(state);
      let told = 0;
      const tell = (): void => {
        told += 1;
      };
      const aborter = new AbortController();
      const pieces = by === 'its source' ? fails() : source('a').pieces;
      const sending = new PieceSending().send(to, pieces, aborter.signal, tell);
      if (by === 'a signal') aborter.abort(REASON);
      await t.rejects(sending, REASON);
      t.equal(to.abandoned, 1);
      t.equal(told, broken, `${by}: ${JSON.stringify(state)}`);
    }
  }
});

t.test('closes its source once, whoever ends it first and again', async (t) => {
  let closed = 0;
  const never: AsyncIterableIterator<string> = {
    next: () => new Promise(() => {}),
    return: async () => {
      closed += 1;
      throw new Error('a source that does not end well is for nobody');
    },
    [Symbol.asyncIterator]: () => never,
  };
  const sendings = new PieceSending();
  const aborter = new AbortController();
  const sending = sendings.send(writer({ leavesNoTrace: true }), never, aborter.signal, () => {});
  aborter.abort(REASON);
  sendings.stop();
  await t.rejects(sending, REASON);
  t.equal(closed, 1);
  sendings.stop();
  t.equal(closed, 1);
});
