/**
 * The class as programs for browsers know it [HTML §9.3]: its shape, and what the websockets part
 * of the web-platform-tests looks at — constructor, close codes, late sends, handlers.
 */
import { CloseEvent, EventSource, WebSocket } from 'barewire/client';
import t, { type Test } from 'tap';
import { serve } from '../support/serving.ts';

const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const ATTRIBUTES = [
  ...['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType'],
  ...['onopen', 'onmessage', 'onerror', 'onclose'],
];

/** A client of a server that echoes, closed at the end. */
async function client(t: Test): Promise<WebSocket> {
  const { port } = await serve(t, {
    websocket: { message: (peer, data) => peer.send(data) },
  });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  t.teardown(() => socket.terminate());
  return socket;
}

function once(socket: WebSocket, type: 'open' | 'message' | 'close'): Promise<Event> {
  return new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
}

t.test('has the shape of the interface', (t) => {
  t.equal(Object.getPrototypeOf(WebSocket), EventTarget);
  t.equal(Object.prototype.toString.call(WebSocket.prototype), '[object WebSocket]');
  t.equal(Object.prototype.toString.call(EventSource.prototype), '[object EventSource]');
  const tag = Object.getOwnPropertyDescriptor(WebSocket.prototype, Symbol.toStringTag);
  t.match(tag, { writable: false, enumerable: false, configurable: true });
  for (const [name, value] of Object.entries(CONSTANTS)) {
    for (const place of [WebSocket, WebSocket.prototype]) {
      const constant = Object.getOwnPropertyDescriptor(place, name);
      t.strictSame(constant, { value, writable: false, enumerable: true, configurable: false });
    }
  }
  for (const name of ATTRIBUTES) {
    const { get, set, enumerable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name)!;
    t.ok(get !== undefined && enumerable, name);
    t.equal(set !== undefined, name.startsWith('on') || name === 'binaryType', name);
  }
  for (const name of ['send', 'close']) {
    t.equal(Object.getOwnPropertyDescriptor(WebSocket.prototype, name)?.enumerable, true, name);
  }
  const made = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'constructor');
  t.equal(made?.enumerable, false);
  t.equal(WebSocket.length, 1);
  t.throws(() => (WebSocket as unknown as () => void)(), TypeError);
  t.equal(Object.keys(EventSource.prototype).includes('close'), true);
  t.end();
});

t.test('the constructor throws a SyntaxError for what it cannot connect to', (t) => {
  for (const url of ['', '/x', 'mailto:a@b', 'about:blank', 'ws://a:b', 'ws://a/#f', 'ws://a b/']) {
    t.throws(() => new WebSocket(url), { name: 'SyntaxError' }, url);
  }
  const separators = [...'()<>@,;:\\"/[]?={} \t\x7f', '', 'ü', '\0'];
  for (const protocol of separators) {
    t.throws(
      () => new WebSocket('ws://a/', protocol || ['']),
      { name: 'SyntaxError' },
      JSON.stringify(protocol),
    );
  }
  t.throws(() => new WebSocket('ws://a/', ['a', 'b', 'a']), { name: 'SyntaxError' }, 'twice');
  t.end();
});

t.test('close takes 1000, 3000 – 4999 and 123 bytes, in every state', async (t) => {
  const socket = await client(t);
  const check = (): void => {
    for (const code of [0, 500, 999, 1001, 1005, 1006, 1015, 2999, 5000, 65_535, Number.NaN]) {
      t.throws(() => socket.close(code), { name: 'InvalidAccessError' }, String(code));
    }
    t.throws(() => socket.close(1000, 'ü'.repeat(62)), { name: 'SyntaxError' });
  };
  check();
  await once(socket, 'open');
  check();
  const over = once(socket, 'close');
  socket.close(4999, 'x'.repeat(123));
  check();
  t.match(await over, { code: 4999, wasClean: true });
  check();
  t.equal(socket.close(3000), undefined, 'once more changes nothing');
  t.equal(socket.readyState, 3);
});

t.test('closing is asynchronous: readyState at once, the event later and once', async (t) => {
  const socket = await client(t);
  await once(socket, 'open');
  const events: string[] = [];
  for (const type of ['message', 'error', 'close']) {
    socket.addEventListener(type, () => events.push(type));
  }
  const over = once(socket, 'close');
  socket.close();
  t.equal(socket.readyState, 2);
  t.strictSame(events, []);
  t.match(await over, { code: 1005, reason: '', wasClean: true });
  t.ok((await over) instanceof CloseEvent);
  await new Promise(setImmediate);
  t.strictSame(events, ['close']);
});

t.test('what is sent after close is dropped and stays counted, in UTF-8 bytes', async (t) => {
  const socket = await client(t);
  await once(socket, 'open');
  const over = once(socket, 'close');
  socket.close();
  socket.send('ü');
  socket.send(new Uint16Array(3));
  socket.send(new ArrayBuffer(4));
  socket.send(new Blob(['12345']));
  t.equal(socket.bufferedAmount, 2 + 6 + 4 + 5);
  await over;
  socket.send('x');
  t.equal(socket.bufferedAmount, 18, 'never reset');
});

t.test('binaryType ignores what is none of its values', async (t) => {
  const socket = await client(t);
  t.equal(socket.binaryType, 'blob');
  socket.binaryType = 'arraybuffer';
  for (const value of ['Blob', '', 'ArrayBuffer', null, 5, {}]) {
    socket.binaryType = value as never;
    t.equal(socket.binaryType, 'arraybuffer', String(value));
  }
  socket.terminate();
});

t.test(
  'handler attributes: null for what is no function, and their first place kept',
  async (t) => {
    const socket = await client(t);
    const calls: string[] = [];
    t.equal(socket.onmessage, null);
    for (const value of [undefined, 5, 'x', {}, null]) {
      socket.onmessage = value as never;
      t.equal(socket.onmessage, null, String(value));
    }
    socket.onmessage = () => calls.push('never');
    socket.addEventListener('message', () => calls.push('second'));
    const handler = function first(this: unknown): void {
      calls.push(this === socket ? 'first' : 'elsewhere');
    };
    socket.onmessage = handler;
    t.equal(socket.onmessage, handler);
    socket.addEventListener('message', { handleEvent: () => calls.push('third') });
    await once(socket, 'open');
    const message = once(socket, 'message');
    socket.send('x');
    await message;
    t.strictSame(calls, ['first', 'second', 'third']);
    socket.onmessage = null;
    socket.onmessage = handler;
    const again = once(socket, 'message');
    socket.send('x');
    await again;
    t.strictSame(calls.slice(3), ['second', 'third', 'first'], 'removed, it comes last');
    socket.terminate();
  },
);

t.test(
  'beyond the standard, async iterables are sent as one message, and can be aborted',
  async (t) => {
    const socket = await client(t);
    async function* pieces(): AsyncGenerator<string> {
      yield 'in ';
      yield 'pieces';
    }
    await t.rejects(socket.send(pieces()), { name: 'InvalidStateError' });
    await once(socket, 'open');
    const message = once(socket, 'message');
    t.equal(await socket.send(pieces()), true);
    t.match(await message, { data: 'in pieces' });
    const options = { signal: AbortSignal.abort(new Error('enough')) };
    await t.rejects(socket.send(pieces(), options), /enough/);
    await t.rejects(socket.ping(undefined, options), /enough/);
    await t.rejects(socket.drained(options), /enough/);
    const over = once(socket, 'close');
    socket.close();
    t.equal(await socket.send(pieces()), false);
    await over;
  },
);
