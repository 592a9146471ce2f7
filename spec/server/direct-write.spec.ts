import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import t from 'tap';
import {
  canWriteDirectly,
  freeHandle,
  learnRequestClass,
  unwrittenBytes,
  type WriteHandle,
  writeDirectly,
  writeError,
} from '../../lib/server/direct-write.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

/** Takes down what it is told. */
class Owner {
  readonly statuses: number[] = [];

  written(status: number): void {
    this.statuses.push(status);
  }
}

/** Writes to a socket whose stream holds nothing back. */
function write(socket: Socket, bytes: Buffer | Buffer[], owner: Owner): string | Error {
  return writeDirectly(freeHandle(socket)!, bytes, owner);
}

async function connection(
  pauseOnConnect = false,
): Promise<{ socket: Socket; client: RawClient; close: () => void }> {
  const sockets: Socket[] = [];
  const options = { allowHalfOpen: true, pauseOnConnect };
  const server = createServer(options, (socket) => sockets.push(socket));
  const client = new RawClient(await listen(server));
  await eventually(() => sockets.length === 1);
  const socket = sockets[0]!;
  socket.on('error', () => undefined);
  return { socket, client, close: () => server.close() };
}

t.test('works on this Node', async (t) => {
  const { socket, client, close } = await connection();
  t.equal(canWriteDirectly(socket), true);
  socket.destroy();
  client.close();
  close();
});

t.test('says no to what has no handle, or a strange one', (t) => {
  t.equal(canWriteDirectly(new Socket()), false);
  const whole = { writeBuffer: () => 0, writev: () => 0, writeQueueSize: 0 };
  const having = (handle: object): Socket => Object.assign(new Socket(), { _handle: handle });
  t.equal(canWriteDirectly(having(whole)), true);
  for (const part of ['writeBuffer', 'writev', 'writeQueueSize']) {
    t.equal(canWriteDirectly(having({ ...whole, [part]: undefined })), false, part);
  }
  t.end();
});

t.test('writes at once what the kernel takes, in order with the stream', async (t) => {
  const { socket, client, close } = await connection();
  const owner = new Owner();
  t.equal(write(socket, Buffer.from('one '), owner), 'taken');
  socket.write('two ');
  await eventually(() => socket.writableLength === 0);
  t.equal(write(socket, Buffer.from('three'), owner), 'taken');
  t.equal(await client.until('three'), 'one two three');
  t.same(owner.statuses, [], 'nothing to be told');
  t.equal(socket.bytesWritten, 13);
  socket.destroy();
  client.close();
  close();
});

t.test('writes several blocks at once, also more than the kernel takes in one call', async (t) => {
  const { socket, client, close } = await connection();
  const blocks = Array.from({ length: 3_000 }, (_, index) => Buffer.from(`${index},`));
  const text = blocks.join('');
  const owner = new Owner();
  const outcome = write(socket, blocks, owner);
  t.equal((await client.until('2999,')) === text, true, 'in order');
  await eventually(() => outcome === 'taken' || owner.statuses.length === 1);
  t.equal(write(socket, [Buffer.from('the '), Buffer.from('end')], owner), 'taken');
  t.equal(await client.until('the end'), `${text}the end`);
  t.equal(socket.bytesWritten, text.length + 7);
  socket.destroy();
  client.close();
  close();
});

t.test('lets libuv keep what the kernel does not take, and tells when it has', async (t) => {
  const { socket, client, close } = await connection();
  client.socket.pause();
  const owner = new Owner();
  const block = Buffer.alloc(4 * 1024 * 1024, 'x');
  let written = 0;
  let outcome: string | Error;
  let waiting = 0;
  // What the kernel takes at the second attempt is under way as well, and waits nowhere.
  do {
    outcome = write(socket, block, owner);
    written += block.length;
    if (outcome === 'waiting') waiting += 1;
  } while (unwrittenBytes(socket) === 0);
  t.equal(outcome, 'waiting');
  t.same(owner.statuses, []);
  socket.end('behind it');
  client.socket.resume();
  await eventually(() => client.isOver);
  t.equal(client.byteLength, written + 9);
  t.ok(client.text.endsWith('xbehind it'));
  t.same(
    owner.statuses,
    Array.from({ length: waiting }, () => 0),
  );
  client.close();
  close();
});

t.test('does not use a request again that is under way although nothing waits', async (t) => {
  const requests: { oncomplete(status: number): void }[] = [];
  const handle = {
    writeQueueSize: 0,
    // As when libuv has written the rest itself, at once: it tells so only later.
    writeBuffer(request: { getAsyncId(): number; oncomplete(status: number): void }): number {
      requests.push(request);
      request.getAsyncId = () => 7;
      return 0;
    },
  };
  const owner = new Owner();
  const full = handle as unknown as WriteHandle;
  t.equal(writeDirectly(full, Buffer.from('one'), owner), 'waiting');
  t.equal(writeDirectly(full, Buffer.from('two'), owner), 'waiting');
  t.not(requests[0], requests[1]);
  for (const request of requests) request.oncomplete(0);
  t.same(owner.statuses, [0, 0]);
});

t.test('tells when what waits will never leave', async (t) => {
  const { socket, client, close } = await connection();
  client.socket.pause();
  const owner = new Owner();
  const block = Buffer.alloc(4 * 1024 * 1024);
  while (write(socket, block, owner) === 'taken');
  socket.destroy();
  await once(socket, 'close');
  t.equal(owner.statuses.length, 1);
  t.ok(owner.statuses[0]! < 0);
  t.equal(unwrittenBytes(socket), 0);
  client.close();
  close();
});

t.test('returns the error when the kernel refuses', async (t) => {
  // Nobody reads, so that only writing can find it out.
  const { socket, client, close } = await connection(true);
  client.socket.resetAndDestroy();
  const owner = new Owner();
  let outcome: string | Error = '';
  // The reset arrives at some point; from then on the kernel refuses.
  await eventually(() => {
    outcome = write(socket, Buffer.from('x'), owner);
    return typeof outcome !== 'string';
  });
  t.match((outcome as unknown as { code: string }).code, /^(EPIPE|ECONNRESET)$/);
  t.same(owner.statuses, []);
  t.equal(socket.destroyed, false, 'that is the business of whoever has the socket');
  socket.destroy();
  close();
});

t.test('leaves a stream alone that holds something back, or has ended', async (t) => {
  const { socket, client, close } = await connection();
  t.ok(freeHandle(socket));
  socket.cork();
  socket.write('corked');
  t.equal(freeHandle(socket), undefined);
  socket.uncork();
  await client.until('corked');
  await eventually(() => freeHandle(socket) !== undefined);
  socket.end();
  t.equal(freeHandle(socket), undefined);
  socket.destroy();
  t.equal(freeHandle(socket), undefined);
  client.close();
  close();
});

t.test('names errors as streams do', (t) => {
  t.match(writeError(-32), { message: 'write EPIPE', code: 'EPIPE', errno: -32, syscall: 'write' });
  t.end();
});

t.test('learns nothing where sockets hand over what it cannot use', (t) => {
  /** A socket that gives its handle this instead of a request. */
  const handing = (request: object | undefined): typeof Socket =>
    class extends Socket {
      override write(bytes: Buffer): boolean {
        const { _handle: handle } = this as unknown as {
          _handle: { writeBuffer(request: object, bytes: Buffer): number };
        };
        if (request !== undefined) handle.writeBuffer(request, bytes);
        return true;
      }
    } as typeof Socket;
  const refusing = class extends Socket {
    override write(): never {
      throw new TypeError('no such handle');
    }
  } as unknown as typeof Socket;
  class Nameless {}
  class Busy {
    getAsyncId(): number {
      return 7;
    }
  }
  class Fitting {
    getAsyncId(): number {
      return -1;
    }
  }
  t.equal(typeof learnRequestClass(), 'function', 'on this Node');
  t.equal(learnRequestClass(handing(new Fitting())), Fitting);
  for (const other of [undefined, {}, Object.create(null), new Nameless(), new Busy()]) {
    t.equal(learnRequestClass(handing(other)), false);
  }
  t.equal(learnRequestClass(refusing), false);
  t.end();
});
