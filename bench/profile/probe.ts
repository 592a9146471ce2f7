/**
 * Loaded into a server beside its script: SIGUSR2 begins a CPU profile, and the next one ends it
 * and writes it to the file that `PROFILE_FILE` names. That file appears when it is complete.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

const file = process.env['PROFILE_FILE']!;
const INTERVAL_MICROSECONDS = 200;
const session = new Session();
let isRunning = false;

async function begin(): Promise<void> {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS });
  await session.post('Profiler.start');
  writeFileSync(`${file}.begun`, '');
}

async function end(): Promise<void> {
  const { profile } = await session.post('Profiler.stop');
  writeFileSync(`${file}.part`, JSON.stringify(profile));
  renameSync(`${file}.part`, file);
}

process.on('SIGUSR2', async () => {
  isRunning = !isRunning;
  await (isRunning ? begin() : end());
});
