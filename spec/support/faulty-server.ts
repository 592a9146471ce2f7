/**
 * A server for the benches that does what they ask by hand, and makes the mistake that `FAULT`
 * names: what it serves is the least that the load generator takes for right.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { encodeFrame, OPCODE } from 'barewire/codec';
import {
  broadcastText,
  ready,
  serverMode,
  switchingProtocols,
} from '../../bench/process/servers/ready.ts';

const fault = process.env['FAULT'];
const { mode, bytes } = serverMode();
const text = broadcastText(bytes);
const message = encodeFrame({ opcode: OPCODE.text, payload: text });
/** What an echo load sends, as far as it is read here: always the same. */
const payload = Buffer.alloc(bytes, 'abcdefghijklmnopqrstuvwxyz');
const echoed = encodeFrame({ opcode: OPCODE.text, payload });
const event = Buffer.from(`data: ${text}\n\n`);
const everybody: Socket[] = [];
let deliveries = 0;

/** One delivery for everybody; the first is right unless the fault is one of the first. */
function deliver(whole: Buffer): void {
  deliveries += 1;
  const other = Buffer.from(whole);
  other.writeUInt8(other.readUInt8(20) ^ 1, 20);
  for (const [index, socket] of everybody.entries()) {
    const isLast = index === everybody.length - 1;
    if (fault === 'comments') socket.write(':\n\n');
    else if (fault === 'other text' && isLast) socket.write(other);
    else if (fault === 'surplus' && isLast && deliveries === 3)
      socket.write(Buffer.concat([whole, Buffer.from('!')]));
    else if (fault === 'twice' && isLast && deliveries === 2)
      socket.write(Buffer.concat([whole, whole]));
    else socket.write(whole);
  }
}

function answerPlain(socket: Socket): void {
  const status = fault === 'status' && deliveries > 2 ? '500 No' : '200 OK';
  const body = fault === 'body' && deliveries > 2 ? text.replace('id', 'it') : text;
  const end = fault === 'late surplus' && deliveries > 2 ? '!' : '';
  const length = fault === 'length' ? bytes - 1 : bytes;
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\n\r\n${body}${end}`);
  deliveries += 1;
}

function answerRequest(socket: Socket, head: string): void {
  if (mode === 'http') return answerPlain(socket);
  if (head.startsWith('GET /send/')) {
    deliver(event);
    return;
  }
  if (mode === 'sse') {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:\n\n');
  } else {
    const wrong = fault === 'accept' ? head.replace(/(-Key: )./i, '$1_') : head;
    socket.write(`${switchingProtocols(wrong)}${fault === 'early' ? '!' : ''}`);
  }
  everybody.push(socket);
}

function answerFrame(socket: Socket, frame: Buffer): void {
  if (frame[0] === 0x88) {
    if (fault !== 'no close')
      socket.write(Buffer.from(`880203e${fault === 'code' ? 9 : 8}`, 'hex'));
    socket.end();
  } else if (mode === 'broadcast') {
    deliver(message);
  } else {
    deliveries += 1;
    socket.write(Buffer.concat([echoed, Buffer.from(fault === 'echo surplus' ? '!' : '')]));
    if (fault === 'after the last' && deliveries === 12) setTimeout(() => socket.write('!'), 5);
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  let isOpen = false;
  socket.on('error', () => {});
  socket.on('data', (read) => {
    if (isOpen) answerFrame(socket, read);
    else answerRequest(socket, read.toString('latin1'));
    isOpen = mode === 'echo' || mode === 'broadcast';
  });
});
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
