import { Duplex } from 'node:stream';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { SocketWriter } from '../../lib/server/socket-writer.ts';
import { FakeTime } from '../support/fake-time.ts';

/** A writer over a stream that takes what it is told to take. */
class Writer extends SocketWriter {
  readonly told: string[] = [];
  readonly taken: string[] = [];
  release: () => void = () => undefined;

  constructor(isStuck = false) {
    const taken: string[] = [];
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        taken.push(chunk.length > 40 ? String(chunk.length) : chunk.toString());
        if (isStuck) this.release = done;
        else done();
      },
      final: (done) => {
        taken.push('<fin>');
        done();
      },
    });
    const wheel = new TimerWheel(new FakeTime());
    super(socket, { wheel, writeTimeoutMs: 1_000, maxBufferedBytes: 500_000 }, false);
    this.taken = taken;
  }

  protected override overflowed(): void {
    this.told.push('overflowed');
    this.stopWriting();
  }
  protected override stalled(): void {
    this.told.push('stalled');
  }
  protected override uncongested(): void {
    this.told.push('uncongested');
  }
  handAll(): void {
    this.letGo();
  }
}

t.test('hands the socket a portion at a time', (t) => {
  const writer = new Writer(true);
  writer.socket.on('drain', () => writer.flushAfter('drain'));
  writer.write(Buffer.alloc(300_000));
  writer.flush();
  t.same(writer.taken, ['131072']);
  t.equal(writer.bufferedBytes, 300_000);
  t.equal(writer.isCongested, true);
  t.end();
});

t.test('admits one write beyond the bound, and no second one', (t) => {
  const writer = new Writer(true);
  t.equal(writer.admits(), true);
  writer.write(Buffer.alloc(600_000));
  writer.writeText('in pieces', 'utf8');
  t.same(writer.told, []);
  t.equal(writer.admits(), false);
  t.same(writer.told, ['overflowed']);
  t.equal(writer.admits(), false);
  t.same(writer.told, ['overflowed'], 'said once');
  t.end();
});

t.test('ends after what waits, and takes nothing afterwards', async (t) => {
  const writer = new Writer();
  writer.writeText('last', 'latin1');
  writer.end();
  writer.end();
  writer.writeText('late', 'latin1');
  t.equal(writer.writeNow(Buffer.from('late')), true);
  await new Promise((next) => setImmediate(next));
  t.same(writer.taken, ['last', '<fin>']);
});

t.test('calls back at once when it is over', (t) => {
  const writer = new Writer();
  writer.write(Buffer.alloc(600_000));
  writer.admits();
  let calls = 0;
  writer.whenFlushed(() => {
    calls += 1;
  });
  t.equal(calls, 1);
  t.end();
});

t.test('hands over everything when it has to, full or not', (t) => {
  const writer = new Writer(true);
  writer.write(Buffer.alloc(300_000));
  writer.writeText('tail', 'latin1');
  writer.handAll();
  t.equal(writer.socket.writableLength, 300_004);
  t.end();
});

t.test('counts what small pieces cost, not only their bytes', (t) => {
  const writer = new Writer(true);
  let written = 0;
  for (; written < 100_000 && writer.admits(); written += 1) writer.write(Buffer.from([1]));
  t.ok(written > 1_000 && written < 5_000, `${written} objects are about 500 kB`);
  t.same(writer.told, ['overflowed']);
  t.end();
});
