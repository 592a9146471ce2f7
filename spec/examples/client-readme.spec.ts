/** The programs of the client's page that come back, executed as they stand there. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createServer, type ServerOptions } from 'barewire';
import type { WebSocket } from 'barewire/client';
import type { WebSocketPeer } from 'barewire/peer';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { eventually } from '../support/sockets.ts';

const here = dirname(fileURLToPath(import.meta.url));
const page = readFileSync(resolve(here, '../../../lib/client/README.md'), 'utf8');
const programs = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);

/** Runs the program that speaks of something, against a server, and returns its constants. */
async function run<Constants>(
  t: Test,
  subject: RegExp,
  options: ServerOptions,
): Promise<Constants> {
  const server = createServer(options);
  const { port } = await server.listen(0, '127.0.0.1');
  t.teardown(() => server.close({ deadlineMs: 0 }));
  const code = programs
    .find((text) => subject.test(text))!
    .replaceAll(/^const /gm, 'export const ')
    .replace('9292', String(port));
  mkdirSync(resolve(here, 'client-readme'), { recursive: true });
  const file = resolve(
    here,
    `client-readme/${programs.findIndex((text) => subject.test(text))}.mjs`,
  );
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  writeFileSync(file, ts.transpileModule(code, { compilerOptions }).outputText);
  return (await import(pathToFileURL(file).href)) as Constants;
}

t.test('reconnect', async (t) => {
  const received: unknown[] = [];
  const peers: WebSocketPeer[] = [];
  const { socket, log } = await run<{ socket: WebSocket; log: string[] }>(t, /reconnect:/, {
    websocket: {
      open: (peer) => peers.push(peer),
      message: (peer, data) => {
        received.push(data);
        peer.send(`heard ${data}`);
      },
    },
  });
  await eventually(() => log.length === 1);
  void peers[0]!.close(1012);
  await eventually(() => socket.readyState === 0);
  socket.send('kept');
  await new Promise<void>((resolve) => {
    socket.addEventListener('message', ({ data }) => data === 'heard kept' && resolve());
  });
  socket.close(1000);
  await new Promise((resolve) => socket.addEventListener('close', resolve));
  t.strictSame(log, [
    'heard hello again',
    'attempt 1: 1012',
    'heard hello again',
    'heard kept',
    'for good',
  ]);
  t.strictSame(received, ['hello again', 'hello again', 'kept']);
});

t.test('event source', async (t) => {
  const { news } = await run<{ news: string[] }>(t, /new EventSource/, {
    request(exchange) {
      const events = exchange.eventStream();
      events.send({ retry: 1 });
      const first = Number(exchange.fields.get('last-event-id') ?? 0) + 1;
      events.send({ id: `${first}`, event: 'price', data: exchange.fields.get('authorization')! });
      events.close();
    },
  });
  t.strictSame(news, ['1 price: Bearer x', '2 price: Bearer x', '3 price: Bearer x']);
});
