import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Exchange } from 'barewire';
import t from 'tap';
import { get, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

t.test('reads a socket to its end that was ended and is never read', async (t) => {
  const { connect, server } = await serve(t, (exchange) => exchange.hijack().socket.end('bye'));
  const client = connect().send(get('/'));
  t.equal(await client.ended(), 'bye');
  client.socket.end('more that nobody reads');
  await eventually(() => server.stats().openConnections === 0);
  t.pass('the connection is not held for ever');
});

t.test('closes it at last when the client does not', async (t) => {
  const { connect, server, time } = await serve(t, (exchange) =>
    exchange.hijack().socket.end('bye'),
  );
  const client = connect().send(get('/'));
  await client.ended();
  t.equal(server.stats().openConnections, 1);
  time.advance(3_000);
  await eventually(() => server.stats().openConnections === 0);
  t.pass();
});

t.test('leaves a socket alone that somebody reads', async (t) => {
  let socket: Socket | undefined;
  let text = '';
  const { connect, server, time } = await serve(t, (exchange: Exchange) => {
    socket = exchange.hijack().socket as Socket;
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    socket.allowHalfOpen = true;
    socket.end('I am done');
  });
  const client = connect().send(get('/'));
  await client.ended();
  time.advance(60_000);
  client.send('but I am not');
  await eventually(() => text === 'but I am not');
  t.equal(server.stats().openConnections, 1);
  t.equal(server.settings.wheel.length, 0, 'no deadline of ours');
});

t.test('ends when its peer ends, as sockets do', async (t) => {
  const { connect, server } = await serve(t, (exchange) => {
    exchange.hijack().socket.resume();
  });
  const client = connect().send(get('/'));
  await eventually(() => server.stats().handedOver === 1);
  client.socket.end();
  await once(client.socket, 'close');
  await eventually(() => server.stats().openConnections === 0);
  t.pass();
});

t.test('survives errors that nobody listens to', async (t) => {
  const { connect, server } = await serve(t, (exchange) => {
    exchange.hijack().socket.resume();
  });
  const client = connect().send(get('/'));
  await eventually(() => server.stats().handedOver === 1);
  client.socket.resetAndDestroy();
  await eventually(() => server.stats().openConnections === 0);
  t.pass('the process lives');
});
