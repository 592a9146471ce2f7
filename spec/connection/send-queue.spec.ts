import { ENTRY_OVERHEAD_BYTES, Fifo } from 'barewire/base';
import { OPCODE } from 'barewire/codec';
import {
  type FramesToCome,
  isGone,
  type Job,
  OutgoingMessage,
  ownPayload,
  payloadGone,
  SendQueue,
} from 'barewire/connection';
import t, { type Test } from 'tap';
import { madeFrames, opcodeOf } from '../../lib/connection/send-queue.ts';
import { usedMemory } from '../support/memory.ts';

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

t.test('takes strings for text and bytes for binary, unless it is told [6455-5.6-4]', (t) => {
  for (const [payload, own] of [
    ['text', OPCODE.text],
    ['', OPCODE.text],
    [Buffer.from('bytes'), OPCODE.binary],
    [new Uint8Array(0), OPCODE.binary],
  ] as const) {
    t.equal(opcodeOf(payload, undefined), own);
    t.equal(opcodeOf(payload, 'text'), OPCODE.text);
    t.equal(opcodeOf(payload, 'binary'), OPCODE.binary);
  }
  t.end();
});

t.test('copies bytes, which somebody else may change, and no string', (t) => {
  const memory = new Uint8Array([1, 2, 3, 4]);
  const copy = ownPayload(memory.subarray(1, 3)) as Buffer;
  memory.fill(9);
  t.same(copy, Buffer.of(2, 3));
  t.equal(ownPayload('text'), 'text');
  t.end();
});

t.test('notices bytes whose memory was transferred, and nothing else', (t) => {
  const bytes = new Uint8Array(5);
  const empty = new Uint8Array(0);
  const frames: FramesToCome = { byteLength: 100, frames: undefined, whenMade() {} };
  t.equal(isGone(bytes, 5), false);
  t.equal(isGone('gr\u00fc', 4), false);
  structuredClone([bytes, empty], { transfer: [bytes.buffer, empty.buffer] });
  t.equal(isGone(bytes, 5), true);
  t.equal(isGone(empty, 0), false, 'an empty message is what it was');
  t.equal(isGone(frames, 5), false, 'they may weigh more or less when they are made');
  t.match(payloadGone(), { code: 'payload-gone', closeCode: 1011 });
  t.end();
});

t.test('has frames as soon as there are any', (t) => {
  const made = Buffer.from('frames');
  t.equal(madeFrames(made), made);
  t.equal(madeFrames({ byteLength: 6, frames: undefined, whenMade() {} }), undefined);
  t.equal(madeFrames({ byteLength: 6, frames: made, whenMade() {} }), made);
  t.end();
});

/** Counts the entries that arrays and queues move, search or copy, until the test ends. */
function countWork(t: Test): { entries: number } {
  const work = { entries: 0 };
  const { push } = Fifo.prototype;
  Fifo.prototype.push = function (item: unknown) {
    work.entries += 1;
    push.call(this, item);
  };
  t.teardown(() => {
    Fifo.prototype.push = push;
  });
  for (const name of ['indexOf', 'splice', 'slice', 'filter', 'find'] as const) {
    const original = Array.prototype[name] as (...all: unknown[]) => unknown;
    Object.defineProperty(Array.prototype, name, {
      configurable: true,
      writable: true,
      value(this: unknown[], ...all: unknown[]) {
        work.entries += this.length;
        return original.apply(this, all);
      },
    });
    t.teardown(() => {
      Object.defineProperty(Array.prototype, name, { value: original });
    });
  }
  return work;
}

t.test('takes thousands of streams out, in any order, without looking through the others', (t) => {
  const count = 4000;
  for (const order of ['oldest first', 'newest first', 'every other'] as const) {
    const queue = new SendQueue();
    queue.push(message('in front'));
    const streams = Array.from({ length: count }, () => streamIn(queue));
    const last = message('behind');
    queue.push(last);
    if (order === 'newest first') streams.reverse();
    const work = countWork(t);
    for (const [index, stream] of streams.entries()) {
      if (order === 'every other' && index % 2 === 0) continue;
      if (!queue.remove(stream)) t.fail('it is there');
    }
    t.ok(work.entries <= 4 * count, `${order}: ${work.entries} entries were looked at`);
    const left = order === 'every other' ? count / 2 : 0;
    t.equal(queue.length, 2 + left);
    t.equal(queue.heldBytes, 14 + (2 + left) * ENTRY_OVERHEAD_BYTES);
    t.match(queue.first, { payload: 'in front' });
    for (let shifted = 0; shifted <= left; shifted += 1) queue.shift();
    t.equal(queue.first, last);
    t.equal(queue.clear(), 1);
  }
  t.end();
});

t.test('keeps no memory of what was taken out of the middle', (t) => {
  const queue = new SendQueue();
  queue.push(message('in front'));
  const before = usedMemory();
  for (let count = 0; count < 20_000; count += 1) queue.remove(streamIn(queue));
  const kept = usedMemory() - before;
  t.ok(kept < 1_000_000, `${kept} bytes of 20,000 streams`);
  t.equal(queue.length, 1);
  t.end();
});

t.test('does not count what was taken out again when it drops or forgets the rest', (t) => {
  const queue = new SendQueue();
  queue.push(message('kept'));
  const half = streamIn(queue);
  queue.remove(streamIn(queue));
  t.equal(queue.dropUnfinished(), 1);
  t.equal(half.isDropped, true);
  queue.remove(streamIn(queue));
  queue.push(message('kept'));
  t.equal(queue.length, 2);
  t.equal(queue.clear(), 2);
  t.equal(queue.heldBytes, 0);
  t.end();
});
