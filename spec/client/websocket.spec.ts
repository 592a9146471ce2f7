import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AdapterEndpoint, acceptUpgrade } from 'barewire/adapters';
import {
  type BinaryType,
  CloseEvent,
  ErrorEvent,
  WebSocket,
  type WebSocketClientOptions,
} from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import { FakeWorld } from '../support/fake-world.ts';
import { rawServer } from '../support/raw-server.ts';
import { eventually, listen } from '../support/sockets.ts';

/** A server on `node:http`; `peers` are the connections that it accepted. */
async function serve(
  t: Test,
  endpoint: AdapterEndpoint = {},
): Promise<{ url: string; peers: WebSocketPeer[] }> {
  const server = createServer();
  const peers: WebSocketPeer[] = [];
  const echo: AdapterEndpoint = {
    open: (peer) => peers.push(peer),
    message: (peer, data) => peer.send(data),
    ...endpoint,
  };
  server.on('upgrade', (request, socket, head) => acceptUpgrade(request, socket, head, echo));
  t.teardown(() => {
    server.close();
    for (const peer of peers) peer.terminate();
  });
  return { url: `ws://127.0.0.1:${await listen(server)}/`, peers };
}

const next = async <Received>(socket: WebSocket, type: string): Promise<Received> => {
  const [event] = (await once(socket, type)) as [Received];
  return event;
};

t.test('has the constants on the class and on its instances', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  const names = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'] as const;
  for (const [value, name] of names.entries()) {
    t.equal(WebSocket[name], value);
    t.equal(socket[name], value);
  }
  socket.close();
  await next(socket, 'close');
});

t.test('goes through its states, with an event for each', async (t) => {
  const { url, peers } = await serve(t, { protocols: ['b'] });
  const socket = new WebSocket(url, ['a', 'b']);
  const seen: unknown[] = [];
  socket.onopen = function (event) {
    t.equal(this, socket);
    seen.push(event.type, socket.readyState, socket.protocol, socket.extensions);
    socket.send('hello');
  };
  socket.onmessage = (event) => {
    seen.push(event.type, event.data, event.origin);
    socket.close(3000, 'enough');
    seen.push(socket.readyState);
  };
  socket.onerror = () => seen.push('error');
  t.strictSame([socket.url, socket.readyState, socket.protocol], [url, 0, '']);
  const close = await next<CloseEvent>(socket, 'close');
  t.ok(close instanceof CloseEvent);
  // Code and reason are those of the server's frame: it repeats the code and has no reason.
  t.match(close, { code: 3000, reason: '', wasClean: true });
  t.match(await peers[0]!.closed, { code: 3000, reason: 'enough', closedBy: 'peer' });
  t.equal(socket.readyState, 3);
  const origin = url.slice(0, -1);
  t.strictSame(seen, ['open', 1, 'b', '', 'message', 'hello', origin, 2]);
});

t.test('calls listeners and handlers in the order in which they were set', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  const seen: string[] = [];
  socket.addEventListener('open', () => seen.push('first'));
  socket.onopen = () => seen.push('replaced');
  socket.addEventListener('open', { handleEvent: () => seen.push('third') });
  const handler = (): unknown => seen.push('second');
  socket.onopen = handler;
  t.equal(socket.onopen, handler);
  socket.onmessage = (): void => {};
  socket.onmessage = null;
  t.equal(socket.onmessage, null);
  socket.onerror = 'nonsense' as never;
  t.equal(socket.onerror, null);
  await next(socket, 'open');
  t.strictSame(seen, ['first', 'second', 'third']);
  socket.terminate();
  await next(socket, 'close');
});

t.test('counts what waits in bytes of messages, not of frames', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  await next(socket, 'open');
  const amounts: number[] = [];
  const messages = ['x', '¥¥', new Uint8Array(100), new Blob(['abc']), '', 'x'.repeat(5000)];
  for (const message of messages) {
    socket.send(message);
    amounts.push(socket.bufferedAmount);
  }
  void socket.ping();
  t.strictSame(amounts, [1, 5, 105, 108, 108, 5108]);
  t.equal(socket.bufferedAmount, 5108);
  await eventually(() => socket.bufferedAmount === 0);
  socket.send('again');
  t.equal(socket.bufferedAmount, 5);
  socket.close(1000);
  socket.send(new Uint8Array(7));
  t.equal(socket.bufferedAmount, 12);
  await next(socket, 'close');
  t.equal(socket.bufferedAmount, 7);
});

t.test('has its attributes where browsers have them', (t) => {
  const attributes = [
    'url',
    'readyState',
    'bufferedAmount',
    'protocol',
    'extensions',
    'binaryType',
  ];
  for (const name of [...attributes, 'onopen', 'onmessage', 'onerror', 'onclose', 'OPEN']) {
    t.ok(name in WebSocket.prototype, name);
  }
  t.throws(() => {
    (WebSocket as { OPEN: number }).OPEN = 5;
  }, TypeError);
  t.end();
});

t.test('loses no message for a listener that is added when it has opened', async (t) => {
  const hello = Buffer.from('810568656c6c6f', 'hex');
  const server = await rawServer(t, (request) => request.switch('', hello));
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`);
  await next(socket, 'open');
  const message = await next<MessageEvent>(socket, 'message');
  t.equal(message.data, 'hello');
  socket.terminate();
});

t.test('sends strings, bytes and Blobs in their order', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  socket.binaryType = 'nodebuffer';
  await next(socket, 'open');
  const bytes = Uint8Array.of(1, 2, 3, 4);
  socket.send(new Blob(['blob', new Uint8Array(70_000)]));
  socket.send('text');
  socket.send(bytes.subarray(1, 3));
  socket.send(new DataView(bytes.buffer, 2));
  socket.send(bytes.buffer);
  socket.send(new Blob([]));
  t.ok(socket.bufferedAmount >= 70_004);
  const received: unknown[] = [];
  socket.onmessage = ({ data }) => received.push(data);
  await eventually(() => received.length === 6);
  t.equal((received[0] as Buffer).length, 70_004);
  t.strictSame(received.slice(1), [
    'text',
    Buffer.of(2, 3),
    Buffer.of(3, 4),
    Buffer.of(1, 2, 3, 4),
    Buffer.alloc(0),
  ]);
  await socket.drained();
  t.equal(socket.bufferedAmount, 0);
  for (const nonsense of [1, null, undefined, {}, [1], true]) {
    t.throws(() => socket.send(nonsense as never), { code: 'invalid-argument' });
  }
  socket.close();
  await next(socket, 'close');
});

t.test('sends Blobs and what stands behind them before it closes', async (t) => {
  const late = async function* (): AsyncGenerator<string> {
    yield 'late';
  };
  for (const size of [5, 200_000]) {
    const received: unknown[] = [];
    const { url } = await serve(t, { message: (_peer, data) => received.push(data.length) });
    const socket = new WebSocket(url);
    await next(socket, 'open');
    socket.send('before');
    socket.send(new Blob([Buffer.alloc(size, 1)]));
    socket.send('behind');
    socket.close(3000, 'done');
    t.equal(socket.readyState, WebSocket.CLOSING);
    socket.send('late');
    t.equal(await socket.send(late()), false);
    socket.close(3001);
    t.match(await next(socket, 'close'), { code: 3000, wasClean: true });
    t.strictSame(received, [6, size, 6]);
    t.equal(socket.bufferedAmount, 4);
  }
});

t.test('sends the iterables that came before close, and the messages behind them', async (t) => {
  const received: unknown[] = [];
  const { url } = await serve(t, { message: (_peer, data) => received.push(data) });
  const socket = new WebSocket(url);
  await next(socket, 'open');
  let goOn = (): void => {};
  const pause = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const slow = async function* (): AsyncGenerator<string> {
    yield 'one, ';
    await pause;
    yield 'two';
  };
  const sending = socket.send(slow());
  socket.send('behind');
  socket.close(3000);
  t.equal(socket.readyState, WebSocket.CLOSING);
  goOn();
  t.equal(await sending, true);
  t.match(await next(socket, 'close'), { code: 3000, wasClean: true });
  t.strictSame(received, ['one, two', 'behind']);
  t.equal(socket.bufferedAmount, 0);
});

t.test('sends what was kept before a listener of open closes', async (t) => {
  const received: unknown[] = [];
  const { url } = await serve(t, { message: (_peer, data) => received.push(data) });
  const socket = new WebSocket(url, [], { reconnect: { maxQueuedBytes: 1000 } });
  socket.send('kept');
  socket.onopen = () => {
    socket.send('hello');
    socket.close(3000);
    socket.send('late');
  };
  t.match(await next(socket, 'close'), { code: 3000, wasClean: true });
  t.strictSame(received, ['hello', 'kept']);
  t.equal(socket.bufferedAmount, 4);
});

t.test('refuses options of an iterable that it does not know, whatever its state', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  await next(socket, 'open');
  const some = async function* (): AsyncGenerator<string> {};
  const bad = { sginal: undefined } as object;
  await t.rejects(socket.send(some(), bad), { code: 'invalid-option' });
  socket.close();
  await t.rejects(socket.send(some(), bad), { code: 'invalid-option' });
  await next(socket, 'close');
});

t.test('a pause of the peer is not undone by a loop', async (t) => {
  const server = await rawServer(t, (request) => request.switch());
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`);
  await next(socket, 'open');
  const peer = socket.peer!;
  const loop = socket[Symbol.asyncIterator]();
  let count = 0;
  socket.onmessage = () => {
    count += 1;
    if (count === 65) peer.pause();
  };
  const frames = Buffer.concat(Array.from({ length: 200 }, () => Buffer.of(0x81, 1, 0x61)));
  server.requests[0]!.socket.write(frames);
  await eventually(() => count === 64);
  for (let read = 0; read < 64; read += 1) await loop.next();
  await eventually(() => count === 65);
  for (let turn = 0; turn < 3; turn += 1) await new Promise((go) => setImmediate(go));
  void loop.next();
  for (let read = 0; read < 64; read += 1) void loop.next().catch(() => {});
  for (let turn = 0; turn < 3; turn += 1) await new Promise((go) => setImmediate(go));
  t.equal(count, 65, 'paused means paused');
  peer.resume();
  await eventually(() => count > 65);
  socket.terminate();
  await next(socket, 'close');
});

t.test('waits for no Blob that a server never takes', async (t) => {
  const server = await rawServer(t, (request) => {
    request.switch();
    request.socket.pause();
  });
  const world = new FakeWorld();
  const options = { closeTimeoutMs: 7000 };
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`, [], options, world);
  await next(socket, 'open');
  socket.send(new Blob([Buffer.alloc(12_000_000)]));
  socket.close();
  t.ok(socket.peer!.isOpen);
  t.strictSame(world.waiting, [7000]);
  await eventually(() => {
    world.advance(7000);
    return !socket.peer!.isOpen;
  });
  socket.terminate();
  await next(socket, 'close');
});

/** An open socket whose server reads nothing. */
async function unread(t: Test) {
  const server = await rawServer(t, (request) => {
    request.switch();
    request.socket.pause();
  });
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`);
  await next(socket, 'open');
  return { server, socket };
}

t.test('still counts what had not left when it was terminated', async (t) => {
  const { socket } = await unread(t);
  socket.send(Buffer.alloc(12_000_000));
  socket.send(new Blob(['abc']));
  await new Promise((go) => setImmediate(go));
  const waiting = socket.bufferedAmount;
  t.ok(waiting > 1_000_000);
  socket.terminate();
  t.equal(socket.bufferedAmount, waiting);
  socket.terminate();
  await next(socket, 'close');
  await new Promise((go) => setImmediate(go));
  t.equal(socket.bufferedAmount, waiting);
});

t.test('still counts what had not left when the connection was lost', async (t) => {
  const { server, socket } = await unread(t);
  socket.send(Buffer.alloc(12_000_000));
  await new Promise((go) => setImmediate(go));
  server.requests[0]!.socket.resetAndDestroy();
  await next(socket, 'close');
  for (let turn = 0; turn < 3; turn += 1) await new Promise((go) => setImmediate(go));
  t.ok(socket.bufferedAmount > 1_000_000, `${socket.bufferedAmount} bytes`);
  t.ok(socket.bufferedAmount <= 12_000_000);

  const other = new WebSocket(`ws://127.0.0.1:${server.port}/`);
  await next(other, 'open');
  other.send('has left');
  await new Promise((go) => setImmediate(go));
  server.requests[1]!.socket.resetAndDestroy();
  await next(other, 'close');
  t.equal(other.bufferedAmount, 0);
});

t.test(
  'bufferedAmount never falls once the connection is lost, and grows with each send',
  async (t) => {
    const server = await rawServer(t, (request) => {
      request.switch();
      request.socket.pause();
    });
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/`);
    await next(socket, 'open');
    for (let part = 0; part < 12; part += 1) socket.send(Buffer.alloc(1_000_000));
    await new Promise((go) => setImmediate(go));
    const amounts: number[] = [];
    const closed = next(socket, 'close');
    let isClosed = false;
    void closed.then(() => {
      isClosed = true;
    });
    server.requests[0]!.socket.resetAndDestroy();
    while (!isClosed) {
      amounts.push(socket.bufferedAmount);
      await new Promise((go) => setImmediate(go));
    }
    const last = socket.bufferedAmount;
    t.ok(last > 1_000_000 && last <= 12_000_000, `${last} bytes`);
    t.equal(Math.min(...amounts, last), last, 'it fell and rose again');
    socket.send('grün');
    socket.send(new Uint8Array(10));
    t.equal(socket.bufferedAmount, last + 15);
    for (let turn = 0; turn < 3; turn += 1) await new Promise((go) => setImmediate(go));
    t.equal(socket.bufferedAmount, last + 15);
  },
);

t.test('counts what had not left when the server closed, however clean that was', async (t) => {
  const { server, socket } = await unread(t);
  socket.send(Buffer.alloc(12_000_000));
  const { socket: raw } = server.requests[0]!;
  await new Promise((go) => setImmediate(go));
  raw.write(Buffer.of(0x88, 2, 3, 232));
  await eventually(() => socket.readyState === WebSocket.CLOSING);
  raw.resetAndDestroy();
  t.match(await next(socket, 'close'), { code: 1000, wasClean: true });
  t.ok(socket.bufferedAmount > 1_000_000, `${socket.bufferedAmount} bytes`);
});

t.test('delivers binary messages as the type says', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  t.equal(socket.binaryType, 'blob');
  socket.binaryType = 'nonsense' as BinaryType;
  t.equal(socket.binaryType, 'blob');
  await next(socket, 'open');
  const kinds: [BinaryType, (data: never) => unknown][] = [
    ['blob', (data: Blob) => data instanceof Blob && data.size],
    ['arraybuffer', (data: ArrayBuffer) => data instanceof ArrayBuffer && data.byteLength],
    ['nodebuffer', (data: Buffer) => Buffer.isBuffer(data) && data.length],
  ];
  for (const [type, sizeOf] of kinds) {
    socket.binaryType = type;
    socket.send(Buffer.of(7, 8, 9));
    const { data } = await next<MessageEvent>(socket, 'message');
    t.equal(sizeOf(data as never), 3, type);
  }
  socket.close();
  await next(socket, 'close');
});

t.test('refuses to send while connecting, and drops what comes too late', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  t.throws(() => socket.send('early'), { name: 'InvalidStateError' });
  await t.rejects(socket.ping(), { code: 'invalid-state' });
  await socket.drained();
  await next(socket, 'open');
  socket.close();
  socket.send('grün');
  socket.send(new Uint8Array(10));
  socket.send(new Blob(['abc']));
  t.equal(socket.bufferedAmount, 5 + 10 + 3);
  await next(socket, 'close');
  t.equal(socket.bufferedAmount, 18);
});

t.test('throws a SyntaxError for a bad URL or bad subprotocols, at once', (t) => {
  for (const url of [
    'nonsense',
    '/a',
    'ftp://a/',
    'ws://',
    'ws://a/#b',
    'ws://a:99999/',
    'ws://a b/',
  ]) {
    t.throws(() => new WebSocket(url), { name: 'SyntaxError' }, url);
  }
  for (const protocols of [['a', 'a'], ['a b'], [''], 'ü', ['a,b']]) {
    t.throws(() => new WebSocket('ws://a/', protocols), { name: 'SyntaxError' });
  }
  t.throws(() => new WebSocket('ws://a/', [], { maxMessageBytes: -1 }), { code: 'invalid-option' });
  t.end();
});

t.test('closes with 1000 or 3000 – 4999 and a short reason only', async (t) => {
  const { url, peers } = await serve(t);
  const socket = new WebSocket(url);
  for (const code of [0, 999, 1001, 1005, 1011, 2999, 5000, 4999.5, Number.NaN]) {
    t.throws(() => socket.close(code), { name: 'InvalidAccessError' }, String(code));
  }
  t.throws(() => socket.close(1000, 'ü'.repeat(62)), { name: 'SyntaxError' });
  await next(socket, 'open');
  socket.close(undefined, 'why');
  socket.close(4999, 'never mind');
  t.match(await next(socket, 'close'), { code: 1000, wasClean: true });
  t.match(await peers[0]!.closed, { code: 1000, reason: 'why' });
  socket.close(4000);
});

t.test('takes what is no number and no text as browsers do', async (t) => {
  const { url, peers } = await serve(t);
  const cases: readonly [unknown, unknown, number, string][] = [
    ['1000', 5, 1000, '5'],
    [3000.4, null, 3000, 'null'],
    [3001.5, {}, 3002, '[object Object]'],
    [4998.5, '\ud800', 4998, '\ufffd'],
  ];
  for (const [index, [code, reason, gotCode, gotReason]] of cases.entries()) {
    const socket = new WebSocket(url);
    await next(socket, 'open');
    for (const bad of [null, 'x', {}, 65_536 + 1000, -1]) {
      t.throws(() => socket.close(bad as number), { name: 'InvalidAccessError' }, String(bad));
    }
    t.throws(() => socket.close(1000, Symbol('x') as never), TypeError);
    socket.close(code as number, reason as string);
    await next(socket, 'close');
    t.match(await peers[index]!.closed, { code: gotCode, reason: gotReason });
  }
});

t.test('closes without a code: 1005', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  await next(socket, 'open');
  socket.close();
  t.match(await next(socket, 'close'), { code: 1005, reason: '', wasClean: true });
});

t.test('gives an attempt up: an error, and 1006', async (t) => {
  const server = await rawServer(t, () => {});
  const ways = [
    (socket: WebSocket) => socket.close(3000, 'x'),
    (socket: WebSocket) => socket.terminate(),
  ];
  for (const end of ways) {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}`);
    const seen: unknown[] = [];
    socket.onopen = () => seen.push('open');
    socket.onerror = (event) => seen.push(event.error.name);
    end(socket);
    t.equal(socket.readyState, 2);
    t.match(await next(socket, 'close'), { code: 1006, wasClean: false });
    t.strictSame(seen, ['AbortError']);
  }
});

t.test('says what went wrong: refused, broken rule, lost', async (t) => {
  const refused = await serve(t, { accept: (opening) => opening.reject(402, 'pay') });
  const first = new WebSocket(refused.url);
  const error = await next<ErrorEvent>(first, 'error');
  t.ok(error instanceof ErrorEvent);
  t.match(error, { error: { status: 402, body: Buffer.from('pay') }, message: /402/ });
  const breaker = await rawServer(t, (request) => request.switch('', Buffer.of(0x83, 0)));
  const second = new WebSocket(`ws://127.0.0.1:${breaker.port}`);
  t.match(await next(second, 'error'), { error: { code: 'reserved-opcode' } });
  const { url, peers } = await serve(t);
  const third = new WebSocket(url);
  await next(third, 'open');
  peers[0]!.terminate();
  t.match(await next(third, 'error'), { error: { message: /reset|lost/i } });
});

t.test('shows the peer underneath, pings and drains', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  t.equal(socket.peer, undefined);
  await next(socket, 'open');
  t.ok((await socket.ping()) >= 0);
  t.equal(socket.peer!.counters.pongsReceived, 1);
  socket.terminate();
  t.match(await next(socket, 'close'), { code: 1006 });
});

t.test('reads with for await, from the first message on', async (t) => {
  const { url, peers } = await serve(t, {
    open(peer) {
      for (let index = 0; index < 200; index += 1) peer.send(`${index}`);
      void peer.close(1000);
    },
  });
  const received: unknown[] = [];
  const socket = new WebSocket(url);
  for await (const message of socket) received.push(message);
  t.strictSame(
    received,
    Array.from({ length: 200 }, (_, index) => `${index}`),
  );
  t.throws(() => socket[Symbol.asyncIterator](), { code: 'already-reading' });
  t.equal(peers.length, 0);
});

t.test(
  'ends the loop with what kept the connection from opening, and closes when left',
  async (t) => {
    const refused = await serve(t, { accept: () => false });
    const failing = new WebSocket(refused.url);
    await t.rejects(failing[Symbol.asyncIterator]().next(), { status: 403 } as never);
    const { url } = await serve(t, { open: (peer) => peer.send('x') });
    const socket = new WebSocket(url);
    for await (const message of socket) {
      t.equal(message, 'x');
      break;
    }
    t.match(await next(socket, 'close'), { code: 1000, wasClean: true });
    const over = new WebSocket(refused.url);
    await next(over, 'close');
    await t.rejects(over[Symbol.asyncIterator]().next(), { status: 403 } as never);
  },
);

t.test('slows the server down when the loop is slow', async (t) => {
  const { url, peers } = await serve(t);
  const socket = new WebSocket(url);
  const loop = socket[Symbol.asyncIterator]();
  await next(socket, 'open');
  const [server] = peers as [WebSocketPeer];
  let sent = 0;
  while (server.send(Buffer.alloc(100_000)) && sent < 400) {
    sent += 1;
    await new Promise((turn) => setImmediate(turn));
  }
  t.ok(sent < 400);
  for (let index = 0; index < sent; index += 1) await loop.next();
  await server.drained();
  t.ok(server.send('again'));
  await loop.return?.();
  await next(socket, 'close');
});

t.test('honours a signal while connecting', async (t) => {
  const server = await rawServer(t, () => {});
  const aborter = new AbortController();
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`, [], { signal: aborter.signal });
  aborter.abort(new Error('enough'));
  t.match(await next(socket, 'error'), { message: 'enough' });
});

t.test('sends bytes as they were when they were given, however long they wait', async (t) => {
  const { url } = await serve(t, { deflate: true });
  const socket = new WebSocket(url, [], { reconnect: { maxQueuedBytes: 1000 } });
  socket.binaryType = 'nodebuffer';
  const received: string[] = [];
  socket.onmessage = ({ data }) => received.push(Buffer.from(data as Buffer).toString('latin1'));
  /** Gives bytes away as browsers allow it: they are the caller's own again at once. */
  const give = (text: string): void => {
    const bytes = Buffer.from(text);
    socket.send(bytes);
    bytes.fill('!');
  };
  give('while connecting');
  await next(socket, 'open');
  const long = 'in the compressor '.repeat(20_000);
  give(long);
  give('behind that');
  socket.send(new Blob(['a Blob']));
  give('behind a Blob');
  await eventually(() => received.length === 5);
  const sent = ['while connecting', long, 'behind that', 'a Blob', 'behind a Blob'];
  t.ok(received.every((text, index) => text === sent[index]));
  socket.close();
  await next(socket, 'close');
});

t.test('has nothing to show before it is open', async (t) => {
  const { url } = await serve(t, { deflate: true });
  const socket = new WebSocket(url);
  t.strictSame([socket.extensions, socket.protocol, socket.bufferedAmount], ['', '', 0]);
  await next(socket, 'open');
  t.equal(socket.extensions, 'permessage-deflate');
  socket.close();
  await next(socket, 'close');
});

t.test('sends no pieces before it is open, nor when it never was', async (t) => {
  const pieces = async function* (): AsyncGenerator<string> {
    yield 'never asked for';
  };
  const { url } = await serve(t, { accept: () => false });
  const socket = new WebSocket(url);
  await t.rejects(socket.send(pieces()), { name: 'InvalidStateError' });
  await next(socket, 'close');
  t.equal(await socket.send(pieces()), false);
  t.equal(socket.bufferedAmount, 0);
});

t.test('sends the pieces of one message while it is open', async (t) => {
  const { url } = await serve(t);
  const socket = new WebSocket(url);
  await next(socket, 'open');
  const pieces = async function* (): AsyncGenerator<string> {
    yield 'one ';
    yield 'message';
  };
  t.equal(await socket.send(pieces()), true);
  t.equal((await next<MessageEvent>(socket, 'message')).data, 'one message');
  socket.close();
  await next(socket, 'close');
});

t.test('a loop that is left before the connection opens gives the attempt up', async (t) => {
  const server = await rawServer(t, () => {});
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`);
  const loop = socket[Symbol.asyncIterator]();
  await loop.return?.();
  t.equal(socket.readyState, 2);
  t.match(await next(socket, 'error'), { error: { name: 'AbortError' } });
});

t.test('what opens after it was closed is cut, and never shown', async (t) => {
  const { url, peers } = await serve(t);
  const socket = new WebSocket(url);
  const seen: string[] = [];
  socket.onopen = () => seen.push('open');
  const close = (): void => socket.close();
  // Told between the end of the handshake and the event.
  subscribe('barewire:client:open', close);
  t.teardown(() => unsubscribe('barewire:client:open', close));
  t.match(await next(socket, 'close'), { code: 1006, wasClean: false });
  t.strictSame(seen, []);
  t.match(await peers[0]!.closed, { code: 1006 });
});

t.test('has a handler for each of its events', (t) => {
  const options = { createConnection: () => new Promise<never>(() => {}) };
  const socket = new WebSocket('ws://a/', [], options);
  for (const name of ['onopen', 'onmessage', 'onerror', 'onclose', 'onreconnecting'] as const) {
    t.equal(socket[name], null, name);
    const handler = (): void => {};
    socket[name] = handler;
    t.equal(socket[name], handler, name);
  }
  socket.close();
  t.end();
});

/** Opens and is cut off, then opens again. */
async function comingBack(t: Test, reconnect: WebSocketClientOptions['reconnect']) {
  const server = await rawServer(t, (request) => request.switch());
  const world = new FakeWorld();
  const aborter = new AbortController();
  const options = { reconnect, signal: aborter.signal };
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`, [], options, world);
  const seen: string[] = [];
  socket.onopen = () => seen.push('open');
  socket.onreconnecting = ({ attempt, delayMs }) => seen.push(`again ${attempt} ${delayMs}`);
  socket.onerror = ({ message }) => seen.push(`error ${message}`);
  socket.onclose = ({ code }) => seen.push(`close ${code}`);
  await eventually(() => seen.length === 1);
  server.requests[0]!.socket.destroy();
  await eventually(() => seen.length >= 2);
  return { server, world, aborter, socket, seen };
}

t.test('comes back when it may, with states and events as before', async (t) => {
  const { world, socket, seen } = await comingBack(t, true);
  t.equal(socket.readyState, 0);
  t.strictSame(seen, ['open', 'again 1 2000']);
  world.advance(2000);
  await eventually(() => seen.length === 3);
  t.strictSame([seen[2], socket.readyState], ['open', 1]);
  socket.terminate();
  await next(socket, 'close');
  t.strictSame(world.waiting, []);
});

t.test('gives up waiting at the signal, in an event behind the call', async (t) => {
  const { world, aborter, socket, seen } = await comingBack(t, { minDelayMs: 100 });
  aborter.abort(new Error('enough'));
  t.equal(seen.length, 2);
  await next(socket, 'close');
  t.strictSame(seen.slice(2), ['error enough', 'close 1006']);
  t.strictSame(world.waiting, []);
});

t.test('ends with what shouldReconnect threw', async (t) => {
  const shouldReconnect = (): boolean => {
    throw new Error('in the option');
  };
  const { seen, socket } = await comingBack(t, { shouldReconnect });
  t.strictSame(seen, ['open', 'error in the option', 'close 1006']);
  t.equal(socket.readyState, 3);
});

t.test('refuses a wish to come back that says nothing', (t) => {
  for (const reconnect of [null, 1, 'yes'] as never[]) {
    t.throws(() => new WebSocket('ws://a/', [], { reconnect }), { code: 'invalid-option' });
  }
  t.end();
});
