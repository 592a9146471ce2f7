/** A plain socket that does the handshake and then sends every byte back, unframed. */
import { type AddressInfo, createServer } from 'node:net';
import { ready, switchingProtocols } from './ready.ts';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (head) => {
    socket.write(switchingProtocols(head.toString('latin1')));
    socket.on('data', (bytes) => socket.write(bytes));
  });
});
server.listen(0, '127.0.0.1', () => ready((server.address() as AddressInfo).port));
