import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { constants } from 'node:os';
import { Duplex } from 'node:stream';
import t from 'tap';
import { canWriteDirectly } from '../../lib/server/direct-write.ts';
import { SocketOutlet } from '../../lib/server/socket-outlet.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

const MUCH = Buffer.alloc(8 * 1024 * 1024, 'm');

class Outlet extends SocketOutlet {
  readonly told: string[] = [];

  override flushAfter(event: 'drain' | 'taken'): void {
    this.isBlocked = false;
    this.told.push(event);
  }
  give(block: Uint8Array): boolean {
    return this.hand(block);
  }
  giveAll(...blocks: Buffer[]): void {
    this.handAll(blocks);
  }
  end(): void {
    this.callStream('end');
  }
  /** The transport ends, and so many bytes had not been handed over. */
  lose(waitingBytes: number): number {
    this.countLost(waitingBytes);
    return this.lostBytes;
  }
  get state(): { waits: boolean; isBlocked: boolean; handed: number } {
    return { waits: this.socketBytes > 0, isBlocked: this.isBlocked, handed: this.handed };
  }
}

async function open(
  isDirect: boolean,
): Promise<{ outlet: Outlet; socket: Socket; client: RawClient; close: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  const client = new RawClient(await listen(server));
  await eventually(() => sockets.length === 1);
  const socket = sockets[0]!;
  const outlet = new Outlet(socket, isDirect && canWriteDirectly(socket));
  socket.on('error', () => undefined);
  if (!isDirect) socket.on('drain', () => outlet.flushAfter('drain'));
  const close = (): void => {
    socket.destroy();
    client.close();
    server.close();
  };
  return { outlet, socket, client, close };
}

for (const isDirect of [true, false]) {
  const way = isDirect ? 'past the stream' : 'through the stream';

  t.test(`${way}: what the kernel takes waits nowhere`, async (t) => {
    const { outlet, client, close } = await open(isDirect);
    t.equal(outlet.give(Buffer.from('hello')), true);
    t.same(outlet.state, { waits: false, isBlocked: false, handed: 5 });
    t.equal(await client.until('hello'), 'hello');
    close();
  });

  t.test(`${way}: blocks leave in their order, together`, async (t) => {
    const { outlet, client, close } = await open(isDirect);
    outlet.giveAll(Buffer.from('header '), Buffer.alloc(20_000, 'p'), Buffer.from(' next'));
    t.equal(outlet.state.handed, 20_012);
    const expected = `header ${'p'.repeat(20_000)} next`;
    t.equal((await client.until(' next')) === expected, true, 'same bytes');
    t.match(outlet.state, { waits: false, isBlocked: false });
    outlet.giveAll(Buffer.from(', alone'));
    t.equal(outlet.state.handed, 20_019);
    await client.until(' next, alone');
    close();
  });

  t.test(`${way}: of blocks that it does not take whole nothing is lost`, async (t) => {
    const { outlet, client, close } = await open(isDirect);
    client.socket.pause();
    while (!outlet.state.isBlocked) outlet.giveAll(Buffer.from('header'), MUCH, Buffer.from('z'));
    t.match(outlet.state, { waits: true });
    client.socket.resume();
    await eventually(() => outlet.told.length > 0);
    await client.untilLength(outlet.state.handed);
    t.ok(client.text.endsWith('mz'));
    t.equal(outlet.hasLostOutput, false);
    close();
  });

  t.test(`${way}: what it does not take is counted, and told when it has left`, async (t) => {
    const { outlet, client, close } = await open(isDirect);
    client.socket.pause();
    while (outlet.give(MUCH));
    t.match(outlet.state, { waits: true, isBlocked: true });
    t.same(outlet.told, []);
    client.socket.resume();
    await eventually(() => outlet.told.length > 0);
    t.same(outlet.told, ['drain']);
    t.match(outlet.state, { waits: false, isBlocked: false });
    t.equal(outlet.hasLostOutput, false);
    await client.untilLength(outlet.state.handed);
    close();
  });
}

t.test('past the stream: tells when what waits never left', async (t) => {
  const { outlet, socket, client, close } = await open(true);
  client.socket.pause();
  while (outlet.give(MUCH));
  socket.destroy();
  await once(socket, 'close');
  t.equal(outlet.hasLostOutput, true);
  t.same(outlet.told, [], 'no room any more');
  close();
});

t.test('past the stream: destroys the socket when the rest is refused', async (t) => {
  const { outlet, socket, close } = await open(true);
  const failed = once(socket, 'error');
  outlet.written(-constants.errno.EPIPE);
  t.equal(outlet.hasLostOutput, true);
  t.equal(socket.destroyed, true);
  t.match(await failed, [{ code: 'EPIPE', syscall: 'write' }]);
  close();
});

t.test('goes through the stream when the stream holds something back', async (t) => {
  const { outlet, socket, client, close } = await open(true);
  socket.cork();
  socket.write('corked, ');
  t.equal(outlet.give(Buffer.from('behind it')), false);
  t.match(outlet.state, { waits: true });
  socket.uncork();
  t.equal(await client.until('behind it'), 'corked, behind it');
  close();
});

t.test('asks any other stream how much it holds', (t) => {
  const outlet = new Outlet(new Duplex({ write: (_chunk, _encoding, done) => done() }), false);
  t.equal(outlet.give(Buffer.from('taken')), true);
  t.same(outlet.state, { waits: false, isBlocked: false, handed: 5 });
  t.end();
});

t.test('past the stream: loses what the kernel refuses', async (t) => {
  const { outlet, socket, close } = await open(true);
  type Refusing = Record<'writeBuffer' | 'writev', () => number>;
  const { _handle: handle } = socket as unknown as { _handle: Refusing };
  handle.writeBuffer = () => -constants.errno.EPIPE;
  const failed = once(socket, 'error');
  t.equal(outlet.give(Buffer.from('refused')), false);
  t.match(outlet.state, { isBlocked: true });
  t.equal(outlet.hasLostOutput, true);
  t.match(await failed, [{ code: 'EPIPE' }]);
  close();
});

t.test('loses what a stream refuses, and what comes when it is destroyed', (t) => {
  const refusing = new Duplex({ write: (_chunk, _encoding, done) => done(new Error('no')) });
  const destroyed = new Duplex({ write: (_chunk, _encoding, done) => done() }).destroy();
  for (const stream of [refusing, destroyed]) {
    stream.on('error', () => undefined);
    const outlet = new Outlet(stream, false);
    t.equal(outlet.give(Buffer.from('refused')), false);
    t.match(outlet.state, { isBlocked: true });
    t.equal(outlet.hasLostOutput, true);
  }
  t.end();
});

t.test('counts what never left: what waited, and what the stream had not taken', async (t) => {
  for (const isTaken of [false, true]) {
    let take = (): void => undefined;
    const stream = new Duplex({
      write(_chunk, _encoding, done) {
        take = done;
      },
    });
    const outlet = new Outlet(stream, false);
    outlet.give(Buffer.from('given'));
    t.match(outlet.state, { waits: true });
    outlet.end();
    if (isTaken) {
      take();
      await once(stream, 'finish');
    }
    stream.destroy();
    t.equal(outlet.lostBytes, 0);
    t.equal(outlet.lose(3), isTaken ? 3 : 8);
  }
});

t.test('destroys a stream with what it throws, and loses what it was given', async (t) => {
  const give = (outlet: Outlet): unknown => outlet.give(Buffer.from('given'));
  const giveAll = (outlet: Outlet): void => outlet.giveAll(Buffer.from('gi'), Buffer.from('ven'));
  for (const use of [give, giveAll]) {
    for (const thrown of [new Error('thrown'), 'thrown']) {
      const stream = new Duplex({
        write() {
          throw thrown;
        },
      });
      const failed = once(stream, 'error');
      const outlet = new Outlet(stream, false);
      use(outlet);
      t.match(outlet.state, { isBlocked: true });
      t.equal(outlet.hasLostOutput, true);
      t.equal(outlet.lose(0), 5);
      t.match(await failed, [{ message: 'thrown' }]);
    }
  }
});

t.test('tells what a stream takes that has more room than counts as congested', async (t) => {
  for (const [writableHighWaterMark, expected] of [
    [65_536, []],
    [65_537, ['taken']],
  ] as const) {
    const write = (_chunk: Buffer, _encoding: string, done: () => void): void => done();
    const outlet = new Outlet(new Duplex({ writableHighWaterMark, write }), false);
    outlet.give(Buffer.from('taken'));
    await new Promise((next) => setImmediate(next));
    t.same(outlet.told, expected);
  }
});
