/** Loaded into a server beside its script: tells the parent what lies in memory when it asks. */
import { collect, readHeap, watchCollections } from './heap.ts';

watchCollections();
process.on('message', (question: 'collect' | 'read') => {
  if (question === 'collect') collect();
  process.send!(readHeap());
});
// The channel alone must not keep the server alive.
process.channel?.unref();
