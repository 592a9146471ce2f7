/** WebSockets on streams of an HTTP/2 server. Run it with PORT=8080. */
import { createServer } from 'node:http2';
import { acceptStream, isWebSocketConnect } from 'barewire/adapters';

export const server = createServer({ settings: { enableConnectProtocol: true } });
server.on('stream', (stream, headers) => {
  if (isWebSocketConnect(headers)) {
    return acceptStream(stream, headers, {
      accept: (opening) => opening.path === '/echo' || opening.reject(404),
      message: (peer, data) => peer.send(data),
    });
  }
  stream.respond({ ':status': 200 });
  return stream.end('a page');
});
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
