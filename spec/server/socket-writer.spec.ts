import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { hasFastPath } from 'barewire/base';
import t, { type Test } from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { borrowQueue, OutputQueue, takeBackQueue } from '../../lib/server/output-queue.ts';
import { SocketWriter } from '../../lib/server/socket-writer.ts';
import { FakeTime } from '../support/fake-time.ts';
import { needsFastPath } from '../support/fast-paths.ts';
import { turn } from '../support/interleavings.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

/** A writer over a stream that takes what it is told to take. */
class Writer extends SocketWriter {
  readonly told: string[] = [];
  readonly taken: string[] = [];
  release: (error?: Error) => void = () => undefined;

  constructor(
    isStuck = false,
    writableHighWaterMark = 16_384,
    time = new FakeTime(),
    plain?: Socket,
  ) {
    const taken: string[] = [];
    const socket = new Duplex({
      writableHighWaterMark,
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        taken.push(chunk.length > 40 ? String(chunk.length) : chunk.toString());
        if (!isStuck) return done();
        this.release = (error) => {
          this.release = () => undefined;
          done(error);
        };
      },
      final: (done) => {
        taken.push('<fin>');
        done();
      },
    });
    const wheel = new TimerWheel(time);
    super(plain ?? socket, { wheel, writeTimeoutMs: 1_000, maxBufferedBytes: 500_000 }, false);
    this.taken = taken;
  }

  protected override overflowed(): void {
    this.told.push('overflowed');
    this.stopWriting();
  }
  override stalled(): void {
    this.told.push('stalled');
  }
  protected override unwritable(error: Error): void {
    this.told.push(`unwritable: ${(error as NodeJS.ErrnoException).code}`);
    this.stopWriting();
  }
  protected override uncongested(): void {
    this.told.push('uncongested');
  }
  handOver(): void {
    this.letGo();
  }
  fail(): void {
    this.stopWriting();
  }
  /** Takes what the stream has, empty writes included, one write in each turn. */
  async takeAll(): Promise<void> {
    for (let turns = 0; turns < 20; turns += 1) {
      this.release();
      await new Promise((next) => setImmediate(next));
    }
  }
}

t.test('hands the socket a portion at a time', (t) => {
  const writer = new Writer(true);
  writer.socket.on('drain', () => writer.flushAfter('drain'));
  writer.write(Buffer.alloc(300_000));
  writer.flush();
  t.same(writer.taken, ['131072']);
  t.equal(writer.bufferedBytes, 300_000);
  t.equal(writer.isCongested, true);
  t.end();
});

t.test('gives a stream the pieces of a turn in one go, and the long ones as they are', (t) => {
  const given: (readonly Uint8Array[])[] = [];
  const socket = new Duplex({
    writableHighWaterMark: 100_000,
    read: () => undefined,
    writev: (chunks, done) => {
      given.push(chunks.map(({ chunk }) => chunk as Uint8Array));
      done();
    },
  });
  const writer = new Writer(false, 0, new FakeTime(), socket as Socket);
  const long = Buffer.alloc(20_000, 'x');
  for (const piece of [Buffer.from('head'), long, Buffer.from('a'), Buffer.from('b')]) {
    writer.write(piece);
  }
  writer.flush();
  t.equal(given.length, 1, 'one call');
  t.same(given[0]!.map(String), ['head', String(long), 'ab']);
  t.equal(given[0]![1]!.buffer, long.buffer, 'not copied');
  writer.write(Buffer.from('alone'));
  writer.flush();
  t.same(given[1]!.map(String), ['alone']);
  t.end();
});

t.test('admits one write beyond the bound, and no second one', (t) => {
  const writer = new Writer(true);
  t.equal(writer.admits(), true);
  writer.write(Buffer.alloc(600_000));
  writer.writeText('in pieces', 'utf8');
  t.same(writer.told, []);
  t.equal(writer.admits(), false);
  t.same(writer.told, ['overflowed']);
  t.equal(writer.admits(), false);
  t.same(writer.told, ['overflowed'], 'said once');
  t.end();
});

t.test('ends after what waits, and takes nothing afterwards', async (t) => {
  const writer = new Writer();
  writer.writeText('last', 'latin1');
  writer.end();
  writer.end();
  writer.writeText('late', 'latin1');
  t.equal(writer.writeNow(Buffer.from('late')), true);
  await new Promise((next) => setImmediate(next));
  t.same(writer.taken, ['last', '<fin>']);
});

t.test('calls back at once when it is over', (t) => {
  const writer = new Writer();
  writer.write(Buffer.alloc(600_000));
  writer.admits();
  let calls = 0;
  writer.whenFlushed(() => {
    calls += 1;
  });
  t.equal(calls, 1);
  t.end();
});

t.test('hands over everything when it has to, full or not', (t) => {
  const writer = new Writer(true);
  writer.write(Buffer.alloc(300_000));
  writer.writeText('tail', 'latin1');
  writer.handOver();
  t.equal(writer.socket.writableLength, 300_004);
  t.end();
});

t.test('counts what small pieces cost, not only their bytes', (t) => {
  const writer = new Writer(true);
  let written = 0;
  for (; written < 100_000 && writer.admits(); written += 1) writer.write(Buffer.from([1]));
  t.ok(written > 1_000 && written < 5_000, `${written} objects are about 500 kB`);
  t.same(writer.told, ['overflowed']);
  t.end();
});

t.test('takes nothing once it ends, in whichever way it is given', async (t) => {
  const writer = new Writer();
  writer.end();
  writer.write(Buffer.from('late'));
  writer.writeText('late', 'utf8');
  t.equal(writer.writeNow(Buffer.from('late')), true, 'nobody needs the bytes');
  t.equal(writer.admits(), false);
  await turn();
  t.same(writer.taken, ['<fin>']);
  const over = new Writer();
  over.handOver();
  over.write(Buffer.from('late'));
  over.flush();
  await turn();
  t.same(over.taken, []);
});

t.test('writes at once what is small and not blocked, and queues the rest behind it', async (t) => {
  const writer = new Writer(true);
  t.equal(writer.writeNow(Buffer.from('one')), false, 'no plain socket: the bytes are needed');
  t.same(writer.taken, ['one']);
  t.equal(writer.writeNow(Buffer.alloc(200_000)), false, 'more than a portion');
  t.equal(writer.writeNow(Buffer.from('two')), false, 'blocked');
  t.equal(writer.bufferedBytes, 200_006);
  writer.socket.on('drain', () => writer.flushAfter('drain'));
  await eventually(() => {
    writer.release();
    return writer.bufferedBytes === 0;
  });
  t.same(writer.taken, ['one', '131072', '68928', 'two']);
});

t.test('calls back in their order, as what was written has left', async (t) => {
  const writer = new Writer(true);
  const seen: string[] = [];
  writer.whenFlushed(() => seen.push('nothing waits'));
  t.same(seen, [], 'never at once');
  await turn();
  t.same(seen, ['nothing waits']);
  writer.write(Buffer.from('a'));
  writer.whenFlushed(() => seen.push('a'));
  writer.whenFlushed(() => seen.push('a again'));
  await turn();
  writer.write(Buffer.from('b'));
  writer.whenFlushed(() => seen.push('b'));
  await turn();
  t.same(seen, ['nothing waits']);
  await writer.takeAll();
  await turn();
  t.same(seen, ['nothing waits', 'a', 'a again', 'b']);
});

t.test(
  'calls back at once when what it stops had not left, and knows that it is lost',
  async (t) => {
    const writer = new Writer(true);
    const seen: string[] = [];
    writer.write(Buffer.alloc(600_000));
    writer.whenFlushed(() => seen.push('first'));
    await turn();
    writer.whenFlushed(() => seen.push('second'));
    t.same(seen, []);
    t.equal(writer.hasLostOutput, false);
    t.equal(writer.admits(), false);
    t.same(seen, ['first', 'second']);
    t.equal(writer.hasLostOutput, true);
  },
);

t.test(
  'tells of what it handed over when it let go: that it left, or that it was lost',
  async (t) => {
    for (const isClosed of [false, true]) {
      const writer = new Writer(true);
      const seen: string[] = [];
      writer.write(Buffer.from('earlier'));
      writer.whenFlushed(() => seen.push('earlier'));
      await turn();
      writer.write(Buffer.from('later'));
      writer.whenFlushed(() => seen.push('later'));
      writer.handOver();
      await turn();
      t.same(seen, []);
      if (isClosed) writer.socket.destroy();
      else await writer.takeAll();
      await turn();
      t.same(seen, ['earlier', 'later']);
      t.equal(writer.hasLostOutput, isClosed);
      writer.socket.destroy();
    }
    const idle = new Writer();
    const seen: string[] = [];
    idle.whenFlushed(() => seen.push('nothing waits'));
    idle.handOver();
    t.same(seen, ['nothing waits']);
  },
);

t.test('what was refused has not left, and its end is not told', async (t) => {
  const writer = new Writer(true);
  writer.socket.on('error', () => undefined);
  const seen: string[] = [];
  writer.write(Buffer.from('a'));
  writer.whenFlushed(() => seen.push('a'));
  await turn();
  writer.release(new Error('EPIPE'));
  await turn();
  t.same(seen, [], 'the end of the transport tells');
  t.equal(writer.hasLostOutput, true);
  writer.end();
  await turn();
  t.equal(writer.socket.writableEnded, false);
});

t.test('says once that output is not congested any more, however it drains', async (t) => {
  for (const highWaterMark of [16_384, 1 << 20]) {
    const writer = new Writer(true, highWaterMark);
    writer.socket.on('drain', () => writer.flushAfter('drain'));
    writer.write(Buffer.alloc(300_000));
    t.equal(writer.isCongested, true);
    await turn();
    t.same(writer.told, []);
    await eventually(() => {
      writer.release();
      return writer.told.length > 0;
    });
    t.ok(writer.bufferedBytes < 65_536);
    await writer.takeAll();
    await turn();
    t.same(writer.told, ['uncongested'], String(highWaterMark));
    t.equal(writer.isCongested, false);
  }
});

t.test('is congested by what is written when something has just left', async (t) => {
  const writer = new Writer();
  writer.write(Buffer.from('one'));
  writer.whenFlushed(() => {
    writer.socket.cork();
    writer.writeNow(Buffer.alloc(80_000));
  });
  await turn();
  t.equal(writer.bufferedBytes, 80_000);
  t.equal(writer.isCongested, true);
  t.same(writer.told, []);
});

t.test('tells when the peer takes nothing in time', async (t) => {
  const time = new FakeTime();
  const writer = new Writer(true, 16_384, time);
  writer.writeNow(Buffer.from('one'));
  time.advance(900);
  t.same(writer.told, []);
  time.advance(500);
  t.same(writer.told, ['stalled']);
  const prompt = new Writer(true, 16_384, time);
  prompt.writeNow(Buffer.from('one'));
  await prompt.takeAll();
  time.advance(5_000);
  t.same(prompt.told, []);
});

t.test('calls nobody twice whose mark comes back when it has stopped', async (t) => {
  const writer = new Writer(true);
  writer.socket.on('error', () => undefined);
  const seen: string[] = [];
  writer.write(Buffer.from('a'));
  writer.whenFlushed(() => seen.push('a'));
  await turn();
  t.same(seen, [], 'an empty write waits behind it');
  writer.write(Buffer.alloc(600_000));
  writer.admits();
  t.same(seen, ['a']);
  writer.socket.destroy(new Error('reset'));
  await turn();
  t.same(seen, ['a']);
  const other = new Writer(true);
  other.write(Buffer.from('b'));
  other.whenFlushed(() => seen.push('b'));
  await turn();
  other.write(Buffer.alloc(600_000));
  other.admits();
  await other.takeAll();
  t.same(seen, ['a', 'b']);
});

t.test('lends its memory to a plain socket as long as that keeps nothing', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  const client = new RawClient(await listen(server));
  await eventually(() => sockets.length === 1);
  const writer = new Writer(false, 16_384, new FakeTime(), sockets[0]);
  t.equal(writer.writeNow(Buffer.from('one ')), true, 'the kernel has it');
  writer.writeText('two ', 'latin1');
  writer.writeText('three', 'latin1');
  writer.flush();
  t.equal(await client.until('three'), 'one two three');
  client.socket.pause();
  while (writer.writeNow(Buffer.alloc(100_000)));
  writer.writeText('behind', 'latin1');
  t.equal(writer.writeNow(Buffer.from(' it')), false, 'the bytes are needed until they have left');
  sockets[0]!.on('drain', () => writer.flushAfter('drain'));
  client.socket.resume();
  await client.until('behind it');
  t.equal(writer.hasLostOutput, false);
  client.close();
  sockets[0]!.destroy();
  server.close();
});

t.test(
  'ends when the memory of what waits was transferred, also when it is handed over',
  async (t) => {
    for (const handsOver of [false, true]) {
      const writer = new Writer();
      const bytes = Buffer.alloc(10_000);
      writer.write(bytes);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      if (handsOver) writer.handOver();
      await turn();
      t.strictSame(writer.told, ['unwritable: payload-gone']);
      t.strictSame(writer.taken, []);
    }
  },
);

/** The queues that were written to, one after the other. */
function watchQueues(t: Test): OutputQueue[] {
  const used: OutputQueue[] = [];
  const { push } = OutputQueue.prototype;
  t.intercept(OutputQueue.prototype, 'push', {
    value(this: OutputQueue, bytes: Uint8Array) {
      if (used.at(-1) !== this) used.push(this);
      push.call(this, bytes);
    },
  });
  return used;
}

t.test('one queue serves writer after writer', needsFastPath('lent-output'), (t) => {
  const used = watchQueues(t);
  const all = [new Writer(), new Writer(), new Writer()];
  for (const writer of all) {
    writer.write(Buffer.from('a'));
    writer.flush();
    writer.write(Buffer.alloc(5000));
    writer.flush();
  }
  t.equal(used.length, 1);
  t.same(
    all.map(({ taken }) => taken),
    all.map(() => ['a', '5000']),
  );
  t.end();
});

t.test('who has something left keeps its queue until it has left', async (t) => {
  const used = watchQueues(t);
  const stuck = new Writer(true);
  stuck.socket.on('drain', () => stuck.flushAfter('drain'));
  stuck.write(Buffer.alloc(300_000));
  stuck.flush();
  const free = new Writer();
  free.write(Buffer.from('free'));
  free.flush();
  t.equal(new Set(used).size, 2);
  stuck.write(Buffer.from('stuck'));
  t.equal(used.at(-1), used[0]);
  await stuck.takeAll();
  t.equal(stuck.bufferedBytes, 0);
  t.same(stuck.taken, ['131072', '131072', '37856', 'stuck']);
  t.same(free.taken, ['free']);
  t.end();
});

for (const kind of ['bytes', 'text', 'nothing'] as const) {
  t.test(`keeps nothing when it was stopped: ${kind}`, (t) => {
    const used = watchQueues(t);
    const writer = new Writer(true);
    if (kind === 'bytes') writer.write(Buffer.alloc(5000));
    if (kind === 'text') writer.writeText('text', 'latin1');
    writer.fail();
    t.equal(writer.bufferedBytes, 0);
    t.equal(writer.lostBytes, { bytes: 5000, text: 4, nothing: 0 }[kind]);
    writer.write(Buffer.from('late'));
    writer.flush();
    t.same(writer.taken, []);
    t.equal(used.length, kind === 'bytes' ? 1 : 0);
    const next = borrowQueue();
    t.match(next, { length: 0, overheadBytes: 0, isEmpty: true });
    if (kind === 'bytes' && hasFastPath('lent-output')) t.equal(next, used[0], 'given back');
    takeBackQueue(next);
    t.end();
  });
}

t.test('takes a queue back that nothing waits in, and no other one', (t) => {
  const isOn = hasFastPath('lent-output');
  const queue = borrowQueue();
  queue.pushText('in the slab', 'latin1');
  t.equal(takeBackQueue(queue), false);
  const other = borrowQueue();
  t.not(other, queue);
  other.pushText('has the slab now', 'latin1');
  t.equal(takeBackQueue(queue), false, 'a piece');
  t.same(queue.take(100).map(String), ['in the slab']);
  t.equal(takeBackQueue(queue), isOn);
  t.equal(borrowQueue() === queue, isOn);
  other.clear();
  t.equal(takeBackQueue(other), isOn);
  t.end();
});

t.test('ends behind what is written by whoever is told that all has left', async (t) => {
  const writer = new Writer();
  writer.write(Buffer.from('first'));
  writer.whenFlushed(() => {
    writer.write(Buffer.from('last words'));
    writer.end();
  });
  await turn();
  await turn();
  t.same(writer.taken, ['first', 'last words', '<fin>']);
  t.equal(writer.hasLostOutput, false);
  t.end();
});
