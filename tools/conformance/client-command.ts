/**
 * The user's own client, started by the suite (`--run`): a shell command and all that it starts.
 *
 * `npm test` is a shell that starts npm that starts a shell that starts node. Ending the first of
 * them leaves the others behind, so the command gets a process group of its own, and the group is
 * ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for the processes to end when they are asked to, before they are made to. */
const GRACE_MS = 2000;

const POLL_MS = 20;

/** A command that is running, or has ended. */
export interface ClientCommand {
  /** Settles when it has ended: with one line about what went wrong, if anything did. */
  readonly ended: Promise<string | undefined>;
  /** Ends it and everything it has started; resolves when they are gone. */
  stop(): Promise<void>;
}

/** Starts a command in a shell, with `FUZZING_SERVER_URL` in its environment. */
export function startClient(command: string, url: string): ClientCommand {
  const child = spawn(command, {
    shell: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, FUZZING_SERVER_URL: url },
    // Windows has no process groups, and would open a window. There only the shell is ended, and
    // what it has started ends when it finds the fuzzing server gone.
    detached: process.platform !== 'win32',
  });
  const ended = new Promise<string | undefined>((done) => {
    child.once('error', (error) => done(`The command could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      done(code === 0 ? undefined : `The command ended with ${code ?? signal}.`),
    );
  });
  return { ended, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  for (let waited = 0; signalAll(child, waited === 0 ? 'SIGTERM' : 0); waited += POLL_MS) {
    if (waited >= GRACE_MS) {
      signalAll(child, 'SIGKILL');
      return;
    }
    await sleep(POLL_MS);
  }
}

/** Signals the whole group; 0 only asks. @returns whether anybody was there. */
function signalAll(
  { pid, exitCode, signalCode }: ChildProcess,
  signal: NodeJS.Signals | 0,
): boolean {
  if (pid === undefined) return false;
  const isGroup = process.platform !== 'win32';
  if (!isGroup && (exitCode !== null || signalCode !== null)) return false;
  try {
    process.kill(isGroup ? -pid : pid, signal);
    return true;
  } catch {
    return false;
  }
}
