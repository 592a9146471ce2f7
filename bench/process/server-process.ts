/**
 * A server in a process of its own, and what it costs: CPU time and memory as the system counts
 * them.
 *
 * A server script prints its port as its first line, and ends when its standard input does. CPU
 * time is user + system from `/proc/<pid>/stat`, all threads; it does not depend on how fast the
 * load generator is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Clock ticks per second of `/proc`; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** One way to answer: a name and a script. */
export interface Contender {
  readonly name: string;
  /** A script of `servers/`, or a whole path; run by Node, or by another program. */
  readonly script: string;
  readonly program?: string;
  /** What its script is told on top of what a workload says. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The bytes come back as they were sent, masked: a floor without framing. */
  readonly isUnframed?: boolean;
  /** Whether it can be told to collect its heap. */
  readonly collects?: boolean;
  /** Where a CPU profile of what is measured shall be written. */
  readonly profileFile?: string;
}

/** CPU time of a process in seconds. */
export interface CpuTime {
  readonly user: number;
  readonly system: number;
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

const PROBE = fileURLToPath(new URL('../profile/probe.js', import.meta.url));
const COLLECTOR = fileURLToPath(new URL('./collector.js', import.meta.url));

const beside = (script: string): string =>
  fileURLToPath(new URL(`./servers/${script}`, import.meta.url));

/** How long a process may take to begin to record, or to write what it has recorded. */
const RECORDING_MS = 120_000;

/**
 * Waits for a file that another process is about to make, and kills one that does not: V8 can lock
 * itself up when it collects its heap while a profile begins.
 */
async function untilExists(path: string, child: ChildProcess): Promise<void> {
  const end = Date.now() + RECORDING_MS;
  while (!existsSync(path)) {
    if (Date.now() > end) child.kill('SIGKILL');
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server has not written ${path}: take the profile again`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A running server. */
export class ServerProcess {
  static readonly #running = new Set<ServerProcess>();

  readonly port: number;
  readonly #child: ChildProcess;

  readonly #profileFile: string | undefined;

  private constructor(child: ChildProcess, port: number, profileFile: string | undefined) {
    this.#child = child;
    this.#profileFile = profileFile;
    this.port = port;
    ServerProcess.#running.add(this);
  }

  /** Starts a server and waits for its port. */
  static async start(contender: Contender, args: readonly string[] = []): Promise<ServerProcess> {
    const script = isAbsolute(contender.script) ? contender.script : beside(contender.script);
    const program = contender.program ?? process.execPath;
    const { profileFile } = contender;
    const preloads = [
      ...(profileFile === undefined ? [] : ['--import', PROBE]),
      ...(contender.collects ? ['--import', COLLECTOR] : []),
    ];
    const child = spawn(program, [...preloads, script, ...args, ...(contender.args ?? [])], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...contender.env, PROFILE_FILE: profileFile },
    });
    let text = '';
    const port = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${contender.name} exited with ${code}`)));
      child.stdout!.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        if (text.includes('\n')) resolve(Number.parseInt(text, 10));
      });
    });
    return new ServerProcess(child, port, profileFile);
  }

  /** Ends all servers that still run: after a measurement that took too long. */
  static async stopAll(): Promise<void> {
    await Promise.all([...ServerProcess.#running].map((server) => server.stop('SIGKILL')));
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** CPU time used so far. */
  get cpuTime(): CpuTime {
    // The name of the program stands in parentheses before, and may hold anything.
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    return {
      user: Number(fields[11]) / TICKS_PER_SECOND,
      system: Number(fields[12]) / TICKS_PER_SECOND,
    };
  }

  /** CPU seconds used so far, user and system. */
  get cpuSeconds(): number {
    const { user, system } = this.cpuTime;
    return user + system;
  }

  /** Runs what is measured, and writes a profile of that alone if one was asked for. */
  async profiled<Result>(work: () => Promise<Result>): Promise<Result> {
    const file = this.#profileFile;
    if (file === undefined) return work();
    this.#child.kill('SIGUSR2');
    await untilExists(`${file}.begun`, this.#child);
    const result = await work();
    this.#child.kill('SIGUSR2');
    await untilExists(file, this.#child);
    return result;
  }

  /** Tells it to collect its heap; it does so when it comes to it. */
  collect(): void {
    this.#child.kill('SIGHUP');
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    return residentBytes(this.pid);
  }

  /** The most that its resident memory has ever been, in bytes. */
  get peakResidentBytes(): number {
    return peakResidentBytes(this.pid);
  }

  /** Ends the server and waits for it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    ServerProcess.#running.delete(this);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.stdin!.end();
    this.#child.kill(signal);
    await exited;
  }
}
