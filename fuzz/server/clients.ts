/** The clients of the fuzzed server that play a conversation. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Asked, checkAnswers } from './answers.ts';
import type { Step } from './conversation.ts';
import type { Where } from './guest.ts';
import { turns } from './turns.ts';

/** A client that has played its part. */
export interface Played {
  /** The caller destroys it when it is still there. */
  readonly socket: Socket;
  /** Looks at all that it was sent. */
  readonly check: () => void;
}

/** Plays a conversation. */
export async function play(
  { port, pace, historyOf }: Where,
  steps: readonly Step[],
): Promise<Played> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const received: Buffer[] = [];
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => void received.push(bytes));
  // A server that is being closed lets nobody in.
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
  const { localPort } = socket;
  for (const step of steps) {
    if (socket.destroyed) break;
    if (step.kind === 'wait') await turns(step.turns);
    else if (step.kind === 'time') pace.advance(step.ms);
    else act(socket, step);
  }
  const asked = (): readonly Asked[] => historyOf(localPort) ?? [];
  return { socket, check: () => checkAnswers(Buffer.concat(received), asked()) };
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
