/** The law of what waits to be sent: a list of jobs, counted each time. */
import assert from 'node:assert/strict';
import { ENTRY_OVERHEAD_BYTES } from 'barewire/base';
import { type Job, OutgoingMessage, SendQueue } from 'barewire/connection';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { weighed } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';

const WEIGHTS = {
  ...{ message: 6, stream: 5, close: 0.2, write: 6, end: 2, start: 2 },
  ...{ streams: 1, shift: 3, abandon: 3, abandonMost: 1, dropUnfinished: 0.3, clear: 0.1 },
};
type What = keyof typeof WEIGHTS;
const what = weighed(WEIGHTS);
const step = fc.record({ what, which: fc.nat(60), size: fc.nat(9) });

/** The same, done in the simplest way: nothing is counted before somebody asks. */
class Model {
  jobs: Job[] = [];

  get streams(): OutgoingMessage[] {
    return this.jobs.flatMap((job) => (job.kind === 'stream' ? [job.stream] : []));
  }

  get bytes(): number {
    const waiting = this.streams.reduce((sum, stream) => sum + stream.waitingBytes, 0);
    return this.jobs.reduce((sum, job) => sum + job.bytes, waiting);
  }

  get heldBytes(): number {
    const pieces = this.streams.reduce((sum, stream) => sum + stream.waitingPieces, 0);
    return this.bytes + (this.jobs.length + pieces) * ENTRY_OVERHEAD_BYTES;
  }

  dropUnfinished(): number {
    const isUnfinished = (job: Job): boolean =>
      job.kind === 'stream' && (!job.stream.isEnded || job.stream.isAbandoned);
    const half = this.jobs.findIndex(
      (job) => job.kind === 'stream' && isUnfinished(job) && job.stream.hasStarted,
    );
    const kept = this.jobs.filter(
      (job, index) => !isUnfinished(job) && (half === -1 || index < half),
    );
    const dropped = this.jobs.filter((job) => !kept.includes(job));
    this.jobs = kept;
    return dropped.filter(({ kind }) => kind !== 'close').length;
  }
}

t.test('law: it counts as a list would, whatever is added, taken out and dropped', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const queue = new SendQueue();
      const model = new Model();
      const remove = (stream: OutgoingMessage): boolean => {
        const isHere = queue.remove(stream);
        if (isHere) queue.countPieces(-stream.waitingPieces, -stream.dropPieces());
        return isHere;
      };
      const begin = (): OutgoingMessage =>
        new OutgoingMessage(
          {
            isStopped: false,
            pieceAdded: (bytes) => queue.countPieces(1, bytes),
            remove: (stream) => !stream.hasStarted && remove(stream),
          },
          'binary',
          false,
        );
      const add = (job: Job): void => {
        queue.push(job);
        model.jobs.push(job);
      };
      const shift = (): void => {
        const first = model.jobs.shift();
        if (first?.kind === 'stream') {
          const { stream } = first;
          for (let piece = stream.takePiece(); piece !== undefined; piece = stream.takePiece()) {
            queue.countPieces(-1, -piece[2]);
          }
        }
        queue.shift();
      };
      const onStream = (action: What, stream: OutgoingMessage, size: number): void => {
        if (action === 'write') stream.write(new Uint8Array(size));
        else if (action === 'end') stream.end();
        else if (action === 'start') stream.start();
        else if (stream.abandon()) model.jobs = model.jobs.filter((job) => !isOf(job, stream));
      };
      for (const { what, which, size } of steps) {
        const { streams } = model;
        const stream = streams[which % Math.max(1, streams.length)];
        if (what === 'message') {
          const payload = new Uint8Array(size);
          add({ kind: 'message', opcode: 2, payload, compress: false, bytes: size });
        } else if (what === 'stream') add({ kind: 'stream', stream: begin(), bytes: 0 });
        else if (what === 'streams') {
          // More than are left where they are when most of them are gone.
          for (let n = 0; n < 20; n += 1) add({ kind: 'stream', stream: begin(), bytes: 0 });
        } else if (what === 'abandonMost') {
          for (const each of streams.filter((_, index) => (index + which) % 5 > 0)) {
            onStream('abandon', each, 0);
          }
        } else if (what === 'close') add({ kind: 'close', write() {}, bytes: 0 });
        else if (what === 'shift') shift();
        else if (what === 'dropUnfinished') {
          // The model first: the queue ends the streams that it drops.
          const wanted = model.dropUnfinished();
          assert.equal(queue.dropUnfinished(), wanted);
        } else if (what === 'clear') {
          const messages = model.jobs.filter(({ kind }) => kind !== 'close').length;
          assert.equal(queue.clear(), messages);
          model.jobs = [];
        } else if (stream !== undefined) onStream(what, stream, size);
        assert.equal(queue.first, model.jobs[0]);
        assert.equal(queue.length, model.jobs.length);
        assert.deepEqual([queue.bytes, queue.heldBytes], [model.bytes, model.heldBytes]);
      }
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

function isOf(job: Job, stream: OutgoingMessage): boolean {
  return job.kind === 'stream' && job.stream === stream;
}
