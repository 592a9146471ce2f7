/**
 * Loaded into a server beside its script: SIGUSR2 begins to record, and the next one ends it and
 * writes what was recorded to the file that `PROFILE_FILE` names.
 */
import { makeRecorder } from './recorder.ts';

const recorder = makeRecorder(process.env['PROFILE_FILE']!);
let isRunning = false;

process.on('SIGUSR2', async () => {
  isRunning = !isRunning;
  await (isRunning ? recorder.begin() : recorder.end());
});
