import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import t from 'tap';
import { prepareSocket } from '../../lib/server/listening.ts';
import { onSharedRead } from '../../lib/server/pump-listeners.ts';
import { takeConnections } from '../../lib/server/taken-connections.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

t.test('takes the connections of a listening server before they are sockets', async (t) => {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.on('connection', () => t.fail('the server made a socket'));
  const port = await listen(server);
  const sockets: Socket[] = [];
  const stop = takeConnections(server, onSharedRead, (socket) => sockets.push(socket as Socket));
  const client = new RawClient(port);
  await eventually(() => sockets.length === 1);
  const count = (): Promise<number> =>
    new Promise((done, fail) =>
      server.getConnections((error, found) => (error ? fail(error) : done(found))),
    );
  t.equal(await count(), 1, 'the server counts it');
  sockets[0]!.end('served');
  t.equal(await client.ended(), 'served');
  sockets[0]!.destroy();
  await once(sockets[0]!, 'close');
  t.equal(await count(), 0);
  client.close();

  stop!();
  server.removeAllListeners('connection');
  const ordinary = once(server, 'connection');
  const other = new RawClient(port);
  const [socket] = (await ordinary) as [Socket];
  t.equal(sockets.length, 1, 'left to the server again');
  socket.destroy();
  other.close();
  server.close();
  await once(server, 'close');
});

t.test('knows what a connection has inherited, and sets it no more', async (t) => {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  const port = await listen(server);
  const sockets: Socket[] = [];
  takeConnections(
    server,
    onSharedRead,
    (socket) => sockets.push(socket as Socket),
    () => true,
  );
  const client = new RawClient(port);
  await eventually(() => sockets.length === 1);
  const calls: unknown[] = [];
  const { _handle: handle } = sockets[0]! as unknown as { _handle: object };
  Object.assign(handle, {
    setNoDelay: (isOn: boolean) => calls.push(isOn),
    setKeepAlive: (isOn: boolean, seconds: number) => calls.push([isOn, seconds]),
  });
  prepareSocket(sockets[0]!);
  t.strictSame(calls, []);
  sockets[0]!.setNoDelay(false);
  sockets[0]!.setKeepAlive(true, 31_000);
  t.strictSame(calls, [false, [true, 31]], 'what is set later, is');
  sockets[0]!.destroy();
  client.close();
  server.close();
  await once(server, 'close');
});

t.test('leaves a server alone whose connections it cannot take', async (t) => {
  const take = (server: unknown): unknown =>
    takeConnections(server as ReturnType<typeof createServer>, onSharedRead, noop);
  t.equal(take(createServer()), undefined, 'not listening');
  t.equal(take({ _handle: { onconnection: noop } }), undefined, 'no count');
  t.equal(take({ _handle: {}, _connections: 0 }), undefined, 'no call-back');
  const calls: unknown[][] = [];
  const handle = { onconnection: (...given: unknown[]) => void calls.push(given) };
  take({ _handle: handle, _connections: 0 });
  handle.onconnection(-24);
  handle.onconnection(0, { readStart: noop });
  t.same(
    calls,
    [
      [-24, undefined],
      [0, { readStart: noop }],
    ],
    'errors and strange handles',
  );
});

function noop(): undefined {
  return undefined;
}
