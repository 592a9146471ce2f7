import { encodeFrame, OPCODE } from 'barewire/codec';
import { type ConnectionOptions, ConnectionOutput } from 'barewire/connection';
import t from 'tap';
import { End } from '../support/connection-pair.ts';

function rig(): { end: End; output: ConnectionOutput; asked: () => number } {
  const end = new End({ nowMs: 0 }, { role: 'server' });
  let asked = 0;
  end.wantsFlush = () => {
    asked += 1;
  };
  const options = { role: 'server', now: () => 0 } as const;
  const output = new ConnectionOutput(end, options, end.connection.counters, end.connection);
  return { end, output, asked: () => asked };
}

t.test('asks once to be flushed, and writes everything at once', (t) => {
  const { end, output, asked } = rig();
  output.send('a', undefined);
  output.control(OPCODE.ping, Buffer.from('p'));
  output.sendEncoded(encodeFrame({ opcode: OPCODE.text, payload: 'b' }), false);
  t.equal(asked(), 1);
  t.equal(output.pendingBytes, 9);
  output.flush();
  t.equal(output.pendingBytes, 0);
  t.equal(end.takeOutput().toString('latin1'), '\x81\x01a\x89\x01p\x81\x01b');
  t.match(end.connection.counters, { messagesSent: 2, bytesSent: 9 });
  output.send('c', undefined);
  t.equal(asked(), 2);
  t.end();
});

t.test('writes at the end of a turn without asking', (t) => {
  const { end, output, asked } = rig();
  t.equal(output.cork(), true);
  t.equal(output.cork(), false);
  output.send('a', undefined);
  t.equal(end.pipe.length, 0);
  output.uncork();
  t.equal(end.pipe.length, 1);
  t.equal(asked(), 0);
  t.end();
});

t.test('closes behind what was accepted, and sends nothing once it was stopped', (t) => {
  const { end, output } = rig();
  const stream = output.startMessage('text', undefined);
  output.send('waits', undefined);
  stream.end('first');
  output.closeAfterQueue(() => output.control(OPCODE.close, Buffer.alloc(0)));
  output.stop();
  output.flush();
  t.equal(end.takeOutput().toString('latin1'), '\x81\x05first\x81\x05waits\x88\x00');
  t.equal(stream.write('x'), false);
  t.end();
});

t.test('takes 64 KiB that wait for the compressor for congestion, and says when they move', (t) => {
  let finish = (_error: undefined, _bytes: Buffer): void => {};
  const deflate = {
    compress: (_bytes: unknown, _fin: unknown, done: typeof finish) => {
      finish = done;
    },
  } as unknown as NonNullable<ConnectionOptions['deflate']>;
  const end = new End({ nowMs: 0 }, { role: 'server' });
  let moved = 0;
  const sink = Object.assign(end, { queueMoved: () => (moved += 1) });
  const options = { role: 'server', now: () => 0, deflate } as const;
  const output = new ConnectionOutput(sink, options, end.connection.counters, end.connection);
  output.send('x'.repeat(60_000), undefined);
  t.equal(output.isHeldUp(undefined), false);
  output.send('y'.repeat(10_000), undefined);
  t.equal(output.isHeldUp(undefined), true);
  t.equal(moved, 0);
  finish(undefined, Buffer.from('small'));
  output.flush();
  t.ok(moved > 0);
  t.equal(output.isHeldUp(undefined), false);
  t.end();
});
