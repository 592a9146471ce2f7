import { ENTRY_OVERHEAD_BYTES } from 'barewire/base';
import { type Job, OutgoingMessage, SendQueue } from 'barewire/connection';
import t from 'tap';

const message = (payload: string, bytes = Buffer.byteLength(payload)): Job => ({
  ...{ kind: 'message', opcode: 1, compress: false },
  ...{ payload, bytes },
});

function streamIn(queue: SendQueue): OutgoingMessage {
  const stream: OutgoingMessage = new OutgoingMessage(
    {
      isStopped: false,
      pieceAdded: (bytes) => queue.countPieces(1, bytes),
      remove: () => true,
    },
    'text',
    false,
  );
  queue.push({ kind: 'stream', stream, bytes: 0 });
  return stream;
}

t.test('counts the bytes that wait, and for the memory the overhead of each', (t) => {
  const queue = new SendQueue();
  t.equal(queue.heldBytes, 0);
  for (let count = 0; count < 10; count += 1) queue.push(message(''));
  queue.push(message('\u{1f30d}'));
  t.equal(queue.bytes, 4);
  t.equal(queue.heldBytes, 4 + 11 * ENTRY_OVERHEAD_BYTES);
  const stream = streamIn(queue);
  stream.write('\u00fc');
  stream.write('');
  t.equal(queue.bytes, 6);
  t.equal(queue.heldBytes, 6 + 14 * ENTRY_OVERHEAD_BYTES);
  t.equal(stream.heldBytes, 2 + 2 * ENTRY_OVERHEAD_BYTES);
  queue.shift();
  t.equal(queue.length, 11);
  queue.push({ kind: 'close', write() {}, bytes: 0 });
  t.equal(queue.clear(), 11, 'a close frame is no message');
  t.equal(stream.isDropped, true);
  t.equal(queue.clear(), 0);
  t.equal(queue.heldBytes + queue.bytes + queue.length, 0);
  queue.shift();
  t.equal(queue.bytes, 0);
  t.end();
});

t.test('drops what is unfinished, what stands behind half a message, and counts right', (t) => {
  const queue = new SendQueue();
  queue.push(message('kept'));
  const idle = streamIn(queue);
  idle.write('gone');
  queue.push(message('kept too'));
  const half = streamIn(queue);
  half.hasStarted = true;
  half.write('rest');
  queue.push(message('behind'));
  const behind = streamIn(queue);
  behind.end('ended');
  t.equal(queue.dropUnfinished(), 4);
  t.same(
    [idle, half, behind].map((stream) => stream.isDropped),
    [true, true, true],
  );
  t.equal(queue.length, 2);
  t.equal(queue.bytes, 12);
  t.equal(queue.heldBytes, 12 + 2 * ENTRY_OVERHEAD_BYTES);
  t.equal(idle.isEnded && half.isEnded, true);
  t.match(queue.first, { payload: 'kept' });
  t.end();
});

t.test('forgets one stream, and none that it does not have', (t) => {
  const queue = new SendQueue();
  queue.remove(streamIn(new SendQueue()));
  const stream = streamIn(queue);
  queue.push(message('x'));
  queue.remove(stream);
  queue.remove(stream);
  t.equal(queue.length, 1);
  new SendQueue().dropUnfinished();
  t.end();
});
