/** The law of text that many get: everybody gets what it would have got alone. */
import assert from 'node:assert/strict';
import { ResponseWriter } from 'barewire/http';
import { encodeEvent } from 'barewire/sse';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { ResponseChannel } from '../../lib/server/response-channel.ts';
import { encodeSharedEvent } from '../../lib/server/shared-text.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { duplexPair } from '../support/sockets.ts';

const wheel = new TimerWheel(new FakeTime());
const turnEnd = (): Promise<void> => new Promise((done) => setImmediate(done));

/** A body on its way: in chunks, or until the connection closes. */
function openBody(version: '1.0' | '1.1'): { channel: ResponseChannel; read: () => string } {
  const [ours, theirs] = duplexPair();
  const sink = { receive() {}, receiveEnd() {}, drained() {}, closed() {} };
  const pump = new SocketPump(ours, sink, { wheel, writeTimeoutMs: 1e4, maxBufferedBytes: 1e9 });
  pump.start();
  const writer = new ResponseWriter({ method: 'GET', version }, () => 'now');
  writer.head(200, {}, 'unknown', { keepAlive: false });
  const channel = new ResponseChannel(pump, writer, () => {});
  return { channel, read: () => String(theirs.read() ?? '') };
}

const VERSIONS = ['1.1', '1.1', '1.0', '1.0', '1.1'] as const;

// Few texts, so that they come again; one that UTF-8 cannot say, one too long for the slab.
const texts = fc.constantFrom('', 'a', 'é\n', '\u{1f600}', '\ud800', 'x'.repeat(5_000));
const steps = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(texts, fc.subarray([0, 1, 2, 3, 4])) },
  { weight: 1, arbitrary: fc.constant('turn' as const) },
);

t.test('shared text reaches everybody as text of its own would', async (t) => {
  const law = fc.asyncProperty(fc.array(steps, { maxLength: 30, size: 'max' }), async (taken) => {
    const shared = VERSIONS.map(openBody);
    const alone = VERSIONS.map(openBody);
    for (const step of taken) {
      if (step === 'turn') {
        await turnEnd();
        continue;
      }
      const [text, receivers] = step;
      for (const index of receivers) {
        const outcome = shared[index]!.channel.writeShared(text);
        assert.equal(outcome, alone[index]!.channel.write(text));
      }
    }
    for (const { channel } of [...shared, ...alone]) channel.end();
    await turnEnd();
    const wires = (bodies: typeof shared): string[] => bodies.map(({ read }) => read());
    assert.deepEqual(wires(shared), wires(alone));
  });
  await fc.assert(law, runs(100));
  t.pass('no counterexample');
});

// Few values, so that events come again whole or in part.
const few = <Value>(...values: Value[]): fc.Arbitrary<Value | undefined> =>
  fc.constantFrom(undefined, ...values);
const event = fc.record({
  data: few('a', 'b\nb', ''),
  event: few('price', 'bad\ntype'),
  id: few('7', ''),
  retry: few(0, -0, 5, -1, Number.NaN),
});

function outcomeOf(encode: () => string): string {
  try {
    return encode();
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

t.test('an event is encoded for each stream as it would be alone', async (t) => {
  const turns = fc.array(fc.tuple(event, fc.nat(2), fc.boolean()), { maxLength: 30 });
  const law = fc.asyncProperty(turns, async (taken) => {
    for (const [fields, again, endsTurn] of taken) {
      const alone = outcomeOf(() => encodeEvent(fields));
      for (let time = 0; time <= again; time += 1) {
        assert.equal(
          outcomeOf(() => encodeSharedEvent(fields)),
          alone,
        );
      }
      if (endsTurn) await turnEnd();
    }
  });
  await fc.assert(law, runs(200));
  t.pass('no counterexample');
});

t.test('nothing is shared with a body that has ended', (t) => {
  const { channel } = openBody('1.1');
  channel.end();
  t.equal(channel.writeShared('a'), false);
  t.end();
});
