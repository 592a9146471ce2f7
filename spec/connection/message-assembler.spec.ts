import { constants } from 'node:buffer';
import { hasFastPath, ProtocolError } from 'barewire/base';
import { encodeFrame, FrameReader, OPCODE } from 'barewire/codec';
import {
  type AssemblerOptions,
  type AssemblerSink,
  MessageAssembler,
  type MessageInflater,
} from 'barewire/connection';
import t from 'tap';
import { feedings } from '../support/feeding.ts';

/** Feeds unmasked frames to an assembler behind a real frame reader, and notes what comes out. */
function assemble(options: AssemblerOptions = {}): {
  seen: unknown[];
  reader: FrameReader;
  assembler: MessageAssembler;
} {
  const seen: unknown[] = [];
  const assembler: MessageAssembler = new MessageAssembler(
    {
      message: (data) => seen.push(typeof data === 'string' ? data : { hex: data.toString('hex') }),
      messageStart: (isText) => seen.push(['start', isText]),
      messagePiece: (piece) => seen.push(['piece', piece.toString()]),
      messageEnd: () => seen.push(['end']),
      control: (opcode, payload) => seen.push([opcode, payload.toString()]),
      failed: (error) => seen.push(error.code),
      inflating: () => {},
      pauseFrames: () => reader.pause(),
      whenWanted: (deliver) => deliver(),
      jobDone: (deliver) => {
        deliver();
        reader.resume();
      },
    },
    options,
  );
  const allowRsv1 = options.inflater !== undefined;
  const reader: FrameReader = new FrameReader(assembler, { role: 'client', allowRsv1 });
  return { seen, reader, assembler };
}

const frame = (opcode: number, payload: string | Buffer, fin = true, rsv = 0): Buffer =>
  encodeFrame({ opcode, payload, fin, rsv }, { allowIllegal: true });

/** A stand-in for a codec: gives every byte twice, at once or when told. */
function doubler(isLater = false): MessageInflater & { run(): void } {
  let job: (() => void) | undefined;
  return {
    decompress(payload, fin, maxBytes, done) {
      const bytes = Buffer.alloc(payload.length * 2);
      for (const [index, byte] of payload.entries()) bytes.fill(byte, index * 2, index * 2 + 2);
      const isTooLong = bytes.length > maxBytes;
      const run = (): void =>
        done(isTooLong ? new ProtocolError('message-too-large') : undefined, bytes);
      if (isLater) job = run;
      else run();
      void fin;
    },
    run() {
      const now = job;
      job = undefined;
      now?.();
    },
  };
}

const CONVERSATION = Buffer.concat([
  frame(OPCODE.text, 'whole'),
  frame(OPCODE.text, ''),
  frame(OPCODE.binary, Buffer.alloc(0)),
  frame(OPCODE.binary, Buffer.from('00ff', 'hex')),
  frame(OPCODE.text, Buffer.from('gr\u00fc').subarray(0, 3), false),
  frame(OPCODE.ping, 'p'),
  frame(OPCODE.continuation, '', false),
  frame(OPCODE.continuation, Buffer.from('\u00fc\u00df').subarray(1)),
  frame(OPCODE.text, '\u{1f30d}'.repeat(40)),
]);

t.test('gives the same messages however the bytes are cut', (t) => {
  const expected = [
    'whole',
    '',
    { hex: '' },
    { hex: '00ff' },
    [OPCODE.ping, 'p'],
    'gr\u00fc\u00df',
    '\u{1f30d}'.repeat(40),
  ];
  const different: string[] = [];
  for (const { name, chunks } of feedings(CONVERSATION)) {
    const { seen, reader } = assemble();
    for (const chunk of chunks) reader.receive(chunk);
    if (JSON.stringify(seen) !== JSON.stringify(expected)) different.push(name);
  }
  t.strictSame(different, []);
  t.end();
});

t.test('refuses a text that ends inside a code point, in one frame and in several', (t) => {
  for (const frames of [
    [frame(OPCODE.text, Buffer.from('e282', 'hex'))],
    [frame(OPCODE.text, Buffer.from('e282', 'hex'), false), frame(OPCODE.continuation, '')],
  ]) {
    const { seen, reader } = assemble();
    for (const bytes of frames) reader.receive(bytes);
    t.strictSame(seen, ['text-not-utf8']);
    reader.receive(frame(OPCODE.text, 'nothing follows'));
    t.equal(seen.length, 1);
  }
  t.end();
});

t.test('holds what the bytes weigh, not what was announced', (t) => {
  const { reader, assembler } = assemble({ maxMessageBytes: 1 << 24 });
  reader.receive(frame(OPCODE.binary, Buffer.alloc(1 << 24)).subarray(0, 20));
  t.ok(assembler.heldBytes <= 65 * 1024);
  t.end();
});

t.test('holds a million one-byte fragments in two million bytes', (t) => {
  const { reader, assembler } = assemble({ maxFragments: 2_000_000 });
  reader.receive(frame(OPCODE.binary, 'x', false));
  const batch = Buffer.concat(
    Array.from({ length: 1000 }, () => frame(OPCODE.continuation, 'x', false)),
  );
  for (let round = 0; round < 1000; round += 1) reader.receive(batch);
  t.equal(assembler.isUnfinished, true);
  t.ok(assembler.heldBytes <= 2 * 1_000_001);
  t.end();
});

t.test('inflates a compressed message, fragmented or not, text or binary', (t) => {
  const { seen, reader } = assemble({ inflater: doubler() });
  reader.receive(frame(OPCODE.text, 'abc', true, 4));
  reader.receive(frame(OPCODE.text, 'ab', false, 4));
  reader.receive(frame(OPCODE.continuation, 'c'));
  reader.receive(frame(OPCODE.binary, Buffer.from('01', 'hex'), true, 4));
  reader.receive(frame(OPCODE.text, 'plain'));
  reader.receive(frame(OPCODE.text, '', true, 4));
  t.strictSame(seen, ['aabbcc', 'aabbcc', { hex: '0101' }, 'plain', '']);
  t.end();
});

t.test('inflates a long message slice by slice, within one limit for all', (t) => {
  const payload = Buffer.alloc(200_000, 'z');
  const whole = assemble({ inflater: doubler(), maxMessageBytes: 400_000 });
  whole.reader.receive(frame(OPCODE.text, payload, true, 4));
  t.equal((whole.seen[0] as string).length, 400_000);
  const over = assemble({ inflater: doubler(), maxMessageBytes: 399_999 });
  over.reader.receive(frame(OPCODE.text, payload, true, 4));
  t.strictSame(over.seen, ['message-too-large']);
  t.end();
});

t.test('refuses inflated text that is no UTF-8, and a cut-off end', (t) => {
  for (const hex of ['c3', 'ff']) {
    const { seen, reader } = assemble({ inflater: doubler() });
    reader.receive(frame(OPCODE.text, Buffer.from(hex, 'hex'), true, 4));
    t.strictSame(seen, ['text-not-utf8']);
  }
  const { seen, reader } = assemble({ inflater: doubler() });
  reader.receive(frame(OPCODE.text, 'a', false, 4));
  reader.receive(frame(OPCODE.continuation, Buffer.from('ff', 'hex'), false));
  t.strictSame(seen, ['text-not-utf8'], 'with the fragment that has it');
  t.end();
});

t.test('waits for a job that runs elsewhere, and keeps the order', (t) => {
  const inflater = doubler(true);
  const { seen, reader } = assemble({ inflater });
  reader.receive(frame(OPCODE.text, 'a', true, 4));
  reader.receive(frame(OPCODE.text, 'plain'));
  reader.receive(frame(OPCODE.text, 'b', true, 4));
  t.strictSame(seen, []);
  inflater.run();
  t.strictSame(seen, ['aa', 'plain']);
  inflater.run();
  t.strictSame(seen, ['aa', 'plain', 'bb']);
  t.end();
});

t.test('delivers nothing from a job that ends after it was stopped', (t) => {
  const inflater = doubler(true);
  const { seen, reader, assembler } = assemble({ inflater });
  reader.receive(frame(OPCODE.text, 'a', true, 4));
  assembler.stop();
  inflater.run();
  t.strictSame(seen, []);
  t.equal(assembler.heldBytes, 0);
  t.end();
});

t.test('streams compressed messages too', (t) => {
  const { seen, reader } = assemble({ inflater: doubler(), delivery: 'pieces' });
  reader.receive(frame(OPCODE.text, 'ab', true, 4));
  reader.receive(frame(OPCODE.binary, 'c', true, 4));
  t.strictSame(seen, [
    ['start', true],
    ['piece', 'aabb'],
    ['end'],
    ['start', false],
    ['piece', 'cc'],
    ['end'],
  ]);
  t.end();
});

t.test('takes as many fragments as are allowed and not one more, empty ones too', (t) => {
  for (const [count, isTaken] of [
    [1, true],
    [3, true],
    [4, false],
  ] as const) {
    const { seen, reader, assembler } = assemble({ maxFragments: 3 });
    for (let index = 0; index < count; index += 1) {
      const opcode = index === 0 ? OPCODE.text : OPCODE.continuation;
      reader.receive(frame(opcode, '', index === count - 1));
      reader.receive(frame(OPCODE.ping, 'is no fragment'));
    }
    const answers = seen.filter((what) => !Array.isArray(what));
    t.strictSame(answers, [isTaken ? '' : 'too-many-fragments'], `${count} of 3`);
    t.equal(assembler.isUnfinished, !isTaken);
  }
  t.end();
});

t.test('refuses a message by what its frames announce, before the bytes come', (t) => {
  for (const [lengths, isRefused] of [
    [[10], false],
    [[11], true],
    [[4, 6], false],
    [[4, 7], true],
    [[10, 0, 1], true],
  ] as const) {
    const { seen, reader } = assemble({ maxMessageBytes: 10 });
    for (const [index, length] of lengths.entries()) {
      const isLast = index === lengths.length - 1;
      const opcode = index === 0 ? OPCODE.binary : OPCODE.continuation;
      const bytes = frame(opcode, Buffer.alloc(length), isLast);
      reader.receive(isLast ? bytes.subarray(0, 2) : bytes);
    }
    t.strictSame(seen, isRefused ? ['message-too-large'] : [], `${lengths}`);
  }
  t.end();
});

t.test('refuses a text that no string can hold, whatever the limit', (t) => {
  const begins = (opcode: number, payloadLength: number, delivery?: 'pieces'): unknown[] => {
    const { seen, assembler } = assemble({
      maxMessageBytes: 2 ** 31,
      delivery: delivery ?? 'message',
    });
    const unmasked = { masked: false, maskingKey: 0, headerLength: 10 };
    assembler.frame({ fin: true, rsv: 0, opcode, ...unmasked, payloadLength });
    return seen;
  };
  const most = constants.MAX_STRING_LENGTH;
  t.strictSame(begins(OPCODE.text, most), []);
  t.strictSame(begins(OPCODE.text, most + 1), ['message-too-large']);
  t.strictSame(begins(OPCODE.binary, most + 1), []);
  t.strictSame(begins(OPCODE.text, most + 1, 'pieces'), [['start', true]]);
  const limits: number[] = [];
  const inflater = { decompress: (...all: unknown[]) => limits.push(all[2] as number) } as never;
  const { reader } = assemble({ maxMessageBytes: 2 ** 31, inflater });
  reader.receive(frame(OPCODE.text, 'x', true, 4));
  t.strictSame(limits, [most]);
  t.end();
});

t.test('lets a compressed message be longer than its plain form: by stored blocks', (t) => {
  const stored: MessageInflater = {
    decompress: (_payload, _fin, _maxBytes, done) => done(undefined, Buffer.from('x')),
  };
  for (const [length, isRefused] of [
    [1000 + 4 + 64, false],
    [1000 + 4 + 65, true],
  ] as const) {
    const { seen, reader } = assemble({ inflater: stored, maxMessageBytes: 1000 });
    reader.receive(frame(OPCODE.text, Buffer.alloc(length), true, 4).subarray(0, 4));
    t.strictSame(seen, isRefused ? ['message-too-large'] : [], `${length} bytes`);
  }
  t.end();
});

t.test('hands on for keeps what was given for keeps, and copies anything else', (t) => {
  for (const givesInput of [false, true]) {
    const messages: Buffer[] = [];
    const sink = { message: (data: string | Buffer) => messages.push(data as Buffer) };
    const assembler = new MessageAssembler(sink as unknown as AssemblerSink);
    const reader = new FrameReader(assembler, { role: 'client', givesInput });
    const bytes = frame(OPCODE.binary, Buffer.alloc(5000, 1));
    reader.receive(bytes);
    t.ok(messages[0]!.equals(Buffer.alloc(5000, 1)));
    const isKept = hasFastPath('frame-parser') && hasFastPath('message-assembler');
    t.equal(messages[0]!.buffer === bytes.buffer, givesInput && isKept);
  }
  t.end();
});

t.test('finds bad text with the byte that is bad, and says so once', (t) => {
  const { seen, reader, assembler } = assemble();
  reader.receive(frame(OPCODE.text, 'good', false));
  const bad = frame(OPCODE.continuation, Buffer.from('6f66ff6f', 'hex'), false);
  reader.receive(bad.subarray(0, 4));
  t.strictSame(seen, []);
  reader.receive(bad.subarray(4, 5));
  t.strictSame(seen, ['text-not-utf8']);
  reader.receive(bad.subarray(5));
  reader.receive(Buffer.of(0x83, 0));
  assembler.failed(new ProtocolError('message-too-large'));
  t.strictSame(seen, ['text-not-utf8'], 'the rest may be as bad as it likes');
  t.equal(assembler.heldBytes, 0);
  t.end();
});
