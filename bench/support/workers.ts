/** Processes of their own for what is measured: none warms or spoils the code of another. */
import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { once } from 'node:events';

/**
 * Keeps freed memory instead of giving it back to the kernel. Whether glibc does so by itself hangs
 * on what happens to lie at the end of the heap, and it is worth a factor of ten at 1 MiB.
 */
const ALLOCATOR = { MALLOC_TRIM_THRESHOLD_: '1073741824', MALLOC_MMAP_THRESHOLD_: '1073741824' };

/** Starts one that answers each message with one of its own. */
export function startWorker(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  return fork(script, args, {
    env: { ...process.env, ...ALLOCATOR, ...env },
    // benny announces every sample on standard output.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Not what this process was started with: under a test runner that is a lot.
    execArgv: [],
  });
}

/** Asks one of them; `gone` is the answer of a process that has ended. */
export async function ask<Answer>(
  child: ChildProcess,
  order: Serializable,
  gone: Answer,
): Promise<Answer> {
  if (!child.connected) return gone;
  const abort = new AbortController();
  const { signal } = abort;
  const ended = once(child, 'exit', { signal }).then(() => gone);
  const told = once(child, 'message', { signal }).then(([answer]) => answer as Answer);
  ended.catch(() => {});
  told.catch(() => {});
  child.send(order);
  const answer = await Promise.race([told, ended]);
  abort.abort();
  return answer;
}

/** Ends them, when they have answered. */
export function dismiss(children: readonly ChildProcess[]): void {
  for (const child of children) if (child.connected) child.disconnect();
}
