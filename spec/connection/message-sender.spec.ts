import { ENTRY_OVERHEAD_BYTES, hasFastPath, ProtocolError } from 'barewire/base';
import { OPCODE } from 'barewire/codec';
import {
  COPY_BYTES,
  type FramesToCome,
  type MessageDeflater,
  MessageSender,
  Outbox,
} from 'barewire/connection';
import t from 'tap';

/** A stand-in for a codec: reverses the bytes, when told. */
function reverser(): MessageDeflater & { run(): void; jobs: number } {
  const waiting: (() => void)[] = [];
  return {
    jobs: 0,
    compress(payload, _fin, done) {
      this.jobs += 1;
      const bytes = Buffer.from(payload).reverse();
      waiting.push(() => done(undefined, bytes));
    },
    run() {
      waiting.shift()?.();
    },
  };
}

function rig(
  deflater?: MessageDeflater,
  threshold = 4,
): {
  sender: MessageSender;
  output: () => string;
  asked: () => number;
  /** Messages that are not sent, and those of them that were dropped. */
  forgotten: () => [forgotten: number, dropped: number];
} {
  const outbox = new Outbox(undefined);
  let asked = 0;
  const sender = new MessageSender(outbox, deflater, threshold, {
    requestFlush: () => {
      asked += 1;
    },
    fail: (error) => {
      throw error;
    },
  });
  return {
    sender,
    forgotten: () => [sender.forgottenMessages, sender.droppedMessages],
    asked: () => asked,
    output: () => {
      let all = '';
      outbox.flush({
        take: (bytes) => {
          all += bytes.toString('latin1');
          return true;
        },
      });
      return all;
    },
  };
}

t.test('sends at once what needs no work', (t) => {
  const { sender, output } = rig();
  sender.send('a', undefined);
  sender.send(Buffer.from('b'), undefined);
  sender.send('c', { type: 'binary' });
  t.equal(output(), '\x81\x01a\x82\x01b\x82\x01c');
  t.end();
});

t.test('counts a piece until it is compressed, and no longer than it is stopped', (t) => {
  for (const isStopped of [false, true]) {
    const deflater = reverser();
    const { sender, output } = rig(deflater);
    const message = sender.startMessage('text', true);
    message.write('first');
    t.equal(deflater.jobs, 1);
    t.equal(sender.queuedBytes, 5);
    t.ok(sender.heldBytes >= 5);
    message.write('next');
    t.equal(sender.queuedBytes, 9);
    if (isStopped) sender.stop();
    else deflater.run();
    t.equal(sender.queuedBytes, isStopped ? 0 : 4);
    deflater.run();
    t.equal(sender.queuedBytes, 0);
    t.equal(output(), isStopped ? '' : '\x41\x05tsrif\x00\x04txen');
  }
  t.end();
});

t.test('compresses from the threshold on, by bytes and not by characters', (t) => {
  const deflater = reverser();
  const { sender } = rig(deflater, 4);
  t.equal(sender.wouldCompress('abc', undefined), false);
  t.equal(sender.wouldCompress('abcd', undefined), true);
  t.equal(sender.wouldCompress('üü', undefined), true);
  t.equal(sender.wouldCompress(Buffer.alloc(3), undefined), false);
  t.equal(sender.wouldCompress('a', true), true);
  t.equal(sender.wouldCompress('abcd', false), false);
  t.equal(rig().sender.wouldCompress('abcd', true), false);
  t.end();
});

t.test('keeps the order behind a job that runs elsewhere', (t) => {
  const deflater = reverser();
  const { sender, output, asked } = rig(deflater);
  sender.send('abcd', undefined);
  sender.send('x', undefined);
  sender.sendEncoded(Buffer.from('<encoded>'));
  sender.send('efgh', undefined);
  t.equal(output(), '');
  t.equal(sender.queuedBytes, 4 + 1 + 9 + 4);
  t.equal(deflater.jobs, 1);
  deflater.run();
  t.equal(output(), '\xc1\x04dcba\x81\x01x<encoded>');
  deflater.run();
  t.equal(output(), '\xc1\x04hgfe');
  t.equal(sender.queuedBytes, 0);
  t.equal(asked(), 2);
  t.end();
});

/** Frames that are there when told. */
function toCome(): FramesToCome & { make(text: string): void } {
  let frames: Buffer | undefined;
  const waiting: (() => void)[] = [];
  return {
    byteLength: 100,
    get frames() {
      return frames;
    },
    whenMade: (told) => void waiting.push(told),
    make(text) {
      frames = Buffer.from(text);
      for (const told of waiting) told();
    },
  };
}

t.test('keeps the place of frames that are still in the making', (t) => {
  const deflater = reverser();
  const { sender, output, asked } = rig(deflater);
  const [first, second] = [toCome(), toCome()];
  const sent: string[] = [];
  sender.sendEncoded(first, () => sent.push('first'));
  sender.send('x', undefined);
  sender.send('abcd', undefined);
  sender.sendEncoded(second, () => sent.push('second'));
  sender.closeAfterQueue(() => sender.sendEncoded(Buffer.from('<close>')));
  t.equal(sender.queuedBytes, 100 + 1 + 4 + 100);
  second.make('<second>');
  t.equal(output(), '');
  t.equal(deflater.jobs, 0);
  first.make('<first>');
  t.equal(output(), '<first>\x81\x01x');
  t.strictSame(sent, ['first']);
  deflater.run();
  t.equal(output(), '\xc1\x04dcba<second><close>');
  t.strictSame(sent, ['first', 'second']);
  t.equal(sender.queuedBytes, 0);
  t.equal(asked(), 3);
  sender.sendEncoded(first, () => sent.push('again'));
  t.equal(output(), '<first>', 'made long ago');
  t.strictSame(sent, ['first', 'second', 'again']);
  t.end();
});

t.test('does not care for what the compressor makes, or fails to, after it was stopped', (t) => {
  for (const error of [undefined, new ProtocolError('deflate-failed')]) {
    let done = (): void => {};
    const { sender, output, asked } = rig({
      compress: (_payload, _fin, told) => {
        done = () => told(error, Buffer.from('late'));
      },
    });
    sender.send('compressed', undefined);
    sender.stop();
    done();
    t.equal(output(), '');
    t.equal(asked(), 0);
  }
  t.end();
});

t.test('does not care for frames that come after it was stopped', (t) => {
  const { sender, output, asked } = rig();
  const frames = toCome();
  sender.sendEncoded(frames, () => t.fail('nothing left'));
  sender.stop();
  t.equal(sender.queuedBytes, 0);
  frames.make('<frames>');
  t.equal(output(), '');
  t.equal(asked(), 0);
  t.end();
});

t.test('frames each piece of a streamed message, with RSV1 on the first only', (t) => {
  const deflater = reverser();
  const { sender, output } = rig(deflater);
  const stream = sender.startMessage('text', undefined);
  stream.write('ab');
  stream.write('cd');
  stream.end();
  sender.send('z', undefined);
  for (let round = 0; round < 3; round += 1) deflater.run();
  t.equal(output(), '\x41\x02ba\x00\x02dc\x80\x00\x81\x01z');
  t.end();
});

t.test('lets the first piece decide what a streamed message is', (t) => {
  const { sender, output } = rig();
  const text = sender.startMessage(undefined, undefined);
  text.end('t');
  sender.startMessage(undefined, undefined).end(Buffer.from('b'));
  sender.startMessage(undefined, undefined).end();
  t.equal(output(), '\x81\x01t\x82\x01b\x82\x00');
  t.end();
});

t.test('closes behind everything accepted, and drops only what cannot be finished', (t) => {
  const deflater = reverser();
  const { sender, output } = rig(deflater);
  sender.send('abcd', undefined);
  const unstarted = sender.startMessage('text', false);
  sender.send('kept', { compress: false });
  sender.closeAfterQueue(() => sender.sendEncoded(Buffer.from('<close>')));
  t.equal(unstarted.write('late'), false);
  deflater.run();
  t.equal(output(), '\xc1\x04dcba\x81\x04kept<close>');
  t.end();
});

t.test('closes behind half a message, without what waited behind it', (t) => {
  const { sender, output } = rig();
  const stream = sender.startMessage('text', undefined);
  stream.write('half');
  sender.send('behind', undefined);
  sender.closeAfterQueue(() => sender.sendEncoded(Buffer.from('<close>')));
  t.equal(stream.write('late'), false);
  t.equal(output(), '\x01\x04half<close>');
  t.end();
});

t.test(
  'closes when a piece that is dropped meanwhile is compressed, and never once stopped',
  (t) => {
    const deflater = reverser();
    const { sender, output } = rig(deflater);
    const stream = sender.startMessage('text', undefined);
    stream.write('half');
    const close = (): void => sender.sendEncoded(Buffer.from('<close>'));
    sender.closeAfterQueue(close);
    t.equal(output(), '', 'the codec is at work');
    deflater.run();
    t.equal(output(), '<close>');
    sender.stop();
    sender.closeAfterQueue(close);
    t.equal(output(), '');
    t.end();
  },
);

t.test('tells what it forgets: dropped by a close or the end, or taken back', (t) => {
  const { sender, forgotten } = rig(reverser());
  const idle = sender.startMessage('text', undefined);
  sender.send('leaves', { compress: false });
  const half = sender.startMessage('text', false);
  idle.abandon();
  t.strictSame(forgotten(), [1, 0]);
  idle.abandon();
  half.write('half');
  sender.send('behind', undefined);
  sender.sendEncoded(Buffer.from('encoded'));
  const behind = sender.startMessage('text', undefined);
  behind.end('in pieces');
  sender.closeAfterQueue(() => {});
  t.strictSame(forgotten(), [5, 4]);
  t.equal(half.isDropped && behind.isDropped, true);
  behind.abandon();
  sender.send('compressed', undefined);
  sender.closeAfterQueue(() => {});
  sender.stop();
  t.strictSame(forgotten(), [6, 5], 'a close frame is no message');
  t.equal(sender.queuedBytes, 0);
  t.end();
});

t.test('fails when the memory of what waits is gone, and sends nothing in its place', (t) => {
  const gone = (bytes: Uint8Array): void => {
    structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
  };
  for (const compress of [false, true]) {
    const deflater = reverser();
    const { sender, output } = rig(deflater);
    const bytes = new Uint8Array(100_000);
    sender.send('first', { compress: true });
    sender.send(bytes, { compress });
    gone(bytes);
    t.throws(() => deflater.run(), { code: 'payload-gone', closeCode: 1011 });
    t.equal(output(), '\xc1\x05tsrif');
    sender.stop();
    t.equal(sender.queuedBytes, 0);
  }
  const { sender, output } = rig();
  const first = sender.startMessage('text', false);
  const second = sender.startMessage('binary', false);
  const piece = new Uint8Array(10);
  second.end(piece);
  gone(piece);
  t.throws(() => first.end('first'), { code: 'payload-gone' });
  t.equal(output(), '\x81\x05first');
  t.end();
});

t.test('takes back a stream that was given up before it began', (t) => {
  const { sender, output } = rig();
  const stream = sender.startMessage('text', undefined);
  sender.send('waits', undefined);
  t.equal(stream.abandon(), true);
  t.equal(output(), '\x81\x05waits');
  const begun = sender.startMessage('text', undefined);
  begun.write('x');
  t.equal(begun.abandon(), false);
  t.end();
});

t.test('keeps half a message given up, however often it is given up', (t) => {
  const { sender } = rig();
  const begun = sender.startMessage('text', undefined);
  begun.write('x');
  t.equal(begun.abandon(), false);
  t.equal(begun.abandon(), false);
  t.end();
});

t.test('counts the pieces that wait, and forgets those that are dropped', (t) => {
  const { sender } = rig();
  const first = sender.startMessage('text', undefined);
  const second = sender.startMessage('text', undefined);
  const third = sender.startMessage('text', undefined);
  second.write('four');
  third.write('five5');
  t.equal(sender.queuedBytes, 9);
  second.abandon();
  t.equal(sender.queuedBytes, 5);
  first.write('half');
  t.equal(sender.queuedBytes, 5);
  third.end();
  sender.closeAfterQueue(() => {});
  t.equal(sender.queuedBytes, 0);
  t.end();
});

t.test('fails the connection once when a message cannot be compressed', (t) => {
  for (const isLater of [false, true]) {
    const failures: string[] = [];
    let fail: () => void = () => {};
    const deflater: MessageDeflater = {
      compress(_payload, _fin, done) {
        fail = () => done(new ProtocolError('deflate-failed'), Buffer.alloc(0));
        if (!isLater) fail();
      },
    };
    const sender: MessageSender = new MessageSender(new Outbox(undefined), deflater, 0, {
      requestFlush() {},
      fail(error) {
        failures.push(error.code);
        sender.stop();
      },
    });
    sender.send('abcd', undefined);
    if (isLater) {
      sender.send('efgh', undefined);
      fail();
    }
    t.strictSame(failures, ['deflate-failed']);
    t.equal(sender.queuedBytes, 0);
  }
  t.end();
});

t.test('sends nothing after it was stopped, jobs that end later included', (t) => {
  const deflater = reverser();
  const { sender, output } = rig(deflater);
  sender.send('abcd', undefined);
  sender.stop();
  deflater.run();
  t.equal(output(), '');
  t.equal(sender.isStopped, true);
  t.equal(sender.startMessage('text', undefined).write('x'), false);
  t.equal(OPCODE.text, 1);
  t.end();
});

t.test('counts the memory that waits: bytes, and the overhead of each message and piece', (t) => {
  const deflater = reverser();
  const { sender } = rig(deflater);
  t.equal(sender.heldBytes, 0);
  sender.send('abcd', undefined);
  sender.send('', undefined);
  const stream = sender.startMessage('text', undefined);
  stream.write('\u00fc');
  t.equal(sender.queuedBytes, 6);
  t.equal(sender.heldBytes, 6 + 4 * ENTRY_OVERHEAD_BYTES);
  deflater.run();
  t.equal(sender.heldBytes, 2 + ENTRY_OVERHEAD_BYTES, 'the piece is being compressed');
  deflater.run();
  t.equal(sender.heldBytes, ENTRY_OVERHEAD_BYTES);
  sender.stop();
  t.equal(sender.heldBytes, 0);
  t.end();
});

t.test('copies what cannot leave at once when it may be changed, and only then', (t) => {
  for (const copy of [true, false]) {
    for (const [length, waits] of [
      [100, false],
      [100_000, false],
      [100, true],
    ] as const) {
      const { sender, output } = rig();
      const stream = waits ? sender.startMessage('text', undefined) : undefined;
      const bytes = new Uint8Array(length).fill(0x61);
      sender.send(bytes, { copy });
      bytes.fill(0x62);
      stream?.end();
      const isShared = !copy && (waits || (hasFastPath('outbox') && length > COPY_BYTES));
      t.equal(output().at(-1), isShared ? 'b' : 'a', `${length} bytes, ${copy}, ${waits}`);
      const text = rig();
      text.sender.send('text does not change', { copy });
      t.match(text.output(), /text does not change$/);
    }
  }
  t.end();
});

t.test('gives up a stream of a sender that has stopped: there is nothing to take back', (t) => {
  const { sender, forgotten, asked } = rig();
  const begun = sender.startMessage('text', undefined);
  begun.write('half');
  sender.stop();
  const told = forgotten();
  const before = asked();
  t.equal(begun.abandon(), true);
  t.strictSame(
    [forgotten(), asked()],
    [told, before],
    'what was dropped is not taken back as well',
  );
  t.end();
});

t.test('gives the compressor bytes, and goes on at once when it is done at once', (t) => {
  const given: Uint8Array[] = [];
  const prompt: MessageDeflater = {
    compress(payload, _fin, done) {
      given.push(payload);
      done(undefined, Buffer.from(payload).reverse());
    },
  };
  const { sender, output, asked } = rig(prompt);
  const bytes = new Uint8Array([0x61, 0x62, 0x63, 0x64]);
  sender.send(bytes, undefined);
  sender.send('gr\u00fc', undefined);
  t.equal(output(), '\xc2\x04dcba\xc1\x04\xbc\xc3rg');
  t.equal(given[0], bytes, 'nothing is copied for it');
  t.same(given[1], Buffer.from('gr\u00fc'));
  t.equal(sender.queuedBytes, 0);
  t.equal(asked(), 0, 'who called will flush');
  t.end();
});

t.test(
  'drops the piece that comes out of the compressor when a close has dropped the rest',
  (t) => {
    const deflater = reverser();
    const { sender, output, forgotten } = rig(deflater);
    const stream = sender.startMessage('text', undefined);
    stream.write('abcd');
    sender.closeAfterQueue(() => sender.sendEncoded(Buffer.from('<close>')));
    t.strictSame(forgotten(), [1, 1]);
    deflater.run();
    t.equal(output(), '<close>');
    t.equal(sender.queuedBytes, 0);
    t.end();
  },
);
