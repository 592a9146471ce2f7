/** The clients of the fuzzed server that play a conversation. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expectLaw } from '../engine/target.ts';
import type { Step } from './conversation.ts';
import type { Where } from './guest.ts';
import { turns } from './turns.ts';

const ANSWER = 'HTTP/1.1 ';

/** Plays a conversation; returns the socket, which the caller destroys when it is still there. */
export async function play({ port, pace }: Where, steps: readonly Step[]): Promise<Socket> {
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
    else if (step.kind === 'time') pace.advance(step.ms);
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
