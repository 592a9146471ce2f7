/**
 * A foreign peer in a process of its own: one line of JSON for each thing that happens.
 *
 * ```
 * to it     the URL to call, or the end: go away
 * from it   {"port":1234}             its server listens; null: it has none
 *           {"end":[4001,"reason"]}   a connection is over
 * ```
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Ends, type RunningPeer } from './peer.ts';

/** The sources' own folder: what is not TypeScript lies there only. */
export const SOURCES = resolve(fileURLToPath(import.meta.url), '../../../../../spec/interop/peers');

/** Whether a command can be run, and does well. */
export function works(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Starts a peer's process; resolves when it is ready. */
export async function startChild(
  command: string,
  ...args: readonly string[]
): Promise<RunningPeer> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const ends = new Ends();
  const port = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => reject(new Error(`${command} has ended with ${status}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const told = JSON.parse(line) as { port?: number | null; end?: [number, string] };
      if (told.port !== undefined) resolve(told.port);
      if (told.end !== undefined) ends.see(...told.end);
    });
  });
  return {
    ...(port === null ? {} : { url: `ws://127.0.0.1:${port}/` }),
    connect: (url) => void child.stdin.write(`${url}\n`),
    nextEnd: () => ends.next(),
    stop: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
