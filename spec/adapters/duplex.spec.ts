import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type AdapterEndpoint, acceptDuplex } from 'barewire/adapters';
import { connectWebSocket } from 'barewire/client';
import { type RequestHead, RequestReader } from 'barewire/http';
import t from 'tap';
import { LineFields } from '../../lib/adapters/line-fields.ts';
import { FakeWorld } from '../support/fake-world.ts';
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

/** A stream whose client has ended its half, and takes one write after the other. */
class HalfClosed extends Duplex {
  readonly written: Buffer[] = [];
  hasEnded = false;

  override _read(): void {
    this.push(null);
  }

  override _write(bytes: Buffer, _encoding: unknown, done: () => void): void {
    this.written.push(bytes);
    setImmediate(done);
  }

  override _final(done: () => void): void {
    this.hasEnded = true;
    setImmediate(done);
  }

  get text(): string {
    return Buffer.concat(this.written).toString('latin1');
  }
}

t.test('gives the whole refusal to a client that has ended its half', async (t) => {
  const stream = new HalfClosed({ allowHalfOpen: false });
  const fields = { get: () => undefined, getAll: () => [] };
  const request = { method: 'POST', target: '/', version: '1.1', fields };
  t.equal(await acceptDuplex(stream, request, undefined, { refused: () => {} }), undefined);
  await once(stream, 'close');
  const [head, body] = stream.text.split('\r\n\r\n') as [string, string];
  t.match(head, /^HTTP\/1\.1 405 /);
  t.equal(Number(/content-length: (\d+)/.exec(head)?.[1]), body.length);
  t.equal(stream.hasEnded, true);
});

t.test('answers a client that ends its half while accept thinks', async (t) => {
  const stream = new HalfClosed({ allowHalfOpen: false });
  const lines = ['Host', 'a', 'Upgrade', 'websocket', 'Connection', 'Upgrade'];
  lines.push('Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==');
  const request = { method: 'GET', target: '/', version: '1.1', fields: new LineFields(lines) };
  const accept = async (): Promise<boolean> => {
    stream.resume();
    await once(stream, 'end');
    return false;
  };
  t.equal(await acceptDuplex(stream, request, undefined, { accept, refused: () => {} }), undefined);
  await once(stream, 'close');
  t.match(stream.text, /^HTTP\/1\.1 [45]\d\d /);
  t.equal(stream.hasEnded, true);
});

t.test('answers a client whose end was read before, and asks nobody', async (t) => {
  for (const endpoint of [{ accept: () => t.fail('asked') }, { maxMessageBytes: -1 }]) {
    const stream = new HalfClosed({ allowHalfOpen: true });
    stream.resume();
    await once(stream, 'end');
    const refusals: number[] = [];
    const lines = ['Host', 'a', 'Upgrade', 'websocket', 'Connection', 'Upgrade'];
    lines.push('Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==');
    const request = { method: 'GET', target: '/', version: '1.1', fields: new LineFields(lines) };
    const refused = ({ status }: { status: number }): number => refusals.push(status);
    const accepted = acceptDuplex(stream, request, undefined, { ...endpoint, refused });
    const isBad = 'maxMessageBytes' in endpoint;
    if (isBad) await t.rejects(accepted, { code: 'invalid-option' });
    else t.equal(await accepted, undefined);
    await once(stream, 'close');
    t.match(stream.text, isBad ? /^HTTP\/1\.1 500 / : /^HTTP\/1\.1 400 /);
    t.strictSame(refusals, isBad ? [] : [400]);
  }
});

t.test('a stream that throws when it is asked for its state is as good as gone', async (t) => {
  for (const names of [['destroyed'], ['writable', 'readableEnded'], ['destroyed', 'destroy']]) {
    const stream = new HalfClosed({ allowHalfOpen: true, autoDestroy: false });
    for (const name of names) {
      Object.defineProperty(stream, name, {
        get: () => {
          throw new Error(`no ${name}`);
        },
      });
    }
    const fields = { get: () => undefined, getAll: () => [] };
    const request = { method: 'POST', target: '/', version: '1.1', fields };
    const endpoint: AdapterEndpoint = { accept: () => t.fail('asked'), refused: () => {} };
    t.equal(await acceptDuplex(stream, request, undefined, endpoint), undefined, names.join());
  }
});

t.test('has the system ask whether a silent client is still there', async (t) => {
  const calls: unknown[] = [];
  const fields = { get: () => undefined, getAll: () => [] };
  const server = createServer((socket) => {
    Object.assign(socket, { setKeepAlive: (...all: unknown[]) => calls.push(all) });
    const request = { method: 'POST', target: '/', version: '1.1', fields };
    void acceptDuplex(socket, request, undefined, { refused: () => {} });
  });
  t.teardown(() => server.close());
  const client = new RawClient(await listen(server));
  await client.ended();
  t.strictSame(calls, [[true, 30_000]]);
  client.close();
});

t.test('a refusal that has no body is ended behind its head', async (t) => {
  const stream = new HalfClosed({ allowHalfOpen: true });
  const lines = ['Host', 'a', 'Upgrade', 'websocket', 'Connection', 'Upgrade'];
  lines.push('Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==');
  const request = { method: 'GET', target: '/', version: '1.1', fields: new LineFields(lines) };
  const world = new FakeWorld();
  const endpoint: AdapterEndpoint = {
    accept: (opening) => opening.reject(304, 'a 304 has no body', { etag: '"1"' }),
    refused: () => {},
    alarm: world.after,
  };
  t.equal(await acceptDuplex(stream, request, undefined, endpoint), undefined);
  await once(stream, 'close');
  t.strictSame(world.waiting, [], 'nobody waits for its end any more');
  t.match(stream.text, /^HTTP\/1\.1 304 [\s\S]*\r\netag: "1"\r\n[\s\S]*\r\n\r\n$/);
});

t.test('a place is free again when the stream is gone', async (t) => {
  const statuses: number[] = [];
  const endpoint: AdapterEndpoint = {
    maxConnections: 1,
    refused: ({ status }) => statuses.push(status),
  };
  const fields = { get: () => undefined, getAll: () => [] };
  const request = { method: 'POST', target: '/', version: '1.1', fields };
  const [first, second, third] = [duplexPair()[0], duplexPair()[0], duplexPair()[0]];
  await acceptDuplex(first, request, undefined, endpoint);
  await acceptDuplex(second, request, undefined, endpoint);
  first.destroy();
  await once(first, 'close');
  await acceptDuplex(third, request, undefined, endpoint);
  t.strictSame(statuses, [405, 503, 405]);
  second.destroy();
  third.destroy();
});

t.test(
  'a stream that is too odd for a WebSocket is refused, and no yes stands before',
  async (t) => {
    const stream = new HalfClosed({ allowHalfOpen: true });
    Object.defineProperty(stream, 'writableHighWaterMark', {
      get: () => {
        throw new Error('odd');
      },
    });
    const lines = ['Host', 'a', 'Upgrade', 'websocket', 'Connection', 'Upgrade'];
    lines.push('Sec-WebSocket-Version', '13', 'Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==');
    const request = { method: 'GET', target: '/', version: '1.1', fields: new LineFields(lines) };
    t.equal(await acceptDuplex(stream, request, undefined, { refused: () => {} }), undefined);
    t.match(stream.text, /^HTTP\/1\.1 500 /);
  },
);
