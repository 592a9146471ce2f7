/**
 * The law of slow consumers: whatever a peer is sent, and however the other one reads, each message
 * comes once and in order, or is counted as dropped.
 */
import { broadcast, DuplexTransport, WebSocketPeer } from 'barewire/peer';
import fc from 'fast-check';
import t from 'tap';
import { turn } from '../support/interleavings.ts';
import { runs } from '../support/laws.ts';
import { duplexPair } from '../support/sockets.ts';

type Kind = 'send' | 'large' | 'broadcast' | 'ping' | 'turn' | 'pause' | 'resume' | 'stop' | 'go';

/** How often each comes. Large ones fill the wire, which is stopped now and then. */
const KINDS: readonly (readonly [Kind, number])[] = [
  ...([
    ['send', 8],
    ['large', 8],
    ['broadcast', 4],
    ['ping', 1],
    ['turn', 5],
  ] as const),
  ...([
    ['pause', 1],
    ['resume', 2],
    ['stop', 2],
    ['go', 2],
  ] as const),
];
const kind = fc.oneof(...KINDS.map(([name, weight]) => ({ weight, arbitrary: fc.constant(name) })));
const step = fc.record({ kind, size: fc.nat(40_000) });
const policy = fc.constantFrom('wait', 'drop-newest', 'drop-oldest', 'conflate');

t.test('law: each message comes once and in order, or is counted as dropped', async (t) => {
  let [came, dropped] = [0, 0];
  const law = fc.asyncProperty(
    fc.array(step, { maxLength: 60, size: 'max' }),
    policy,
    fc.boolean(),
    async (steps, slowConsumer, isKeyed) => {
      const [near, far] = duplexPair();
      const server = new WebSocketPeer(
        new DuplexTransport(near),
        { role: 'server' },
        { slowConsumer, maxBufferedBytes: slowConsumer === 'wait' ? 2 ** 26 : 100_000 },
      );
      const client = new WebSocketPeer(new DuplexTransport(far), {
        role: 'client',
        takeMaskingKey: () => 0x1234_5678,
      });
      const numbers: number[] = [];
      client.attach({
        message(_peer, data) {
          numbers.push(Number(/^\d+/.exec(String(data))![0]));
        },
      });
      server.attach({ message() {} });
      let sent = 0;
      const options = isKeyed ? { key: 'all' } : {};
      for (const { kind, size } of steps) {
        const text = `${sent} ${'x'.repeat(kind === 'large' ? size : size % 50)}`;
        if (kind === 'send' || kind === 'large') server.offer(text, options);
        else if (kind === 'broadcast') broadcast([server], text, options);
        else if (kind === 'ping') server.ping().catch(() => {});
        else if (kind === 'pause') client.pause();
        else if (kind === 'resume') client.resume();
        else if (kind === 'stop') near.cork();
        else if (kind === 'go') near.uncork();
        else await turn();
        if (['send', 'large', 'broadcast'].includes(kind)) sent += 1;
      }
      client.resume();
      for (let corks = near.writableCorked; corks > 0; corks -= 1) near.uncork();
      for (let turns = 0; server.bufferedAmount > 0; turns += 1) {
        if (turns > 2000) throw new Error(`${server.bufferedAmount} bytes never leave`);
        await turn();
      }
      await server.close(1000);
      const { messagesDropped } = server.counters;
      const isInOrder = numbers.every((number, at) => at === 0 || number > numbers[at - 1]!);
      if (!isInOrder) throw new Error(`twice, or out of order: ${numbers}`);
      if (numbers.length + messagesDropped !== sent) {
        throw new Error(`${numbers.length} came, ${messagesDropped} were dropped, of ${sent}`);
      }
      if (slowConsumer === 'wait' && messagesDropped > 0) throw new Error('dropped while it waits');
      came += numbers.length;
      dropped += messagesDropped;
    },
  );
  await fc.assert(law, runs(100));
  t.ok(came > 500 && dropped > 50, `${came} came, ${dropped} were dropped`);
});
