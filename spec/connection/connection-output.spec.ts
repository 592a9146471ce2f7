import { ENTRY_OVERHEAD_BYTES, hasFastPath, ProtocolError } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import {
  type ConnectionOptions,
  ConnectionOutput,
  type MessageDeflater,
} from 'barewire/connection';
import t from 'tap';
import { End } from '../support/connection-pair.ts';
import { needsFastPath } from '../support/fast-paths.ts';

/** Else everything leaves when it comes, and nobody is asked for anything. */
const IS_ONE_WRITE = hasFastPath('one-write');

function rig(): { end: End; output: ConnectionOutput; asked: () => number } {
  const end = new End({ nowMs: 0 }, { role: 'server' });
  let asked = 0;
  end.wantsFlush = () => {
    asked += 1;
  };
  const options = { role: 'server', now: () => 0 } as const;
  const output = new ConnectionOutput(end, options, end.connection);
  return { end, output, asked: () => asked };
}

t.test('asks once to be flushed, and writes everything at once', (t) => {
  const { end, output, asked } = rig();
  output.send('a', undefined);
  output.control(OPCODE.ping, Buffer.from('p'));
  output.sendEncoded(encodeFrame({ opcode: OPCODE.text, payload: 'b' }));
  t.equal(asked(), IS_ONE_WRITE ? 1 : 0);
  t.equal(output.pendingBytes, IS_ONE_WRITE ? 9 : 0);
  output.flush();
  t.equal(output.pendingBytes, 0);
  t.equal(end.takeOutput().toString('latin1'), '\x81\x01a\x89\x01p\x81\x01b');
  t.match(output, { messagesSent: 2, bytesSent: 9 });
  output.send('c', undefined);
  t.equal(asked(), IS_ONE_WRITE ? 2 : 0);
  t.end();
});

t.test('writes at the end of a turn without asking', needsFastPath('one-write'), (t) => {
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

t.test('asks nobody to flush what cannot leave yet', (t) => {
  const { output, asked } = rig();
  const stream = output.startMessage('text', undefined);
  output.send('waits', undefined);
  t.equal(output.pendingBytes, 5);
  t.equal(asked(), 0);
  stream.end('first');
  t.equal(asked(), IS_ONE_WRITE ? 1 : 0);
  t.end();
});

t.test('closes behind what was accepted, and sends nothing once it was stopped', (t) => {
  const { end, output } = rig();
  const stream = output.startMessage('text', undefined);
  output.send('waits', undefined);
  t.equal(output.messagesSent, 2);
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
  const output = new ConnectionOutput(sink, options, end.connection);
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

t.test('masks as a client, and as a client only [6455-5.1-3]', (t) => {
  for (const role of ['client', 'server'] as const) {
    const end = new End({ nowMs: 0 }, { role });
    const options = { role, now: () => 0, takeMaskingKey: () => 7 };
    const output = new ConnectionOutput(end, options, end.connection);
    output.send('x', undefined);
    output.flush();
    const maskingKey = role === 'client' ? 7 : undefined;
    t.same(end.takeOutput(), encodeFrame({ opcode: OPCODE.text, payload: 'x', maskingKey }));
  }
  t.end();
});

/** A codec whose job ends when the spec says so, and that notes when its context is broken. */
function slow(): NonNullable<ConnectionOptions['deflate']> & {
  finish: (error?: ProtocolError) => void;
  broken: number;
} {
  const codec = {
    broken: 0,
    finish: (_error?: ProtocolError): void => {},
    compress: (...[payload, , done]: Parameters<MessageDeflater['compress']>): void => {
      codec.finish = (error) => done(error, Buffer.from(payload));
    },
    breakContext: () => {
      codec.broken += 1;
    },
  };
  return codec as unknown as ReturnType<typeof slow>;
}

t.test('fails the connection for a message that cannot be compressed', (t) => {
  const end = new End({ nowMs: 0 }, { role: 'server' });
  const deflate = slow();
  const options = { role: 'server', now: () => 0, deflate } as const;
  const output = new ConnectionOutput(end, options, end.connection);
  output.send('x', { compress: true });
  deflate.finish(new ProtocolError('deflate-failed'));
  t.equal(end.connection.state, 'failed');
  end.connection.transportClosed();
  t.match(end.report, { error: { code: 'deflate-failed' }, sentCode: 1011 });
  t.end();
});

t.test(
  'breaks the context where a message that was compressed elsewhere leaves, not before',
  (t) => {
    const end = new End({ nowMs: 0 }, { role: 'server' });
    const deflate = slow();
    const options = { role: 'server', now: () => 0, deflate, compressThresholdBytes: 4 } as const;
    const output = new ConnectionOutput(end, options, end.connection);
    t.equal(output.wouldCompress('four', undefined), true);
    t.equal(output.wouldCompress('few', undefined), false);
    const frames = encodeFrame({ opcode: OPCODE.text, payload: 'elsewhere' });
    output.send('looks back', undefined);
    output.sendEncoded(frames, deflate);
    output.sendEncoded(frames);
    t.equal(deflate.broken, 0, 'the one before it may still look back');
    t.equal(output.pendingBytes, 10 + 2 * frames.length);
    t.equal(output.heldBytes, output.pendingBytes + 3 * ENTRY_OVERHEAD_BYTES);
    deflate.finish();
    t.equal(deflate.broken, 1, 'once: a plain one breaks nothing');
    t.equal(output.heldBytes, output.pendingBytes, 'in the outbox they are bytes');
    output.flush();
    t.equal(output.heldBytes, 0);
    t.end();
  },
);

t.test('asks a message in pieces for its own, and not for those of others', (t) => {
  const { output } = rig();
  const [first, second] = [1, 2].map(() => output.startMessage('binary', undefined));
  second!.write(Buffer.alloc(64 * 1024));
  t.equal(output.isHeldUp(first), false);
  t.equal(output.isHeldUp(second), true);
  t.equal(output.isHeldUp(undefined), true);
  first!.end();
  t.equal(output.isHeldUp(second), false);
  t.end();
});

t.test('tells what moved since one looked last, and what did is the one that had waited', (t) => {
  let unsentBytes = 0;
  const end = new End({ nowMs: 0 }, { role: 'server' });
  const sink = Object.assign(end, { unsentBytes: () => unsentBytes });
  const options = { role: 'server', now: () => 0 } as const;
  const output = new ConnectionOutput(sink, options, end.connection);
  t.equal(output.look(), 'none');
  output.send('x'.repeat(1000), undefined);
  output.flush();
  unsentBytes = 900;
  t.equal(output.look(), 'none', 'what left at once shows nothing');
  t.equal(output.look(), 'none');
  unsentBytes = 400;
  t.equal(output.look(), 'taken');
  t.equal(output.look(), 'none', 'since then');
  output.send('y'.repeat(1000), undefined);
  output.flush();
  unsentBytes += 1004;
  t.equal(output.look(), 'none', 'what was added is nothing that was taken');
  unsentBytes = 0;
  t.equal(output.look(), 'taken');
  t.equal(output.look(), 'none');
  t.end();
});

t.test('tells that our own work goes on, where no transport tells what it holds', (t) => {
  const end = new End({ nowMs: 0 }, { role: 'server' });
  const deflate = slow();
  const { write, wantsFlush } = end;
  const sink = Object.assign(Object.create(end) as End, {
    write: write.bind(end),
    wantsFlush: wantsFlush?.bind(end),
    unsentBytes: undefined,
  });
  const options = { role: 'server', now: () => 0, deflate } as const;
  const output = new ConnectionOutput(sink as never, options, end.connection);
  output.send('x'.repeat(60_000), undefined);
  output.send('behind', undefined);
  t.equal(output.look(), 'none');
  deflate.finish();
  output.flush();
  t.equal(output.look(), 'worked');
  t.equal(output.look(), 'none');
  t.end();
});

t.test('knows what it has forgotten at the end', (t) => {
  const { output } = rig();
  const stream = output.startMessage('text', undefined);
  t.equal(stream.write('first'), true);
  output.send('waits', undefined);
  output.send('too', undefined);
  t.equal(output.lostBytes, 0);
  output.stop();
  t.equal(output.lostBytes, 8);
  output.stop();
  t.equal(output.lostBytes, 8, 'once');
  t.end();
});

t.test('counts what was dropped apart from what was taken back', (t) => {
  const { output } = rig();
  const [first, second] = [1, 2].map(() => output.startMessage('text', undefined));
  output.send('waits', undefined);
  t.match(output, { messagesSent: 3, messagesDropped: 0, acceptedMessages: 3 });
  second!.abandon();
  t.match(output, { messagesSent: 2, messagesDropped: 0, acceptedMessages: 3 });
  first!.write('begun');
  output.stop();
  t.match(output, { messagesSent: 0, messagesDropped: 2, acceptedMessages: 3 });
  t.end();
});

t.test('sees what is taken also where the transport holds more than was written here', (t) => {
  const { end, output } = rig();
  let unsent = 0;
  end.unsentBytes = () => unsent;
  output.send('a'.repeat(98), undefined);
  output.flush();
  // The answer that opened the connection waits, too.
  for (const more of [0, 1, 2, 50]) {
    unsent = output.bytesSent + more;
    t.equal(output.look(), 'none');
    unsent -= 1;
    t.equal(output.look(), 'taken', `${more} bytes more`);
    unsent = 0;
    output.look();
  }
  t.end();
});

t.test('has lost what was encoded, and what waited, once there is no transport', (t) => {
  const { output } = rig();
  output.cork();
  output.send('first', undefined);
  output.startMessage('text', undefined);
  output.send('waits', undefined);
  const encoded = output.pendingBytes - 5;
  output.stop();
  t.equal(output.lostBytes, 5);
  output.discard();
  t.equal(output.lostBytes, 5 + encoded);
  output.discard();
  t.equal(output.lostBytes, 5 + encoded, 'once');
  t.end();
});
