/**
 * Ends a fuzz run that hangs: a thread of its own sees that no run has ended for a while, prints
 * the input, and ends the process. An endless loop cannot be stopped from inside. What counts is
 * the processor's time of the process: on a busy machine, a run may wait for long and not hang.
 */
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { escapeBytes } from './corpus.ts';

const MAX_BYTES = 1 << 16;

/** How long a run may take, in ms, and how often one looks. */
export interface Patience {
  readonly processorMs: number;
  readonly wallMs: number;
  readonly pollMs: number;
}

const PATIENCE: Patience = {
  processorMs: 20_000,
  // By the clock on the wall: a run that waits for what never comes uses no processor.
  wallMs: 900_000,
  pollMs: 1_000,
};

interface Shared {
  /** Number of runs begun. */
  readonly begun: Int32Array;
  readonly length: Int32Array;
  readonly input: Uint8Array;
}

function share(memory: SharedArrayBuffer): Shared {
  return {
    begun: new Int32Array(memory, 0, 1),
    length: new Int32Array(memory, 4, 1),
    input: new Uint8Array(memory, 8, MAX_BYTES),
  };
}

/** Watches the runs of a process. */
export class Watchdog {
  readonly #shared: Shared;
  readonly #worker: Worker;

  constructor(patience: Patience = PATIENCE) {
    const memory = new SharedArrayBuffer(8 + MAX_BYTES);
    this.#shared = share(memory);
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { memory, patience } });
    this.#worker.unref();
  }

  /** Notes that a run begins. Cheap: copies the input. */
  begin(input: Uint8Array): void {
    const { begun, length, input: copy } = this.#shared;
    const kept = input.subarray(0, MAX_BYTES);
    copy.set(kept);
    length[0] = kept.length;
    begun[0]! += 1;
  }

  /** Stops watching. */
  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function watch({ begun, length, input }: Shared, patience: Patience): void {
  let last = -1;
  let since = processorMs();
  let wallSince = performance.now();
  setInterval(() => {
    const now = processorMs();
    const current = begun[0]!;
    if (current !== last) {
      last = current;
      since = now;
      wallSince = performance.now();
    } else if (current > 0) {
      const isBusy = now - since > patience.processorMs;
      if (!isBusy && performance.now() - wallSince <= patience.wallMs) return;
      const bytes = input.slice(0, length[0]);
      const limit = isBusy
        ? `${patience.processorMs} ms of processor time`
        : `${patience.wallMs} ms`;
      // Synchronous: the main thread, through which other output would go, is the one that hangs.
      writeSync(2, `does not end within ${limit}: ${escapeBytes(bytes)}\n`);
      process.kill(process.pid, 'SIGKILL');
    }
  }, patience.pollMs);
}

const given = workerData as { memory?: unknown; patience: Patience } | null;
if (!isMainThread && given?.memory instanceof SharedArrayBuffer) {
  watch(share(given.memory), given.patience);
}
