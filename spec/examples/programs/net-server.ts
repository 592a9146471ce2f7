/** WebSockets on a `net.Server` that you have already: HTTP is read by `barewire/http`. */
import { createServer } from 'node:net';
import { acceptDuplex } from 'barewire/adapters';
import { RequestReader } from 'barewire/http';

export const server = createServer({ noDelay: true }, (socket) => {
  const receive = (bytes: Buffer): void => reader.receive(bytes);
  const reader = new RequestReader({
    head(head) {
      socket.off('data', receive).pause();
      void acceptDuplex(socket, head, reader.handOver(), {
        accept: (opening) => opening.path === '/echo' || opening.reject(404),
        message: (peer, data) => peer.send(data),
      });
    },
    body() {},
    end() {},
    failed: (error) => socket.end(`HTTP/1.1 ${error.status ?? 400} No\r\n\r\n`),
  });
  socket.on('data', receive).on('error', () => socket.destroy());
});
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
