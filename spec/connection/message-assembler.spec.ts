import { ProtocolError } from 'barewire/base';
import { encodeFrame, FrameReader, OPCODE } from 'barewire/codec';
import { type AssemblerOptions, MessageAssembler, type MessageInflater } from 'barewire/connection';
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
