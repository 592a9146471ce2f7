/**
 * Memory of connections that were busy with compressed messages once and are idle now: each peer in
 * a process of its own, started with `--expose-gc`.
 *
 *   node --expose-gc dist/bench/deflate/memory.js <task as JSON>
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeRow, type Row, type Sample } from '../support/report.ts';
import { jsonRecords } from '../support/texts.ts';
import { takeTurns } from '../support/turns.ts';
import { makePeer, type PeerName, packMessages } from './peers.ts';

/** So many connections, so many messages each. */
interface Task {
  readonly peer: PeerName;
  readonly connections: number;
  readonly messageBytes: number;
  readonly messages: number;
}

/** Does a task in this process; resolves with the growth of resident memory per connection. */
async function runTask({ peer, connections, messageBytes, messages }: Task): Promise<number> {
  const texts = Array.from({ length: messages }, (_, at) => jsonRecords(messageBytes, at));
  const payloads = await packMessages(texts);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const peers = Array.from({ length: connections }, () => makePeer(peer));
  let bytes = 0;
  for (const payload of payloads) {
    for (const { echo } of peers) bytes += await echo(payload);
  }
  if (bytes === 0) throw new Error('nothing was sent back');
  for (const { release } of peers) release();
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 100));
  globalThis.gc?.();
  // The peers are alive until here.
  return (process.memoryUsage.rss() - before) / peers.length;
}

function inChild(task: Task): Promise<Sample | Error> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(task)], {
      execArgv: ['--expose-gc'],
    });
    child.once('message', (bytes) => resolve({ value: bytes as number }));
    child.once('exit', (code) => resolve(new Error(`its process ended with ${code}`)));
  });
}

/** Measures ours and ws. */
export async function measureMemory(rounds: number, connections: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [messageBytes, messages] of [
    [100, 1],
    [1024, 50],
  ] as const) {
    const names: readonly PeerName[] = ['barewire', 'ws'];
    const samples = await takeTurns(
      rounds,
      names.map((peer) => () => inChild({ peer, connections, messageBytes, messages })),
    );
    rows.push(
      makeRow(
        {
          id: `memory ${messageBytes}`,
          title: `idle after ${messages} × ${messageBytes} B, each of ${connections} connections`,
          unit: 'B',
        },
        names.map((name, index) => ({ name, series: samples.map((round) => round[index]!) })),
      ),
    );
  }
  return rows;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.send!(await runTask(JSON.parse(process.argv[2]!)), () => process.exit(0));
}
