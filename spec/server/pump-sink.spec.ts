import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import type { PumpSink, TransportEnd } from '../../lib/server/pump-sink.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';
import { duplexPair, eventually } from '../support/sockets.ts';

/** Writes down what it is told. */
class Recorder implements PumpSink {
  readonly told: string[] = [];

  receive(bytes: Buffer): void {
    this.told.push(bytes.toString());
  }
  receiveEnd(): void {
    this.told.push('end');
  }
  drained(): void {
    this.told.push('drained');
  }
  closed(end: TransportEnd, error: Error | undefined): void {
    this.told.push(`closed: ${end}${error === undefined ? '' : `, ${error.message}`}`);
  }
}

const WAYS: Record<TransportEnd, (pump: SocketPump) => void> = {
  ended: (pump) => pump.end(),
  'peer-ended': (pump) => pump.cut('peer-ended'),
  reset: (pump) => pump.socket.destroy(new Error('ECONNRESET')),
  'write-timeout': (pump) => pump.cut('write-timeout'),
  'slow-consumer': (pump) => pump.cut('slow-consumer'),
  'read-timeout': (pump) => pump.cut('read-timeout'),
  cut: (pump) => pump.cut('cut'),
};

for (const [end, bring] of Object.entries(WAYS)) {
  t.test(`hears of bytes, of the peer's end, and at last why it is over: ${end}`, async (t) => {
    const [ours, theirs] = duplexPair();
    const sink = new Recorder();
    const settings = {
      wheel: new TimerWheel(new FakeTime()),
      writeTimeoutMs: 1_000,
      maxBufferedBytes: 1_000,
    };
    const pump = new SocketPump(ours, sink, settings);
    pump.start();
    theirs.resume().end('bytes');
    await eventually(() => sink.told.length === 2);
    bring(pump);
    await eventually(() => sink.told.length === 3);
    ours.emit('close');
    ours.emit('end');
    const error = end === 'reset' ? ', ECONNRESET' : '';
    t.strictSame(sink.told, ['bytes', 'end', `closed: ${end}${error}`], 'and nothing follows');
    t.equal(pump.error?.message, end === 'reset' ? 'ECONNRESET' : undefined);
  });
}
