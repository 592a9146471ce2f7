/** The memory of all queues of bytes: what a core keeps that says nothing about it. */
import { ByteQueue } from 'barewire/base';

const queues = new Set<ByteQueue>();
const { push } = ByteQueue.prototype;

/** Sums up the memory of every queue that `work` has filled, whenever it is asked. */
export function watchQueues<T>(work: (heldBytes: () => number) => T): T {
  queues.clear();
  ByteQueue.prototype.push = function (this: ByteQueue, ...range) {
    queues.add(this);
    push.apply(this, range);
  };
  try {
    return work(() => [...queues].reduce((sum, queue) => sum + queue.capacity, 0));
  } finally {
    ByteQueue.prototype.push = push;
    queues.clear();
  }
}

/** The most that so many queues take for these bytes; half of it while they only fill. */
export const mostHeld = (bytes: number, count: number): number => 4 * bytes + count * 256;
