/** WebSockets beside the pages of Express. Run it with PORT=8080. */
import { createServer } from 'node:http';
import { acceptUpgrade } from 'barewire/adapters';
import express from 'express';

const app = express();
app.get('/', (_request, response) => response.send('a page'));

export const server = createServer(app);
server.on('upgrade', (request, socket, head) =>
  acceptUpgrade(request, socket, head, {
    accept: (opening) => opening.path === '/echo' || opening.reject(404),
    message: (peer, data) => peer.send(data),
  }),
);
server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
