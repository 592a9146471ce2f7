import { ResponseWriter } from 'barewire/http';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { ResponseChannel } from '../../lib/server/response-channel.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';
import { duplexPair } from '../support/sockets.ts';

function setUp(method: string, size: number | 'unknown', isGone = false) {
  const [ours, theirs] = duplexPair();
  const sink = {
    receive() {},
    receiveEnd() {},
    drained: () => channel.release(),
    closed: () => {
      if (!isGone) channel.close();
    },
  };
  const wheel = new TimerWheel(new FakeTime());
  const pump = new SocketPump(ours, sink, { wheel, writeTimeoutMs: 1e4, maxBufferedBytes: 1e9 });
  pump.start();
  if (isGone) pump.cut('cut');
  const writer = new ResponseWriter({ method, version: '1.1' }, () => 'now');
  const head = writer.head(200, {}, size, { keepAlive: true });
  let ends = 0;
  const channel: ResponseChannel = new ResponseChannel(pump, writer, () => {
    ends += 1;
  });
  return { channel, pump, theirs, head, ends: () => ends };
}

t.test('frames what is written, and leaves nothing out', (t) => {
  const { channel, theirs, ends } = setUp('GET', 'unknown');
  t.equal(channel.write('é'), true);
  t.equal(channel.write(Buffer.from('bytes')), true);
  t.equal(channel.write(''), true, 'nothing is not the end');
  t.equal(channel.end({ x: 'y' }), true);
  channel.flush();
  t.equal(String(theirs.read()), '2\r\né\r\n5\r\nbytes\r\n0\r\nx: y\r\n\r\n');
  t.equal(ends(), 1);
  t.equal(channel.isOpen, false);
  t.equal(channel.write('late'), false);
  t.equal(channel.end(), false);
  t.equal(ends(), 1);
  t.end();
});

t.test('is closed from the beginning for a response without a body', async (t) => {
  const { channel, ends } = setUp('HEAD', 4);
  t.equal(channel.isOpen, false);
  t.equal(channel.write('body'), false);
  t.equal(await channel.drained(), false);
  t.equal(ends(), 0, 'whoever wrote the head knows that it is the end');
});

t.test('is closed from the beginning when the client has gone before', async (t) => {
  const { channel, ends } = setUp('GET', 'unknown', true);
  // Who writes until nobody wants more would never stop.
  t.equal(channel.isOpen, false);
  t.equal(channel.write('body'), false);
  t.equal(await channel.drained(), false);
  t.equal(channel.end(), false);
  t.equal(ends(), 0);
});

t.test('goes on when an end was refused', (t) => {
  const { channel, ends } = setUp('GET', 4);
  t.throws(() => channel.end(), { code: 'invalid-state' });
  t.equal(channel.isOpen, true);
  channel.write('four');
  t.equal(channel.end(), true);
  t.equal(ends(), 1);
  t.end();
});

t.test('tells when there is room, and when there will be none', async (t) => {
  const { channel, theirs, pump } = setUp('GET', 'unknown');
  t.equal(await channel.drained(), true);
  channel.write(Buffer.alloc(200_000));
  t.equal(channel.isCongested, true);
  t.ok(channel.bufferedBytes > 200_000);
  const drained = channel.drained();
  theirs.resume();
  t.equal(await drained, true);
  theirs.pause();
  channel.write(Buffer.alloc(400_000));
  const never = channel.drained();
  pump.cut('cut');
  t.equal(await never, false);
  t.equal(channel.bufferedBytes, 0);
});

t.test('frames text that others get as well exactly as its own', async (t) => {
  const text = 'data: grün\n\n';
  const framed = 'd\r\ndata: grün\n\n\r\n';
  const streams = [1, 2, 3].map(() => setUp('GET', 'unknown'));
  for (const { channel } of streams) {
    t.equal(channel.writeShared(''), true, 'nothing is not the end');
    t.equal(channel.writeShared(text), true);
  }
  for (const { channel, theirs } of streams) {
    channel.flush();
    t.equal(String(theirs.read()), framed);
  }
  await new Promise((next) => setImmediate(next));
  const [{ channel, theirs, pump }] = streams as [ReturnType<typeof setUp>];
  t.equal(channel.writeShared(text), true, 'in the next turn');
  channel.flush();
  t.equal(String(theirs.read()), framed);
  pump.cut('cut');
  t.equal(channel.writeShared(text), false);
  const ended = setUp('HEAD', 4);
  t.equal(ended.channel.writeShared(text), false);
});
