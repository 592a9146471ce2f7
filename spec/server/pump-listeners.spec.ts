import { PassThrough } from 'node:stream';
import { lendReadMemory } from 'barewire/codec';
import t from 'tap';
import { TimerWheel } from '../../lib/server/clock.ts';
import {
  onClose,
  onData,
  onDrain,
  onEnd,
  onError,
  onSharedRead,
  PUMP,
  type PumpedSocket,
} from '../../lib/server/pump-listeners.ts';
import { SocketPump } from '../../lib/server/socket-pump.ts';
import { FakeTime } from '../support/fake-time.ts';

function pumped(): { socket: PumpedSocket; pump: SocketPump; seen: string[] } {
  const socket: PumpedSocket = new PassThrough();
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
  onData.call(socket, Buffer.from('data'));
  lendReadMemory().write('read, and more');
  t.equal(onSharedRead.call(socket, 4), true);
  onEnd.call(socket);
  onClose.call(socket);
  t.same(seen, ['data', 'read', '<end>', '<peer-ended>']);
  t.end();
});

t.test('tell of room', (t) => {
  const socket: PumpedSocket = new PassThrough();
  const seen: string[] = [];
  const pump = { flushAfter: (why: string) => void seen.push(why) };
  socket[PUMP] = pump as unknown as SocketPump;
  onDrain.call(socket);
  t.same(seen, ['drain']);
  t.end();
});

t.test('tell the end once', (t) => {
  const { socket, seen } = pumped();
  onError.call(socket, new Error('broken'));
  onClose.call(socket);
  onClose.call(socket);
  t.same(seen, ['<reset>']);
  t.equal(socket[PUMP], undefined);
  t.end();
});

t.test('tell nobody when there is no pump', (t) => {
  const socket: PumpedSocket = new PassThrough();
  onData.call(socket, Buffer.from('x'));
  onDrain.call(socket);
  onEnd.call(socket);
  onError.call(socket, new Error('broken'));
  onClose.call(socket);
  lendReadMemory().write('xyz');
  t.equal(onSharedRead.call(socket, 1), true);
  t.equal(String(socket.read()), 'x', 'what is read stays in the stream');
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
