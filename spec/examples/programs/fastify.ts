/** WebSockets beside the routes of Fastify. Run it with PORT=8080. */
import { acceptUpgrade } from 'barewire/adapters';
import fastify from 'fastify';

const app = fastify();
app.get('/', async () => 'a page');

export const { server } = app;
server.on('upgrade', (request, socket, head) =>
  acceptUpgrade(request, socket, head, {
    accept: (opening) => opening.path === '/echo' || opening.reject(404),
    message: (peer, data) => peer.send(data),
  }),
);
await app.listen({ port: Number(process.env['PORT'] ?? 0), host: '127.0.0.1' });
