/** Bun's own server, run by Bun. */
const mode = process.argv.includes('broadcast') ? 'broadcast' : 'echo';
const bytes = process.argv.includes('--bytes')
  ? Number(process.argv[process.argv.indexOf('--bytes') + 1])
  : 200;
const perMessageDeflate = process.argv.includes('--deflate');
const text = '{"id":12345,"price":"101.25","name":"abcdefgh"},'
  .repeat(bytes / 40 + 1)
  .slice(0, bytes);

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, bun) {
    return bun.upgrade(request) ? undefined : new Response('no', { status: 400 });
  },
  websocket: {
    perMessageDeflate,
    open(socket) {
      if (mode === 'broadcast') socket.subscribe('all');
    },
    message(socket, data) {
      if (mode === 'echo') socket.send(data);
      else for (let index = 0; index < Number(data); index += 1) server.publish('all', text);
    },
  },
});
process.stdout.write(`${server.port}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
