/** WebSockets in a server of node:https: the same call; a page's origin must be https: then. */
import { createServer } from 'node:https';
import { acceptUpgrade } from 'barewire/adapters';

/** Serves with a certificate and its key, both in PEM. */
export function serve(cert: string, key: string) {
  const server = createServer({ cert, key }, (_request, response) => response.end('a page'));
  server.on('upgrade', (request, socket, head) =>
    acceptUpgrade(request, socket, head, {
      accept: (opening) => opening.path === '/echo' || opening.reject(404),
      message: (peer, data) => peer.send(data),
    }),
  );
  return server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
}
