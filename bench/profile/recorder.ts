/**
 * Records what a process does, from within. The name of the file says what: a CPU profile
 * (`.cpuprofile`), or the heap before and afterwards (`.heapsnapshot`). Beside it `.begun` appears
 * when it has begun, which for a heap is the snapshot before, and the file when it is complete.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { writeHeapSnapshot } from 'node:v8';
import { holdMeasured } from './cores.ts';

const INTERVAL_MICROSECONDS = 200;

/** Begins once, and ends once. */
export interface Recorder {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** Makes the recorder that a file asks for. */
export function makeRecorder(file: string): Recorder {
  return file.endsWith('.heapsnapshot') ? recordHeap(file) : recordCalls(file);
}

function recordCalls(file: string): Recorder {
  const session = new Session();
  return {
    async begin() {
      const begun = holdMeasured();
      session.connect();
      await session.post('Profiler.enable');
      await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROSECONDS });
      await session.post('Profiler.start');
      writeFileSync(`${file}.begun`, begun);
    },
    async end() {
      const { profile } = await session.post('Profiler.stop');
      writeFileSync(`${file}.part`, JSON.stringify(profile));
      renameSync(`${file}.part`, file);
    },
  };
}

function recordHeap(file: string): Recorder {
  const write = async (target: string): Promise<void> => {
    renameSync(writeHeapSnapshot(`${file}.part`), target);
  };
  return { begin: () => write(`${file}.begun`), end: () => write(file) };
}
