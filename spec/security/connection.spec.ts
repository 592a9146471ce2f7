/**
 * What has been done to open connections elsewhere: many small things, messages without an end,
 * floods of pings, and frames that nobody expected. Most of it through the public face of a
 * connection, in each way that it can be read.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { PassThrough } from 'node:stream';
import { encodeFrame, OPCODE, RSV1 } from 'barewire/codec';
import type { ConnectionOptions } from 'barewire/connection';
import {
  compressOnce,
  type DeflateJobDone,
  MessageCodec,
  type WorkingNotice,
} from 'barewire/deflate';
import {
  Backlog,
  DuplexTransport,
  openPeer,
  type PeerOptions,
  takeMaskingKey,
  type WebSocketPeer,
} from 'barewire/peer';
import t from 'tap';
import { FairQueue } from '../../lib/deflate/fair-queue.ts';
import { End, Pair } from '../support/connection-pair.ts';
import { compress, DEFAULTS, SteppedPool } from '../support/deflate-jobs.ts';
import { joinPeers } from '../support/joined-peers.ts';
import { usedMemory } from '../support/memory.ts';
import { duplexPair } from '../support/sockets.ts';

const KEY = 0x37fa213d;
const masked = (opcode: number, payload: string | Buffer, fin = true, rsv = 0): Buffer =>
  encodeFrame({ opcode, payload, fin, rsv, maskingKey: KEY }, { allowIllegal: true });
/** Two bytes for each of a million things, and as much again; an object would be far more. */
const MUCH = 4 * 2 ** 20;
const server = (options: Partial<ConnectionOptions> = {}): End =>
  new End({ nowMs: 0 }, { role: 'server', ...options });

t.test('a million empty fragments end at the bound for fragments, and weigh nothing', (t) => {
  const end = server();
  end.connection.receive(masked(OPCODE.binary, '', false));
  const before = usedMemory();
  const empties = Buffer.concat(Array(1000).fill(masked(OPCODE.continuation, '', false)));
  for (let count = 0; count < 1000; count += 1) end.connection.receive(empties);
  const grown = usedMemory() - before;
  t.ok(grown < MUCH, `${grown} bytes`);
  end.connection.transportClosed();
  t.match(end.report, { sentCode: 1008, error: { code: 'too-many-fragments' } });
  t.end();
});

t.test('one-byte fragments cost their bytes, up to the bound', (t) => {
  const end = server({ maxFragments: 2_000_000 });
  end.connection.receive(masked(OPCODE.binary, 'x', false));
  const before = usedMemory();
  const bytes = Buffer.concat(Array(1000).fill(masked(OPCODE.continuation, 'x', false)));
  for (let count = 0; count < 1000; count += 1) end.connection.receive(bytes);
  const grown = usedMemory() - before;
  t.ok(grown < MUCH, `${grown} bytes`);
  t.equal(end.connection.state, 'open');
  end.connection.receive(masked(OPCODE.continuation, ''));
  t.equal((end.seen[0]![1] as string).length, 2 * 1_000_001);
  t.end();
});

t.test('a frame in a million one-byte chunks costs its bytes', (t) => {
  const end = server();
  const frame = masked(OPCODE.binary, Buffer.alloc(1_000_000, 1));
  const before = usedMemory();
  for (const byte of frame.subarray(0, -1)) end.connection.receive(Buffer.of(byte));
  const grown = usedMemory() - before;
  t.ok(grown < MUCH, `${grown} bytes`);
  end.connection.receive(frame.subarray(-1));
  t.equal(end.seen.length, 1);
  t.end();
});

const LIMITS = ['maxFrameBytes', 'maxMessageBytes', 'maxFragments', 'maxBufferedBytes'] as const;

t.test('a limit is a whole number or refused, and a large one is not taken for none', (t) => {
  for (const name of LIMITS) {
    for (const bad of [-1, 0.5, 2 ** 31 + 0.5, Number.NaN, '100', null, true, 10n, [], {}]) {
      t.throws(
        () => peerOf({ [name]: bad as never }),
        { code: 'invalid-option' },
        `${name} ${bad}`,
      );
    }
  }
  for (const limit of [2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40]) {
    const options = { maxFrameBytes: limit, maxMessageBytes: limit };
    const announce = (bytes: number): End => {
      const end = server(options);
      end.connection.receive(
        encodeFrame(
          { opcode: OPCODE.binary, announcedLength: bytes, maskingKey: KEY },
          { allowIllegal: true },
        ).subarray(0, 14),
      );
      return end;
    };
    t.equal(announce(limit).connection.isOpen, true, `${limit} is within`);
    t.equal(announce(limit + 1).connection.state, 'failed', `${limit + 1} is not`);
  }
  t.end();
});

t.test('pausing in every call does not build a tower of calls', (t) => {
  const frames = Buffer.concat(Array(200_000).fill(masked(OPCODE.text, 'x')));
  const end = server();
  let count = 0;
  end.message = () => {
    count += 1;
    end.connection.pause();
    end.connection.resume();
  };
  end.connection.receive(frames);
  t.equal(count, 200_000);
  t.end();
});

/** The fragments of messages of 4,000 plain bytes, which is more than 3,000. */
const plain = Array.from({ length: 4 }, (_, index) =>
  masked(index === 0 ? OPCODE.binary : OPCODE.continuation, Buffer.alloc(1000), index === 3),
);
const compressed = ((): Buffer[] => {
  const bytes = compressOnce(Buffer.alloc(4000, 'ab'), 15);
  const half = bytes.length >> 1;
  return [
    masked(OPCODE.binary, bytes.subarray(0, half), false, RSV1),
    masked(OPCODE.continuation, bytes.subarray(half)),
  ];
})();

/** An open peer of the server's side, and the stream that its client has. */
function peerOf(options: PeerOptions, isCompressed = false) {
  const [near, far] = duplexPair();
  far.resume().on('end', () => far.end());
  const parameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  };
  const extension = isCompressed ? { parameters, response: 'permessage-deflate' } : undefined;
  const peer = openPeer(new DuplexTransport(near), { role: 'server', extension }, options);
  return { peer, far };
}

const READERS: Readonly<Record<string, (peer: WebSocketPeer) => Promise<unknown>>> = {
  handler: async (peer) => {
    const seen: unknown[] = [];
    peer.attach({ message: (_peer, data) => seen.push(data) });
    await peer.closed;
    return seen.length;
  },
  iterator: async (peer) => {
    let count = 0;
    for await (const _message of peer) count += 1;
    return count;
  },
};

for (const [kind, frames] of Object.entries({ plain, compressed })) {
  for (const [way, read] of Object.entries(READERS)) {
    t.test(`${kind} fragments add up, read by ${way}`, async (t) => {
      const { peer, far } = peerOf({ maxMessageBytes: 3000 }, kind === 'compressed');
      const reading = read(peer);
      for (const frame of frames) {
        far.write(frame);
        // Control frames between the fragments do not begin a new count.
        far.write(masked(OPCODE.ping, 'x'));
      }
      t.equal(await reading, 0, 'no message came');
      t.match(await peer.closed, { sentCode: 1009, error: { code: 'message-too-large' } });
    });
  }
  t.test(`${kind} fragments add up, read as a stream`, async (t) => {
    const options = { maxMessageBytes: 3000, delivery: 'pieces' } as const;
    const { peer, far } = peerOf(options, kind === 'compressed');
    far.write(Buffer.concat(frames));
    let bytes = 0;
    const reading = (async () => {
      for await (const message of peer.streams()) {
        for await (const piece of message) bytes += piece.length;
      }
    })();
    await t.rejects(reading, { code: 'invalid-state' });
    t.ok(bytes <= 3000, `${bytes} bytes`);
    t.match(await peer.closed, { sentCode: 1009, error: { code: 'message-too-large' } });
  });
}

t.test('a message that is never finished has a deadline, however it trickles', (t) => {
  const pair = new Pair({ server: { messageTimeoutMs: 10_000 } });
  pair.server.connection.receive(masked(OPCODE.text, 'a', false));
  pair.advance(1000);
  for (let second = 0; second < 9; second += 1) {
    pair.server.connection.receive(masked(OPCODE.continuation, 'a', false));
    pair.advance(1000);
  }
  t.equal(pair.server.connection.isOpen, true);
  pair.advance(1000);
  pair.settle();
  t.match(pair.server.report, { sentCode: 1008, error: { code: 'message-timeout' } });
  t.end();
});

for (const kind of ['messages', 'pieces'] as const) {
  t.test(`a million empty ${kind} that have to wait stop at the bound`, async (t) => {
    const { client, server } = await joinPeers(t, { server: { maxBufferedBytes: 2 ** 20 } });
    client.attach({});
    // Whatever is sent waits for the end of this message.
    const first = server.startMessage('text');
    const second = kind === 'pieces' ? server.startMessage('text') : undefined;
    let waiting = 0;
    let bytes = 0;
    for (; waiting < 1_000_000 && server.isOpen; waiting += 1) {
      if (second === undefined) server.send('');
      else void second.write('');
      bytes = Math.max(bytes, server.isOpen ? server.bufferedAmount : 0);
    }
    t.ok(waiting <= 2 ** 20 / 256 + 1, `${waiting} waited`);
    t.match(await server.closed, { sentCode: 1008, error: { code: 'slow-consumer' } });
    t.equal(bytes, 0, 'they are no bytes');
    t.equal(await first.end(), false);
  });
}

t.test('a million empty messages that are kept back stop at the bound', (t) => {
  const backlog = new Backlog('drop-oldest', 2 ** 20);
  let sent = 0;
  let dropped = 0;
  for (let count = 0; count < 1_000_000; count += 1) {
    const send = (): void => {
      sent += 1;
    };
    dropped += backlog.add({ bytes: 0, key: undefined, send });
  }
  t.ok(backlog.length <= 2 ** 20 / 256, `${backlog.length} kept`);
  t.equal(backlog.bytes, 0);
  backlog.release(() => true);
  t.equal(sent + dropped, 1_000_000);
  t.end();
});

t.test('a message wins no time by our pausing, and none is lost by it', (t) => {
  const pair = new Pair({ server: { messageTimeoutMs: 10_000, idleTimeoutMs: 60_000 } });
  const { connection } = pair.server;
  connection.receive(masked(OPCODE.text, 'a', false));
  const second = (isPaused: boolean): void => {
    if (isPaused) connection.pause();
    pair.advance(1000);
    connection.resume();
  };
  for (let count = 0; count < 600; count += 1) second(true);
  t.equal(connection.isOpen, true, 'ten minutes of our own');
  for (let count = 0; count < 18; count += 1) second(count % 2 === 0);
  t.equal(connection.isOpen, true);
  for (let count = 0; count < 4; count += 1) second(count % 2 === 0);
  pair.settle();
  t.match(pair.server.report, { sentCode: 1008, error: { code: 'message-timeout' } });
  t.end();
});

t.test('a message that keeps the inflater busy without end has a deadline', (t) => {
  const deflate = {
    compress() {},
    decompress(
      _piece: Uint8Array,
      _fin: boolean,
      _maxBytes: number,
      _done: DeflateJobDone,
      working: WorkingNotice,
    ) {
      working(true);
    },
    beginTurn() {},
    breakContext() {},
    releaseIdle() {},
    close() {},
  };
  const pair = new Pair({ server: { deflate, inflateTimeoutMs: 3000 } });
  pair.server.connection.receive(
    encodeFrame({ opcode: OPCODE.text, rsv: 4, payload: 'x', maskingKey: 1 }),
  );
  pair.advance(2999);
  t.equal(pair.server.connection.isOpen, true);
  pair.advance(1).settle();
  t.match(pair.server.report, { sentCode: 1008, error: { code: 'inflate-timeout' } });
  t.end();
});

t.test('a message that waits behind the messages of others has no such deadline', async (t) => {
  const pool = new SteppedPool(8, new FairQueue(1));
  const sender = new MessageCodec('client', DEFAULTS);
  const packed = await compress(sender, Buffer.alloc(400_000));
  const deflate = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
  const pair = new Pair({ server: { deflate, inflateTimeoutMs: 3000 } });
  const other = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
  other.decompress(packed, true, 1e9, () => {});
  const frame = { opcode: OPCODE.binary, rsv: 4, payload: packed, maskingKey: 1 };
  pair.server.connection.receive(encodeFrame(frame));
  for (let seconds = 0; seconds < 60; seconds += 1) pair.advance(1000);
  t.equal(pair.server.connection.isOpen, true, 'a minute in the queue');
  // Every slice takes a second now, whoever it belongs to.
  let slices = 0;
  for (; pair.server.connection.isOpen && pool.steps.length > 0; slices += 1) {
    pair.advance(1000);
    pool.steps.shift()!();
  }
  pair.settle();
  t.match(pair.server.report, { sentCode: 1008, error: { code: 'inflate-timeout' } });
  t.ok(slices > 4 && slices <= 7, `three of its own, and those between: ${slices}`);
});

t.test('a million pings of a client that does not read leave one pong', async (t) => {
  // A stream whose writes are never done: nobody reads at its other end.
  const stuck = new PassThrough({ highWaterMark: 1024 });
  stuck._write = () => {};
  const peer = openPeer(new DuplexTransport(stuck), { role: 'server', extension: undefined });
  let pings = 0;
  peer.attach({
    ping: () => {
      pings += 1;
    },
  });
  const before = usedMemory();
  const flood = Buffer.concat(Array(1000).fill(masked(OPCODE.ping, 'p'.repeat(125))));
  for (let count = 0; count < 1000; count += 1) {
    stuck.push(flood);
    await new Promise((turn) => setImmediate(turn));
  }
  t.equal(pings, 1_000_000);
  t.ok(peer.bufferedAmount < 1_000_000, `${peer.bufferedAmount} bytes wait`);
  const grown = usedMemory() - before;
  t.ok(grown < MUCH, `${grown} bytes`);
  peer.terminate();
  await peer.closed;
});

t.test('pongs that nobody asked for, and the same pong again, change nothing', (t) => {
  const end = server({ pongTimeoutMs: 5000 });
  const { connection } = end;
  const trips: number[] = [];
  connection.receive(masked(OPCODE.pong, 'never asked'));
  connection.ping(Buffer.from('a'), (ms) => trips.push(ms));
  for (const payload of ['b', 'a', 'a', '', 'a']) connection.receive(masked(OPCODE.pong, payload));
  connection.receive(masked(OPCODE.text, 'still here'));
  t.strictSame(trips, [0]);
  t.strictSame(end.seen.at(-1), ['message', 'still here']);
  t.strictSame(
    end.seen.filter(([, , roundTripMs]) => roundTripMs !== undefined),
    [['pong', 'a', 0]],
  );
  t.match(end.takeOutput(), encodeFrame({ opcode: OPCODE.ping, payload: 'a' }), 'no answer');
  t.end();
});

t.test('RSV1 where it must not be is a protocol error, with the extension and without', (t) => {
  const wrong = [
    [masked(OPCODE.binary, 'x', false), masked(OPCODE.continuation, 'x', true, RSV1)],
    [masked(OPCODE.ping, 'x', true, RSV1)],
    [masked(OPCODE.pong, 'x', true, RSV1)],
    [masked(OPCODE.close, '', true, RSV1)],
  ];
  const deflate = {
    compress() {},
    decompress: (_bytes: unknown, _fin: unknown, _max: unknown, done: () => void) => done(),
    releaseIdle() {},
    beginTurn() {},
    breakContext() {},
    close() {},
  } as unknown as NonNullable<ConnectionOptions['deflate']>;
  for (const options of [{}, { deflate }]) {
    for (const frames of wrong) {
      const end = server(options);
      for (const frame of frames) end.connection.receive(frame);
      end.connection.transportClosed();
      t.match(end.report, { sentCode: 1002 });
    }
  }
  t.end();
});

t.test('a million hostile inputs, and nobody listens: the process lives', async (t) => {
  let thrown = 0;
  const count = (): void => {
    thrown += 1;
  };
  process.on('uncaughtException', count);
  process.on('unhandledRejection', count);
  t.teardown(() => {
    process.off('uncaughtException', count);
    process.off('unhandledRejection', count);
  });
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const garbage = (maxBytes: number): Buffer => {
    const input = Buffer.allocUnsafe(2 + random(maxBytes));
    for (let at = 0; at < input.length; at += 1) input[at] = random(256);
    return input;
  };
  let failed = 0;
  for (let round = 0; round < 100_000; round += 1) {
    const end = server();
    // The first is most often the last that means anything: what follows meets a failed connection.
    for (let input = 0; input < 10; input += 1) end.connection.receive(garbage(12));
    if (round % 3 === 0) end.connection.receiveEnd();
    end.connection.transportClosed(round % 2 === 0 ? new Error('ECONNRESET') : undefined);
    if (end.report?.error !== undefined) failed += 1;
  }
  t.equal(thrown, 0);
  t.ok(failed > 90_000, `${failed} of them were failures`);
  // With peers, their promises and their streams, in every way that nobody reads them.
  for (let round = 0; round < 2000; round += 1) {
    const { peer, far } = peerOf({});
    if (round % 2 === 0) peer.attach({});
    far.on('error', () => {});
    far.write(garbage(40));
    if (round % 3 === 0) far.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    else far.end();
    void peer.ping().catch(() => {});
    peer.send('into the void');
    peer.terminate();
  }
  for (let turn = 0; turn < 10; turn += 1) await new Promise((next) => setImmediate(next));
  t.equal(thrown, 0);
});

t.test('the keys of masks come from the system, and from nothing that can be foreseen', (t) => {
  const { random } = Math;
  const { now } = Date;
  t.teardown(() => Object.assign(Math, { random }) && Object.assign(Date, { now }));
  Math.random = () => 0.5;
  Date.now = () => 0;
  let asked = 0;
  const { randomFillSync } = crypto;
  crypto.randomFillSync = ((bytes: NodeJS.ArrayBufferView) => {
    asked += bytes.byteLength;
    return randomFillSync(bytes);
  }) as typeof randomFillSync;
  syncBuiltinESMExports();
  t.teardown(() => {
    crypto.randomFillSync = randomFillSync;
    syncBuiltinESMExports();
  });
  const keys = new Set<number>();
  for (let count = 0; count < 5000; count += 1) keys.add(takeMaskingKey());
  t.ok(asked >= 4 * (5000 - 2048), `${asked} bytes were taken from the system`);
  t.ok(keys.size > 4990, 'each frame has a key of its own');
  t.end();
});
