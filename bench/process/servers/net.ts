/** The floor: a plain socket that does the handshake and then sends every byte back, unframed. */
import { createHash } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { ready } from './ready.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (head) => {
    const key = /sec-websocket-key: (.*)\r\n/i.exec(head.toString('latin1'))![1]!;
    const accept = createHash('sha1')
      .update(key + GUID)
      .digest('base64');
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('data', (bytes) => socket.write(bytes));
  });
});
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
