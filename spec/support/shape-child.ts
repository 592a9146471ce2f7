/**
 * A server that is collected after a few short connections, and looks at how V8 keeps the objects
 * of later ones. A program of its own, for it needs flags:
 *
 *   node --expose-gc shape-child.js <short connections>
 *
 * Prints, as JSON, how many objects there are of each class, and how many of them have fields that
 * lie outside.
 */
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createServer } from 'barewire/server';
import { printFieldsOutside } from './heap-fields.ts';

const OPENING = [
  'GET / HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n');
/** Half a message, which its connection needs a reader for, and a ping. */
const HALF = Buffer.from('01810000000078898000000000', 'hex');
const CLOSE = Buffer.from('8882000000000000', 'hex');
/** Kept while the heap is looked at. */
const LATER = 10;

const collect = (globalThis as unknown as { gc(): void }).gc;
const arrivals = new EventEmitter();
const server = createServer({
  // A message that does not end, which its connection needs a sender for.
  websocket: { open: (peer) => void peer.startMessage('text') },
  request(exchange) {
    if (exchange.path !== '/wait') return exchange.respond(200);
    arrivals.emit('request');
    return new Promise<void>((resolve) => exchange.onClose(() => resolve()));
  },
});
const { port } = await server.listen(0, '127.0.0.1');

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write(OPENING);
  await once(socket, 'data');
  socket.write(HALF);
  await once(socket, 'data');
  return socket;
}

async function shortly(): Promise<void> {
  const socket = await open();
  socket.end(CLOSE);
  socket.resume();
  await once(socket, 'close');
  const asking = connect(port, '127.0.0.1');
  asking.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').resume();
  await once(asking, 'close');
}

/** A request that is not answered. */
async function ask(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(arrivals, 'request');
  return socket;
}

const shortOnes = Number(process.argv[2]);
for (let count = 0; count < shortOnes; count += 1) await shortly();
// What has just closed is let go of in the next turns.
for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
collect();
const sockets: Socket[] = [];
for (let count = 0; count < LATER; count += 1) {
  sockets.push(await ask(), await open());
}

await printFieldsOutside();
process.exit(sockets.length > 0 ? 0 : 1);
