/** WebSockets in a server of node:http, and everything that `accept` may say. */
import { createServer } from 'node:http';
import { type AdapterEndpoint, acceptUpgrade, type Opening } from 'barewire/adapters';
import type { Acceptance } from 'barewire/peer';

/** Stands for a look at a database, which may take its time. */
async function findUser(cookie: string | undefined): Promise<string | undefined> {
  return /^user=(\w+)$/.exec(cookie ?? '')?.[1];
}

const endpoint: AdapterEndpoint = {
  // Checked before anybody is asked: names of this server, and pages that may call it.
  hosts: ['localhost', '127.0.0.1'],
  origins: ['https://app.example'],
  handshakeTimeoutMs: 5_000,
  async accept(opening: Opening) {
    if (opening.path !== '/echo') return opening.reject(404);
    const user = await findUser(opening.fields.get('cookie'));
    if (user === undefined) return opening.reject(403, 'who are you?');
    const acceptance: Acceptance = {
      data: { user },
      headers: { 'set-cookie': ['seen=1', 'color=blue'] },
      deflate: { serverNoContextTakeover: true },
    };
    return opening.protocols.includes('echo') ? { ...acceptance, protocol: 'echo' } : acceptance;
  },
  message(peer, data) {
    peer.send(data === 'who am I?' ? (peer.data as { user: string }).user : data);
  },
};

export const server = createServer((_request, response) => response.end('a page'));
server.on('upgrade', (request, socket, head) => acceptUpgrade(request, socket, head, endpoint));
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
