/** The clients of the fuzzed server: those that play a conversation, and one that behaves well. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeFrame } from 'barewire/codec';
import { RawClient } from '../../spec/support/sockets.ts';
import { expectLaw } from '../engine/target.ts';
import type { Step } from './conversation.ts';
import type { Subject } from './subject.ts';

/** Lets the event loop turn. */
export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise((next) => setImmediate(next));
}

/** A server to talk to. */
export type Where = Pick<Subject, 'port' | 'time'>;

const ANSWER = 'HTTP/1.1 ';

/** Plays a conversation; returns the socket, which the caller destroys when it is still there. */
export async function play({ port, time }: Where, steps: readonly Step[]): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let beginning = '';
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    if (beginning.length < ANSWER.length) beginning += bytes.toString('latin1', 0, ANSWER.length);
  });
  // A server that is being closed lets nobody in.
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
  for (const step of steps) {
    if (socket.destroyed) break;
    if (step.kind === 'wait') await turns(step.turns);
    else if (step.kind === 'time') time.advance(step.ms);
    else act(socket, step);
  }
  const seen = beginning.slice(0, ANSWER.length);
  expectLaw(ANSWER.startsWith(seen), 'an answer begins with a status line', () =>
    JSON.stringify(seen),
  );
  return socket;
}

function act(socket: Socket, step: Exclude<Step, { kind: 'wait' | 'time' }>): void {
  if (step.kind === 'send') socket.write(step.bytes);
  else if (step.kind === 'stop-reading') socket.pause();
  else if (step.kind === 'read-on') socket.resume();
  else if (step.kind === 'end') socket.end();
  else if (step.kind === 'destroy') socket.destroy();
  else reset(socket);
}

/** Not while a FIN is on its way: Node would lose the socket, which would never close. */
function reset(socket: Socket): void {
  if (!socket.writableEnded || socket.writableFinished) socket.resetAndDestroy();
  else socket.once('finish', () => socket.resetAndDestroy());
}

const PATIENCE_MS = 120_000;
/** The shortest deadline that a client may miss when time passes: that of keep-alive. */
const SHORTEST_MS = 5_000;

/**
 * Does what a browser does, beside all the others: it must be served, and rightly. Whoever was shut
 * out because others have let a deadline pass comes again, as a browser does.
 */
export async function behaveWell(where: Where): Promise<void> {
  for (;;) {
    const began = where.time.now();
    const error = await visit(where.port);
    if (error === undefined) return;
    const hasMissed = where.time.now() - began >= SHORTEST_MS;
    expectLaw(hasMissed, 'a well-behaved client is served', () => String(error));
  }
}

/** One visit; returns what went wrong. */
async function visit(port: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('waited too long')), PATIENCE_MS);
  });
  const clients: RawClient[] = [];
  try {
    await Promise.race([Promise.all([askTwice(port, clients), talk(port, clients)]), tooLate]);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
    for (const client of clients) client.close();
  }
}

async function askTwice(port: number, clients: RawClient[]): Promise<void> {
  const client = new RawClient(port);
  clients.push(client);
  await client
    .send('GET /hello HTTP/1.1\r\nHost: a\r\n\r\n')
    .until(/^HTTP\/1\.1 200 [\s\S]*hello$/);
  client.send('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nonce again');
  await client.until(/once again$/);
}

async function talk(port: number, clients: RawClient[]): Promise<void> {
  const client = new RawClient(port);
  clients.push(client);
  client.send(
    'GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await client.until(/^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/);
  for (const payload of ['are you there?', 'still?']) {
    client.send(encodeFrame({ opcode: 1, payload, maskingKey: 0x01020304 }));
    await client.until(`\x81${String.fromCharCode(payload.length)}${payload}`);
  }
}
