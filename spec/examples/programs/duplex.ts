/**
 * A WebSocket on standard input and output, as inetd, ssh and `ProxyCommand` hand connections over:
 * a server without a socket. Any other `Duplex` does as well.
 */
import { Duplex } from 'node:stream';
import { acceptDuplex } from 'barewire/adapters';
import { RequestReader } from 'barewire/http';

const stream = Duplex.from({ readable: process.stdin, writable: process.stdout });
const receive = (bytes: Buffer): void => reader.receive(bytes);
const reader = new RequestReader({
  head(head) {
    stream.off('data', receive).pause();
    void acceptDuplex(stream, head, reader.handOver(), {
      accept: (opening) => opening.path === '/echo' || opening.reject(404),
      message: (peer, data) => peer.send(data),
    });
  },
  body() {},
  end() {},
  failed: (error) => stream.end(`HTTP/1.1 ${error.status ?? 400} No\r\n\r\n`),
});
stream.on('data', receive).on('error', () => stream.destroy());
