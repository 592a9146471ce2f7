/** The ways of writing agree: with no socket, past the stream, and through it, small and large. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import type { AcceptedSocket } from '../../lib/server/latent-socket.ts';
import { onSharedRead } from '../../lib/server/pump-listeners.ts';
import type { TransportEnd } from '../../lib/server/pump-sink.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { takeConnections } from '../../lib/server/taken-connections.ts';
import { FakeTime } from '../support/fake-time.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { eventually, listen, RawClient } from '../support/sockets.ts';

type Step =
  | { readonly kind: 'write' | 'writeNow' | 'writeText'; readonly length: number }
  | { readonly kind: 'flush' | 'turn' | 'stop reading' | 'read'; readonly length: 0 };

const output = fc.record({
  kind: fc.constantFrom('write' as const, 'writeNow' as const, 'writeText' as const),
  // Around what is copied, what is joined, a portion, and more than the kernel takes.
  length: fc.constantFrom(0, 1, 20, 200, 4096, 4097, 40_000, 131_072, 131_073, 3_000_000),
});
const pause = fc.record({
  kind: fc.constantFrom(
    'flush' as const,
    'turn' as const,
    'stop reading' as const,
    'read' as const,
  ),
  length: fc.constant(0 as const),
});
const conversation = fc.array(fc.oneof(output, pause) as fc.Arbitrary<Step>, { maxLength: 12 });

/** What the step of this index writes. */
function letterOf(index: number): string {
  return String.fromCharCode(97 + index);
}

type Way = 'no socket' | 'direct' | 'stream';

/** Runs the steps over a connection of its own. */
async function run(
  steps: readonly Step[],
  way: Way,
): Promise<{ text: string; flushes: number; end: TransportEnd | undefined; left: number }> {
  const accepted: AcceptedSocket[] = [];
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  const port = await listen(server);
  const take = (socket: AcceptedSocket): void => void accepted.push(socket);
  const onMade = way === 'no socket' ? () => undefined : undefined;
  takeConnections(server, onSharedRead, take, undefined, onMade);
  const client = new RawClient(port);
  await eventually(() => accepted.length === 1);
  let end: TransportEnd | undefined;
  const sink = {
    receive: () => undefined,
    receiveEnd: () => undefined,
    drained: () => undefined,
    closed: (cause: TransportEnd) => {
      end = cause;
    },
  };
  const wheel = new TimerWheel(new FakeTime());
  const settings = {
    wheel,
    writeTimeoutMs: 1e4,
    maxBufferedBytes: 1e9,
    directWrites: way !== 'stream',
  };
  const pump = new SocketPump(accepted[0]!, sink, settings, true);
  pump.start();
  let flushes = 0;
  for (const [index, { kind, length }] of steps.entries()) {
    const letter = letterOf(index);
    if (kind === 'write') pump.write(Buffer.alloc(length, letter));
    else if (kind === 'writeNow') pump.writeNow(Buffer.alloc(length, letter));
    else if (kind === 'writeText') pump.writeText(letter.repeat(length), 'latin1');
    else if (kind === 'flush') pump.flush();
    else if (kind === 'stop reading') client.socket.pause();
    else if (kind === 'read') client.socket.resume();
    else await new Promise((next) => setImmediate(next));
    pump.whenFlushed(() => {
      flushes += 1;
    });
  }
  pump.end();
  client.socket.resume();
  const text = await client.ended();
  client.socket.end();
  await eventually(() => end !== undefined);
  client.close();
  server.close();
  return { text, flushes, end, left: pump.bufferedBytes };
}

t.test('without a socket, past the stream or through it, the peer gets the same', async (t) => {
  await fc.assert(
    fc.asyncProperty(conversation, async (steps) => {
      const expected = steps.map(({ length }, index) => letterOf(index).repeat(length)).join('');
      for (const way of ['no socket', 'direct', 'stream'] as const) {
        const { text, flushes, ...rest } = await run(steps, way);
        // Not `equal`, which would print megabytes.
        assert.ok(text === expected, `other bytes: ${way}`);
        assert.equal(flushes, steps.length);
        if (way !== 'stream') assert.deepEqual(rest, { end: 'ended', left: 0 });
      }
    }),
    runs(25),
  );
  t.pass('no counterexample');
});
