import { PassThrough } from 'node:stream';
import { lendReadMemory } from 'barewire/codec';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import { attachPump, detachPump, listenTo, onSharedRead } from '../../lib/server/pump-listeners.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';

function pumped(): { socket: PassThrough; pump: SocketPump; seen: string[] } {
  const socket = new PassThrough();
  const seen: string[] = [];
  const sink = {
    receive: (bytes: Buffer) => void seen.push(bytes.toString()),
    receiveEnd: () => void seen.push('<end>'),
    drained: () => void seen.push('<drained>'),
    closed: (cause: string) => void seen.push(`<${cause}>`),
  };
  const wheel = new TimerWheel(new FakeTime());
  const settings = { wheel, writeTimeoutMs: 1e4, maxBufferedBytes: 1e6 };
  return { socket, pump: new SocketPump(socket, sink, settings), seen };
}

t.test('tell the pump of their socket', (t) => {
  const { socket, seen } = pumped();
  listenTo(socket, true);
  socket.emit('data', Buffer.from('data'));
  lendReadMemory().write('read, and more');
  t.equal(onSharedRead.call(socket, 4), true);
  socket.emit('end');
  socket.emit('close');
  t.same(seen, ['data', 'read', '<end>', '<peer-ended>']);
  t.end();
});

t.test('let nothing flow that comes through the shared buffer', (t) => {
  const { socket } = pumped();
  listenTo(socket, false);
  t.equal(socket.listenerCount('data'), 0);
  t.equal(socket.readableFlowing, null);
  t.end();
});

t.test('tell of room', (t) => {
  const socket = new PassThrough();
  const seen: string[] = [];
  const pump = { flushAfter: (why: string) => void seen.push(why) };
  attachPump(socket, pump as unknown as SocketPump);
  listenTo(socket, true);
  socket.emit('drain');
  t.same(seen, ['drain']);
  t.end();
});

t.test('tell the end once', (t) => {
  const { socket, seen } = pumped();
  socket.emit('error', new Error('broken'));
  socket.emit('close');
  socket.emit('close');
  t.same(seen, ['<reset>']);
  t.end();
});

t.test('tell nobody when there is no pump any more', (t) => {
  const { socket, seen } = pumped();
  listenTo(socket, true);
  detachPump(socket);
  t.same(
    ['data', 'end', 'drain', 'close'].map((name) => socket.listeners(name).length),
    [0, 0, 0, 0],
  );
  socket.emit('error', new Error('broken'));
  socket.pause();
  lendReadMemory().write('xyz');
  t.equal(onSharedRead.call(socket, 1), true);
  t.equal(String(socket.read()), 'x', 'what is read stays in the stream');
  t.same(seen, []);
  t.end();
});

t.test('keep in the stream what comes while the pump is paused', (t) => {
  const { socket, pump, seen } = pumped();
  pump.pause();
  const memory = lendReadMemory();
  memory.write('abc');
  onSharedRead.call(socket, 3);
  memory.fill('!');
  t.same(seen, []);
  t.equal(String(socket.read()), 'abc', 'a copy: the buffer is read into again');
  t.end();
});
