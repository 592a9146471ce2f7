import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { acceptDuplex } from 'barewire/adapters';
import { connectWebSocket } from 'barewire/client';
import { type RequestHead, RequestReader } from 'barewire/http';
import t from 'tap';
import { duplexPair, eventually, listen, RawClient } from '../support/sockets.ts';

t.test('accepts on any Duplex, with the head of a request that somebody has read', async (t) => {
  const [near, far] = duplexPair();
  const reader = new RequestReader({
    head(head: RequestHead) {
      far.removeAllListeners('data');
      const peer = acceptDuplex(far, head, reader.handOver(), {
        message: (from, data) => from.send(data),
      });
      peer.catch(t.fail);
    },
    body() {},
    end() {},
    failed: t.fail,
  });
  far.on('data', (bytes: Buffer) => reader.receive(bytes));
  const client = await connectWebSocket('ws://a/', { createConnection: () => near });
  client.send('hello');
  for await (const message of client) {
    t.equal(message, 'hello');
    break;
  }
  t.match(await client.closed, { wasClean: true });
});

t.test('ends the stream of a refused client, after the answer has left', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    const fields = { get: () => undefined, getAll: () => [] };
    void acceptDuplex(socket, { method: 'POST', target: '/', version: '1.1', fields });
  });
  t.teardown(() => server.close());
  const client = new RawClient(await listen(server));
  client.send(Buffer.alloc(1_000_000));
  t.match(await client.ended(), /^HTTP\/1\.1 405 [\s\S]*\r\nallow: GET\r\n/);
  client.socket.end();
  await eventually(() => sockets[0]!.destroyed);
});

t.test('survives a stream that is dead already, or dies', async (t) => {
  const fields = { get: () => undefined, getAll: () => [] };
  const request = { method: 'GET', target: '/', version: '1.1', fields };
  const [dead] = duplexPair();
  dead.destroy(new Error('dead'));
  t.equal(await acceptDuplex(dead, request), undefined);
  const [dying] = duplexPair();
  const accepted = acceptDuplex(dying, request);
  dying.destroy(new Error('dying'));
  t.equal(await accepted, undefined);
  await once(dying, 'close').catch(() => {});
});
