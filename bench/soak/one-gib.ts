/**
 * One message of 1 GiB through one connection: does memory stay flat on both sides?
 *
 * The server's reader is slower than the sender now and then, so that back-pressure has to work.
 * "Flat" is checked: neither side may grow by more than `MAX_GROWTH`, whatever the length.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from '../process/server-process.ts';
import { type Figure, pause, type Soak } from './figures.ts';
import type { StreamReport } from './stream-client.ts';

/** A sixteenth of the message; what the collector leaves lying about is far less. */
const MAX_GROWTH = 64 * 2 ** 20;

async function streamTo(port: number, bytes: number): Promise<StreamReport> {
  const script = fileURLToPath(new URL('./stream-client.js', import.meta.url));
  const child = fork(script, [`${port}`, `${bytes}`]);
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the client ended with ${code}`);
  });
  const reported = once(child, 'message') as Promise<[StreamReport]>;
  const [report] = await Promise.race([reported, failed]);
  failed.catch(() => undefined);
  return report;
}

async function run(quick: boolean): Promise<readonly Figure[]> {
  const bytes = (quick ? 64 : 1024) * 2 ** 20;
  const server = await ServerProcess.start({ name: 'soak', script: '../../soak/server.js' });
  try {
    // Code is compiled and buffers are made by a small message first.
    await streamTo(server.port, 2 ** 20);
    const before = server.residentBytes;
    const client = await streamTo(server.port, bytes);
    const peak = server.peakResidentBytes;
    await pause(1000);
    const growth = Math.max(peak - before, client.peak - client.before);
    if (growth > MAX_GROWTH) throw new Error(`memory grew by ${Math.round(growth / 2 ** 20)} MiB`);
    return [
      { label: 'time', value: client.seconds, unit: 's' },
      { label: 'rate', value: bytes / 1e6 / client.seconds, unit: 'MB/s' },
      { label: 'pieces after which the sender waited', value: client.waits, unit: 'count' },
      { label: 'server: resident before', value: before, unit: 'B' },
      { label: 'server: resident, peak', value: peak, unit: 'B' },
      { label: 'server: resident after', value: server.residentBytes, unit: 'B' },
      { label: 'client: resident before', value: client.before, unit: 'B' },
      { label: 'client: resident, peak', value: client.peak, unit: 'B' },
      { label: 'client: resident after', value: client.after, unit: 'B' },
    ];
  } finally {
    await server.stop();
  }
}

/** 1 GiB in one message. */
export const ONE_GIB: Soak = {
  name: 'one-gib',
  title: (quick) => `${quick ? '64 MiB' : '1 GiB'} in one message through one WebSocket`,
  run,
};
