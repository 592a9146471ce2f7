/**
 * A server in a process of its own, and what it costs: CPU time and memory as the system counts
 * them.
 *
 * A server script prints its port as its first line, and ends when its standard input does. CPU
 * time is
 * user + system from `/proc/<pid>/stat`; it does not depend on how fast the load generator is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Clock ticks per second of `/proc`; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** One way to answer: a name and a script. */
export interface Contender {
  readonly name: string;
  /** A script of `servers/`, run by Node, or by another program. */
  readonly script: string;
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function statusBytes(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)![1]) * 1024;
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** The most that the resident memory of a process has ever been, in bytes. */
export function peakResidentBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

/** A running server. */
export class ServerProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Starts a server and waits for its port. */
  static async start(contender: Contender, args: readonly string[] = []): Promise<ServerProcess> {
    const script = fileURLToPath(new URL(`./servers/${contender.script}`, import.meta.url));
    const child = spawn(contender.program ?? process.execPath, [script, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...contender.env },
    });
    let text = '';
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${contender.name} exited with ${code}`)));
      child.stdout!.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.includes('\n')) resolve(Number.parseInt(text, 10));
      });
    });
    return new ServerProcess(child, port);
  }

  /** CPU seconds used so far, user and system. */
  get cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1')
      .split(') ')[1]!
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    return residentBytes(this.#child.pid!);
  }

  /** The most that its resident memory has ever been, in bytes. */
  get peakResidentBytes(): number {
    return peakResidentBytes(this.#child.pid!);
  }

  /** Asks for a garbage collection, in servers that listen to it (`--expose-gc`). */
  collectGarbage(): void {
    this.#child.kill('SIGUSR2');
  }

  /** Ends the server and waits for it. */
  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit');
    this.#child.removeAllListeners('exit');
    this.#child.stdin!.end();
    this.#child.kill('SIGTERM');
    await Promise.race([exited, once(this.#child, 'exit')]);
  }
}
