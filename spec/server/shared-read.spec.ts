import { once } from 'node:events';
import { createServer, Socket, type SocketConstructorOpts } from 'node:net';
import { TLSSocket } from 'node:tls';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { onSharedRead } from '../../lib/server/pump-listeners.ts';
import type { TransportEnd } from '../../lib/server/pump-sink.ts';
import { learnOnReadKeys, shareReads, shareSecureReads } from '../../lib/server/shared-read.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

interface Served {
  pump: SocketPump;
  isShared: boolean;
  seen: string[];
  end: () => TransportEnd | undefined;
}

/** Accepts one connection in either way of reading. */
async function serve(
  wantsShared: boolean,
): Promise<{ served: Served; client: RawClient; close: () => void }> {
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
    accepted.push(socket),
  );
  const client = new RawClient(await listen(server));
  await eventually(() => accepted.length === 1);
  const shared = wantsShared ? shareReads(accepted[0]!, onSharedRead) : undefined;
  const seen: string[] = [];
  let end: TransportEnd | undefined;
  const sink = {
    receive: (bytes: Buffer) => void seen.push(bytes.toString()),
    receiveEnd: () => void seen.push('<end>'),
    drained: () => undefined,
    closed: (cause: TransportEnd) => {
      end = cause;
    },
  };
  const settings = {
    wheel: new TimerWheel(new FakeTime()),
    writeTimeoutMs: 1e4,
    maxBufferedBytes: 1e6,
  };
  const isShared = shared !== undefined;
  const pump = new SocketPump(shared ?? accepted[0]!, sink, settings, isShared);
  pump.start();
  const served = { pump, isShared, seen, end: () => end };
  return { served, client, close: () => server.close() };
}

t.test('works on this Node', async (t) => {
  const { served, client, close } = await serve(true);
  t.equal(served.isShared, true);
  client.close();
  served.pump.cut('cut');
  await eventually(() => served.end() === 'cut');
  close();
});

for (const wantsShared of [true, false]) {
  const name = wantsShared ? 'shared buffer' : 'data events';

  t.test(`${name}: moves bytes both ways and tells the end`, async (t) => {
    const { served, client, close } = await serve(wantsShared);
    client.send('hello');
    await eventually(() => served.seen.length === 1);
    served.pump.writeText('answer', 'latin1');
    await client.until('answer');
    client.socket.end('bye');
    await eventually(() => served.seen.includes('<end>'));
    t.same(served.seen, ['hello', 'bye', '<end>']);
    served.pump.writeText(' to a half-closed peer', 'latin1');
    served.pump.end();
    t.equal(await client.ended(), 'answer to a half-closed peer');
    await eventually(() => served.end() !== undefined);
    t.equal(served.end(), 'ended');
    close();
  });

  t.test(`${name}: knows the addresses`, async (t) => {
    const { served, client, close } = await serve(wantsShared);
    const socket = served.pump.socket as Socket;
    t.equal(socket.remoteAddress, '127.0.0.1');
    t.equal(socket.remotePort, client.socket.localPort);
    client.close();
    served.pump.cut('cut');
    await eventually(() => served.end() !== undefined);
    close();
  });

  t.test(`${name}: pauses, and resumes without loss`, async (t) => {
    const { served, client, close } = await serve(wantsShared);
    served.pump.pause();
    client.send('while paused');
    await new Promise((next) => setImmediate(next));
    t.same(served.seen, []);
    served.pump.resume();
    await eventually(() => served.seen.length === 1);
    t.same(served.seen, ['while paused']);
    client.close();
    served.pump.cut('cut');
    await eventually(() => served.end() !== undefined);
    close();
  });

  t.test(`${name}: tells a reset`, async (t) => {
    const { served, client, close } = await serve(wantsShared);
    client.send('x');
    await eventually(() => served.seen.length === 1);
    client.socket.resetAndDestroy();
    await eventually(() => served.end() !== undefined);
    t.equal(served.end(), 'reset');
    close();
  });

  t.test(`${name}: releases a socket that streams, pauses and ends as any other`, async (t) => {
    const { served, client, close } = await serve(wantsShared);
    client.send('first');
    await eventually(() => served.seen.length === 1);
    const socket = served.pump.release() as Socket;
    client.send('second');
    socket.setEncoding('utf8');
    const [text] = await once(socket, 'data');
    t.equal(text, 'second');
    socket.pause();
    client.send('x'.repeat(300_000));
    client.socket.end();
    let length = 0;
    socket.on('data', (piece: string) => {
      length += piece.length;
    });
    socket.resume();
    await once(socket, 'end');
    t.equal(length, 300_000);
    socket.end('done');
    t.equal(await client.ended(), 'done');
    t.same(served.seen, ['first']);
    close();
  });

  t.test(`${name}: lets the server count its connections`, async (t) => {
    const accepted: Socket[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => accepted.push(socket));
    const client = new RawClient(await listen(server));
    await eventually(() => accepted.length === 1);
    const socket =
      (wantsShared ? shareReads(accepted[0]!, onSharedRead) : undefined) ?? accepted[0]!;
    const count = (): Promise<number> =>
      new Promise((done, fail) =>
        server.getConnections((error, found) => (error ? fail(error) : done(found))),
      );
    t.equal(await count(), 1);
    socket.destroy();
    await once(socket, 'close');
    t.equal(await count(), 0);
    client.close();
    server.close();
    await once(server, 'close');
  });
}

t.test('leaves a socket alone that it cannot take over', (t) => {
  const socket = new Socket();
  t.equal(shareReads(socket, onSharedRead), undefined, 'no handle');
  class Special extends Socket {}
  t.equal(shareReads(new Special(), onSharedRead), undefined, 'not a plain socket');
  const strange = Object.assign(new Socket(), { _handle: { readStart: () => 0 } });
  t.equal(shareReads(strange, onSharedRead), undefined, 'a handle without the parts');
  t.end();
});

t.test('leaves a TLS socket alone that it cannot tell where to read to', (t) => {
  const handle = { readStart: noop, readStop: noop, useUserBuffer: () => t.fail('it is touched') };
  const withHandle = <S extends Socket>(socket: S): S => Object.assign(socket, { _handle: handle });
  t.equal(shareSecureReads(withHandle(new Socket()), onSharedRead), false, 'not TLS');
  class Special extends TLSSocket {}
  t.equal(shareSecureReads(withHandle(new Special(new Socket())), onSharedRead), false, 'an heir');
  const strange = Object.assign(new TLSSocket(new Socket()), { _handle: { readStart: noop } });
  t.equal(shareSecureReads(strange, onSharedRead), false, 'a handle without the parts');
  const late = new TLSSocket(new Socket());
  late.push('read already');
  t.equal(shareSecureReads(withHandle(late), onSharedRead), false, 'not the first to read');
  t.end();
});

t.test('looks where a socket keeps what it was given to read with', (t) => {
  const keys = learnOnReadKeys()!;
  const onread = { buffer: Buffer.alloc(1), callback: () => true };
  const socket = new Socket({ onread } as SocketConstructorOpts) as unknown as {
    [key: symbol]: unknown;
  };
  t.equal(socket[keys.buffer], onread.buffer);
  t.equal(socket[keys.callback], onread.callback);
  const Forgetful = class {} as unknown as typeof Socket;
  t.equal(learnOnReadKeys(Forgetful), undefined);
  t.end();
});

function noop(): undefined {
  return undefined;
}
