import { hasFastPath } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { COPY_BYTES, Outbox } from 'barewire/connection';
import t from 'tap';
import { passesPlainly } from '../support/fast-paths.ts';

const IS_FAST = hasFastPath('outbox');

const frame = (opcode: number, payload: string | Buffer): Buffer =>
  encodeFrame({ opcode, payload });

/** Takes bytes as a kernel would: copies them, and then lets go of the memory or not. */
function taker(isFreed: () => boolean): {
  all: () => Buffer;
  writes: [number, boolean][];
  take: (b: Buffer, more: boolean) => boolean;
  held: Buffer[];
} {
  const copies: Buffer[] = [];
  const held: Buffer[] = [];
  const writes: [number, boolean][] = [];
  return {
    writes,
    held,
    all: () => Buffer.concat(copies),
    take: (bytes, hasMore) => {
      copies.push(Buffer.from(bytes));
      held.push(bytes);
      writes.push([bytes.length, hasMore]);
      return isFreed();
    },
  };
}

t.test('writes many small frames at once, in order', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => true);
  outbox.append(OPCODE.text, true, 0, 'one');
  outbox.append(OPCODE.binary, true, 0, Buffer.from('two'));
  outbox.append(OPCODE.ping, true, 0, '');
  t.equal(outbox.length, 12);
  outbox.flush(kernel);
  t.equal(outbox.length, 0);
  const apart = [
    [5, true],
    [5, true],
    [2, false],
  ];
  t.strictSame(kernel.writes, IS_FAST ? [[12, false]] : apart);
  t.same(
    kernel.all(),
    Buffer.concat([
      frame(OPCODE.text, 'one'),
      frame(OPCODE.binary, Buffer.from('two')),
      frame(OPCODE.ping, ''),
    ]),
  );
  outbox.flush(kernel);
  t.equal(kernel.writes.length, IS_FAST ? 1 : 3, 'there is nothing more');
  t.end();
});

t.test('writes large payloads by reference, and says that more follows', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => true);
  const large = Buffer.alloc(COPY_BYTES + 1, 1);
  outbox.append(OPCODE.text, true, 0, 'before');
  outbox.append(OPCODE.binary, true, 0, large);
  outbox.append(OPCODE.text, true, 0, 'after');
  outbox.flush(kernel);
  const lengths = IS_FAST ? [8 + 4, large.length, 7] : [8, 4 + large.length, 7];
  t.strictSame(
    kernel.writes,
    lengths.map((length, index) => [length, index < 2]),
  );
  t.equal(
    kernel.held.some((bytes) => bytes.buffer === large.buffer),
    IS_FAST,
  );
  const expected = [
    frame(OPCODE.text, 'before'),
    frame(OPCODE.binary, large),
    frame(OPCODE.text, 'after'),
  ];
  t.ok(kernel.all().equals(Buffer.concat(expected)));
  t.end();
});

t.test('masks every frame with a fresh key, and leaves the payload as it was', (t) => {
  let key = 0;
  const outbox = new Outbox(() => {
    key += 0x01010101;
    return key;
  });
  const kernel = taker(() => true);
  const large = Buffer.alloc(COPY_BYTES + 1, 1);
  outbox.append(OPCODE.text, true, 0, 'a');
  outbox.append(OPCODE.binary, true, 0, large);
  outbox.flush(kernel);
  const expected = Buffer.concat([
    encodeFrame({ opcode: OPCODE.text, payload: 'a', maskingKey: 0x01010101 }),
    encodeFrame({ opcode: OPCODE.binary, payload: large, maskingKey: 0x02020202 }),
  ]);
  t.ok(kernel.all().equals(expected));
  t.ok(large.equals(Buffer.alloc(COPY_BYTES + 1, 1)));
  t.end();
});

t.test('keeps two outboxes that share the slab apart', (t) => {
  const [left, right] = [new Outbox(undefined), new Outbox(undefined)];
  const [leftKernel, rightKernel] = [taker(() => true), taker(() => true)];
  for (let round = 0; round < 3; round += 1) {
    left.append(OPCODE.text, true, 0, `left ${round}`);
    right.append(OPCODE.text, true, 0, `right ${round}`);
  }
  left.flush(leftKernel);
  right.append(OPCODE.text, true, 0, 'right last');
  right.flush(rightKernel);
  const texts = (side: string, more: string[]): Buffer =>
    Buffer.concat(
      [0, 1, 2]
        .map((n) => frame(OPCODE.text, `${side} ${n}`))
        .concat(more.map((m) => frame(OPCODE.text, m))),
    );
  t.same(leftKernel.all(), texts('left', []));
  t.same(rightKernel.all(), texts('right', ['right last']));
  t.end();
});

t.test('does not touch memory that the transport still holds', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => false);
  for (let index = 0; index < 300; index += 1) {
    outbox.append(OPCODE.text, true, 0, `message ${index} ${'x'.repeat(index)}`);
    outbox.flush(kernel);
  }
  t.ok(Buffer.concat(kernel.held).equals(kernel.all()));
  t.end();
});

t.test('copies for a transport that is slow to let go, so that it pins no slab', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => false);
  outbox.append(OPCODE.text, true, 0, 'first');
  outbox.flush(kernel);
  outbox.append(OPCODE.text, true, 0, 'second');
  outbox.flush(kernel);
  t.ok(kernel.held[1]!.buffer.byteLength < 64 * 1024);
  t.end();
});

t.test('uses the slab again when the transport has let go', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => true);
  outbox.append(OPCODE.text, true, 0, 'first');
  outbox.flush(kernel);
  outbox.append(OPCODE.text, true, 0, 'again');
  outbox.flush(kernel);
  const [first, again] = kernel.held as [Buffer, Buffer];
  t.equal(first.buffer === again.buffer && first.byteOffset === again.byteOffset, IS_FAST);
  t.end();
});

t.test('uses the memory of a long frame again, once the transport has let go', (t) => {
  const outbox = new Outbox(undefined);
  const text = 'x'.repeat(20_000);
  const send = (isFreed: boolean, length = text.length): Buffer => {
    const kernel = taker(() => isFreed);
    outbox.append(OPCODE.text, true, 0, text.repeat(5).slice(0, length));
    outbox.flush(kernel);
    return kernel.held[0]!;
  };
  const first = send(true);
  const second = send(false, 20_001);
  t.not(second.buffer, first.buffer, 'too short for the next one');
  const third = send(true);
  t.equal(third.buffer === first.buffer, IS_FAST);
  const fourth = send(false);
  t.equal(fourth.buffer === third.buffer, IS_FAST);
  const fifth = send(true);
  t.not(fifth.buffer, fourth.buffer, 'which the transport holds');
  t.equal(send(true).buffer === fifth.buffer, IS_FAST);
  const long = send(true, 81_000);
  t.not(send(true).buffer, long.buffer, 'a short frame does not hold the memory of a long one');
  t.end();
});

t.test('uses no memory again that is not its own', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => true);
  const payload = Buffer.alloc(20_000, 'p');
  const encoded = frame(OPCODE.binary, Buffer.alloc(20_000, 'e'));
  const shared = frame(OPCODE.binary, Buffer.alloc(20_000, 's'));
  outbox.append(OPCODE.binary, true, 0, payload);
  outbox.appendEncoded(encoded);
  outbox.appendShared(shared);
  outbox.flush(kernel);
  outbox.append(OPCODE.text, true, 0, 'x'.repeat(20_000));
  outbox.flush(kernel);
  const text = kernel.held.at(-1)!;
  for (const other of [payload, encoded, shared]) t.not(text.buffer, other.buffer);
  t.ok(payload.equals(Buffer.alloc(20_000, 'p')));
  t.end();
});

t.test('keeps no memory of frames above 1 MiB', (t) => {
  const outbox = new Outbox(() => 0x0a0b0c0d);
  for (const [length, isKept] of [
    [1024 * 1024, true],
    [1024 * 1024 + 1, false],
  ] as const) {
    const kernel = taker(() => true);
    for (let count = 0; count < 2; count += 1) {
      outbox.append(OPCODE.binary, true, 0, Buffer.alloc(length));
      outbox.flush(kernel);
    }
    t.equal(kernel.held[0]!.buffer === kernel.held[1]!.buffer, IS_FAST && isKept);
  }
  t.end();
});

t.test('keeps what is sent while bytes are taken, by whomever', (t) => {
  for (const isOwn of [true, false]) {
    const outbox = new Outbox(undefined);
    const other = isOwn ? outbox : new Outbox(undefined);
    const [kernel, otherKernel] = [taker(() => true), taker(() => true)];
    outbox.append(OPCODE.text, true, 0, 'first');
    outbox.flush({
      take: (bytes, hasMore) => {
        other.append(OPCODE.text, true, 0, 'meanwhile');
        return kernel.take(bytes, hasMore);
      },
    });
    outbox.append(OPCODE.text, true, 0, 'longer than what was first');
    other.flush(otherKernel);
    outbox.flush(otherKernel);
    t.same(kernel.all(), frame(OPCODE.text, 'first'));
    const rest = ['meanwhile', 'longer than what was first'];
    t.same(otherKernel.all(), Buffer.concat(rest.map((text) => frame(OPCODE.text, text))));
  }
  t.end();
});

t.test('keeps the order when it is flushed while it is flushed', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => true);
  const long = Buffer.alloc(COPY_BYTES + 1, 1);
  outbox.append(OPCODE.binary, true, 0, long);
  outbox.append(OPCODE.binary, true, 0, long);
  outbox.append(OPCODE.text, true, 0, 'open');
  let isFirst = true;
  outbox.flush({
    take: (bytes, hasMore) => {
      const isFree = kernel.take(bytes, hasMore);
      if (!isFirst) return isFree;
      isFirst = false;
      outbox.append(OPCODE.text, true, 0, 'reply');
      outbox.flush(kernel);
      t.equal(outbox.length, 0, 'what is flushed has left');
      return isFree;
    },
  });
  const expected = [
    frame(OPCODE.binary, long),
    frame(OPCODE.binary, long),
    frame(OPCODE.text, 'open'),
    frame(OPCODE.text, 'reply'),
  ];
  t.ok(kernel.all().equals(Buffer.concat(expected)));
  t.equal(kernel.writes.at(-1)![1], false, 'and no more was announced');
  t.end();
});

t.test('keeps its promise that more follows when something long comes between', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => true);
  const long = Buffer.alloc(COPY_BYTES + 1, 1);
  outbox.append(OPCODE.binary, true, 0, long);
  outbox.append(OPCODE.text, true, 0, 'open');
  let isFirst = true;
  const sender = {
    take: (bytes: Buffer, hasMore: boolean): boolean => {
      if (isFirst) {
        isFirst = false;
        outbox.append(OPCODE.binary, true, 0, long);
        outbox.append(OPCODE.text, true, 0, 'behind');
      }
      return kernel.take(bytes, hasMore);
    },
  };
  outbox.flush(sender);
  t.equal(kernel.writes.at(-1)![1], false);
  outbox.flush(sender);
  const frames = [frame(OPCODE.binary, long), frame(OPCODE.text, 'open')];
  const later = [frame(OPCODE.binary, long), frame(OPCODE.text, 'behind')];
  t.ok(kernel.all().equals(Buffer.concat([...frames, ...later])));
  t.end();
});

t.test('takes encoded frames in their place in the order', (t) => {
  const outbox = new Outbox(undefined);
  const kernel = taker(() => true);
  outbox.append(OPCODE.text, true, 0, 'a');
  outbox.appendEncoded(frame(OPCODE.text, 'b'));
  outbox.append(OPCODE.text, true, 0, 'c');
  t.equal(outbox.length, 9);
  outbox.flush(kernel);
  t.equal(kernel.all().toString('latin1'), '\x81\x01a\x81\x01b\x81\x01c');
  t.end();
});

t.test('joins what many connections send once for all of them', (t) => {
  const frames = ['one', 'two', 'three'].map((text) => frame(OPCODE.text, text));
  const kernels = [taker(() => false), taker(() => false)];
  for (const kernel of kernels) {
    const outbox = new Outbox(undefined);
    for (const shared of frames) outbox.appendShared(shared);
    t.equal(outbox.length, 17);
    outbox.flush(kernel);
    t.equal(outbox.length, 0);
    const apart = frames.map(({ length }, index) => [length, index < 2]);
    t.strictSame(kernel.writes, IS_FAST ? [[17, false]] : apart);
    t.same(kernel.all(), Buffer.concat(frames));
  }
  t.equal(kernels[0]!.held[0], kernels[1]!.held[0], 'the same bytes');
  t.end();
});

t.test('joins nothing that may change, that differs, or that is long', (t) => {
  const kernel = taker(() => true);
  const send = (fill: (outbox: Outbox) => void): void => {
    const outbox = new Outbox(undefined);
    fill(outbox);
    outbox.flush(kernel);
  };
  const [one, two] = [frame(OPCODE.text, 'one'), frame(OPCODE.text, 'two')] as const;
  const mutable = Buffer.from(two);
  for (const [first, second] of [
    [one, two],
    [two, one],
  ] as const) {
    send((outbox) => {
      outbox.appendShared(first);
      outbox.appendShared(second);
    });
  }
  for (const last of ['two', 'TWO']) {
    mutable.write(last, 2);
    send((outbox) => {
      outbox.appendShared(one);
      outbox.appendEncoded(mutable);
    });
  }
  send((outbox) => {
    outbox.appendShared(one);
    outbox.append(OPCODE.text, true, 0, 'own');
  });
  t.equal(
    kernel.all().toString('latin1').replaceAll('\x81\x03', ' '),
    ' one two two one one two one TWO one own',
  );
  kernel.writes.length = 0;
  send((outbox) => {
    outbox.appendShared(Buffer.alloc(32 * 1024));
    outbox.appendShared(one);
  });
  t.strictSame(kernel.writes, [
    [32 * 1024, true],
    [5, false],
  ]);
  t.end();
});

t.test('encodes long masked payloads apart from the slab, the same to the byte', (t) => {
  for (const length of [16 * 1024, 16 * 1024 + 1, 70_000]) {
    const payload = Buffer.alloc(length, 'abc');
    for (const data of [payload, payload.toString()]) {
      const outbox = new Outbox(() => 0x0a0b0c0d);
      const kernel = taker(() => false);
      outbox.append(OPCODE.text, true, 0, 'before');
      outbox.append(OPCODE.binary, false, 4, data);
      outbox.append(OPCODE.text, true, 0, 'after');
      const key = { maskingKey: 0x0a0b0c0d };
      const expected = Buffer.concat([
        encodeFrame({ opcode: OPCODE.text, payload: 'before', ...key }),
        encodeFrame({ opcode: OPCODE.binary, payload: data, fin: false, rsv: 4, ...key }),
        encodeFrame({ opcode: OPCODE.text, payload: 'after', ...key }),
      ]);
      t.equal(outbox.length, expected.length);
      outbox.flush(kernel);
      t.ok(kernel.all().equals(expected), `${length} bytes`);
      t.ok(payload.equals(Buffer.alloc(length, 'abc')), 'the payload is as it was');
    }
  }
  t.end();
});

t.test('sends any view of bytes, by reference where they are long', (t) => {
  for (const length of [COPY_BYTES, COPY_BYTES + 1]) {
    const memory = new Uint8Array(length + 20).fill(7);
    const view = memory.subarray(10, 10 + length).fill(8);
    const outbox = new Outbox(undefined);
    const kernel = taker(() => true);
    outbox.append(OPCODE.binary, true, 0, view);
    outbox.flush(kernel);
    t.ok(kernel.all().equals(frame(OPCODE.binary, Buffer.from(view))));
    const isShared = kernel.held.some((bytes) => bytes.buffer === memory.buffer);
    t.equal(isShared, outbox.keepsReference(view), `${length} bytes`);
    t.equal(isShared, IS_FAST && length > COPY_BYTES);
  }
  t.end();
});

t.test('keeps the order of what is added while something is taken, shared or not', (t) => {
  for (const first of [
    (outbox: Outbox) => outbox.appendShared(frame(OPCODE.text, 'first')),
    (outbox: Outbox) => outbox.appendEncoded(frame(OPCODE.text, 'first')),
    (outbox: Outbox) => outbox.append(OPCODE.text, true, 0, 'first'),
  ]) {
    const outbox = new Outbox(undefined);
    const came: Buffer[] = [];
    const added = [frame(OPCODE.text, 'shared'), frame(OPCODE.close, '')];
    first(outbox);
    const taker = {
      take(bytes: Buffer) {
        came.push(Buffer.from(bytes));
        if (came.length > 1) return true;
        outbox.appendShared(added[0]!);
        outbox.append(OPCODE.close, true, 0, '');
        return true;
      },
    };
    outbox.flush(taker);
    outbox.flush(taker);
    t.same(Buffer.concat(came), Buffer.concat([frame(OPCODE.text, 'first'), ...added]));
    t.equal(outbox.length, 0);
  }
  t.end();
});

passesPlainly(t, import.meta.url);
