import t from 'tap';
import { runCrowd } from '../../tools/demo/crowd.ts';
import { startDemo } from '../support/demo.ts';

t.test(
  '1,000 chat clients and 1,000 event streams, and ordinary requests in between',
  async (t) => {
    const { port, world } = await startDemo(t);
    // The crowd waits for three events; nobody else makes them here.
    const ticking = setInterval(() => world.ticker.tick(), 400);
    const report = await runCrowd({ host: '127.0.0.1', port }, { chats: 1000, streams: 1000 });
    clearInterval(ticking);
    t.match(report, { chats: 1000, streams: 1000, missedTicks: 0, broken: [] });
    t.ok(report.ticks >= 3000);
    t.comment(JSON.stringify(report));
    while (world.room.size + world.streams.size > 0) {
      await new Promise((done) => setImmediate(done));
    }
    t.pass('everybody is forgotten when they have left');
  },
);
