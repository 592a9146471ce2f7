/** Loaded into a server beside its script: tells the parent what it asks about memory. */
import { collect, readHeap, watchCollections } from './heap.ts';
import { SiteWatch } from './sites.ts';

watchCollections();
const sites = new SiteWatch();
process.on('message', async (question: 'collect' | 'read' | 'watch' | 'sites') => {
  if (question === 'collect') collect();
  if (question === 'watch') await sites.begin();
  process.send!(question === 'sites' ? await sites.end() : readHeap());
});
// The channel alone must not keep the server alive.
process.channel?.unref();
