import t from 'tap';
import { OutputQueue } from '../../lib/server/output-queue.ts';

/** Takes everything the way a pump does: from the slab if possible, else in blocks. */
function drain(queue: OutputQueue, isReused = true): string {
  let wire = '';
  queue.writeSlab((block) => {
    wire += Buffer.from(block).toString('latin1');
    return isReused;
  }, undefined);
  for (const block of queue.take(1 << 20)) wire += Buffer.from(block).toString('latin1');
  return wire;
}

/** What one write would get, by the length of its blocks. */
const lengths = (blocks: readonly Uint8Array[]): number[] => blocks.map(({ length }) => length);

t.test('joins what is written in a turn into one block', (t) => {
  const queue = new OutputQueue();
  queue.pushText('head ', 'latin1');
  queue.pushText('é', 'utf8');
  queue.push(Buffer.from(' body'));
  t.equal(queue.length, 12);
  const blocks: string[] = [];
  t.ok(
    queue.writeSlab((block) => {
      blocks.push(Buffer.from(block).toString());
      return true;
    }, undefined),
  );
  t.same(blocks, ['head é body']);
  t.equal(queue.length, 0);
  t.same(queue.take(100), []);
  t.notOk(queue.writeSlab(() => t.fail('nothing waits'), undefined));
  t.end();
});

t.test('refuses a piece whose memory was transferred, before and after a part of it', (t) => {
  for (const [taken, isFirst] of [
    [0, true],
    [0, false],
    [5000, true],
  ] as const) {
    const queue = new OutputQueue();
    const piece = new Uint8Array(9000);
    if (!isFirst) queue.push(Buffer.alloc(5000));
    queue.push(piece);
    queue.push(Buffer.alloc(6000));
    if (taken > 0) t.same(lengths(queue.take(taken)), [taken]);
    structuredClone(piece.buffer, { transfer: [piece.buffer] });
    if (!isFirst) t.same(lengths(queue.take(1 << 20)), [5000], 'what stands before it is taken');
    t.throws(() => queue.take(1 << 20), { code: 'payload-gone' });
  }
  t.end();
});

t.test('writes Latin-1 text as bytes', (t) => {
  const queue = new OutputQueue();
  queue.pushText('\xe9\xff', 'latin1');
  t.same(queue.take(10), [Buffer.from([0xe9, 0xff])]);
  t.end();
});

t.test('keeps two queues apart that write in turns', (t) => {
  const left = new OutputQueue();
  const right = new OutputQueue();
  for (let round = 0; round < 50; round += 1) {
    left.pushText(`l${round} `, 'latin1');
    right.pushText(`r${round} `, 'latin1');
  }
  const expected = (side: string): string =>
    Array.from({ length: 50 }, (_, round) => `${side}${round} `).join('');
  t.equal(drain(left), expected('l'));
  t.equal(drain(right), expected('r'));
  t.end();
});

t.test('does not touch a block that was given away', (t) => {
  const queue = new OutputQueue();
  let kept: Uint8Array = Buffer.alloc(0);
  queue.pushText('first', 'latin1');
  queue.writeSlab((block) => {
    kept = block;
    return false;
  }, undefined);
  queue.pushText('other', 'latin1');
  t.equal(Buffer.from(kept).toString(), 'first');
  t.equal(drain(queue), 'other');
  t.end();
});

t.test('hands out large bytes as they are, in portions', (t) => {
  const queue = new OutputQueue();
  const body = Buffer.alloc(300_000, 'x');
  queue.pushText('head', 'latin1');
  queue.push(body);
  t.notOk(queue.writeSlab(() => t.fail('not only the slab'), undefined));
  const [head, first, ...rest] = queue.take(131_072);
  t.equal(String(head), 'head', 'a block of its own');
  t.equal(first!.length, 131_068);
  t.equal(first!.buffer, body.buffer, 'not copied');
  t.same(rest, []);
  t.equal(queue.length, 300_000 - 131_068);
  queue.pushText('tail', 'latin1');
  t.same(lengths(queue.take(131_072)), [131_072]);
  const last = queue.take(131_072);
  t.same(lengths(last), [300_000 - 131_068 - 131_072, 4]);
  t.equal(String(last[1]), 'tail');
  t.equal(queue.length, 0);
  t.end();
});

t.test('joins small pieces, and leaves long ones as they are', (t) => {
  const queue = new OutputQueue();
  for (const length of [4_000, 96, 1, 4_096, 4_095, 2, 10_000, 1, 1]) {
    queue.push(Buffer.alloc(length, 'x'));
  }
  t.same(lengths(queue.take(131_072)), [4_096, 1, 4_096, 4_095, 2, 10_000, 2]);
  t.end();
});

t.test('takes more than the slab holds, and text longer than the slab', (t) => {
  const queue = new OutputQueue();
  let expected = '';
  for (let round = 0; round < 100; round += 1) {
    const text = String(round % 10).repeat(1_000);
    expected += text;
    queue.pushText(text, 'utf8');
  }
  queue.pushText('é'.repeat(60_000), 'utf8');
  expected += Buffer.from('é'.repeat(60_000)).toString('latin1');
  t.equal(drain(queue), expected);
  t.end();
});

t.test('ignores nothing, and forgets everything', (t) => {
  const queue = new OutputQueue();
  queue.push(Buffer.alloc(0));
  queue.pushText('', 'utf8');
  t.equal(queue.length, 0);
  queue.push(Buffer.alloc(5_000));
  queue.pushText('abc', 'utf8');
  queue.clear();
  t.equal(queue.length, 0);
  t.equal(drain(queue), '');
  t.end();
});

t.test('tells what pieces cost beside their bytes', (t) => {
  const queue = new OutputQueue();
  t.equal(queue.overheadBytes, 0);
  for (let piece = 0; piece < 1_000; piece += 1) queue.push(Buffer.from([1]));
  t.equal(queue.length, 1_000);
  t.ok(queue.overheadBytes >= 100_000, 'a Buffer of one byte is an object of about 110');
  t.same(lengths(queue.take(10_000)), [1_000], 'joined');
  t.equal(queue.overheadBytes, 0);
  queue.push(Buffer.alloc(10_000));
  queue.clear();
  t.equal(queue.overheadBytes, 0);
  queue.pushText('in the slab', 'latin1');
  for (let piece = 0; piece < 1_000; piece += 1) queue.push(Buffer.from([1]));
  t.equal(queue.overheadBytes, 0, 'what is copied costs nothing');
  queue.clear();
  t.end();
});

t.test('takes a large piece in portions, whatever follows', (t) => {
  const queue = new OutputQueue();
  queue.push(Buffer.from(Uint8Array.from({ length: 100 }, (_, index) => index)));
  queue.push(Buffer.from([100, 101]));
  const blocks: number[][] = [];
  while (queue.length > 0) {
    const bytes = queue.take(40).flatMap((block) => [...block]);
    blocks.push(bytes);
  }
  t.same(
    blocks.map(({ length }) => length),
    [40, 40, 22],
  );
  t.same(
    blocks.flat(),
    Array.from({ length: 102 }, (_, index) => index),
  );
  t.equal(queue.length, 0);
  t.end();
});
