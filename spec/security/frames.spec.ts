/**
 * What frames have broken elsewhere: lengths that overflow, small things that weigh much, and memory
 * that was never meant to be sent.
 */
import {
  copyPayload,
  encodeFrame,
  encodeFrameInto,
  encodeSoleFrame,
  FrameReader,
  maskInto,
  maxEncodedFrameLength,
  OPCODE,
  parseClosePayload,
  viewBytes,
} from 'barewire/codec';
import t from 'tap';
import { feedings } from '../support/feeding.ts';
import { readFrames } from '../support/frame-log.ts';
import { detach, resizableMemory } from '../support/memory.ts';

/** Announced lengths that parsers have stumbled over, and what must become of them. */
const LENGTHS: readonly (readonly [length: bigint, code: string])[] = [
  [2n ** 31n, 'frame-too-large'],
  [2n ** 32n - 1n, 'frame-too-large'],
  [2n ** 32n, 'frame-too-large'],
  [2n ** 32n + 5n, 'frame-too-large'],
  [2n ** 53n - 1n, 'frame-too-large'],
  [2n ** 53n, 'frame-too-large'],
  [2n ** 53n + 1n, 'frame-too-large'],
  [2n ** 63n - 1n, 'frame-too-large'],
  [2n ** 63n, 'length-top-bit'],
  [2n ** 64n - 1n, 'length-top-bit'],
];

t.test('a length of any size is a clean failure, with nothing reserved for it', (t) => {
  const before = process.memoryUsage().arrayBuffers;
  for (const [announcedLength, code] of LENGTHS) {
    for (const [role, maskingKey] of [
      ['client', undefined],
      ['server', 7],
    ] as const) {
      const frame = encodeFrame(
        { opcode: OPCODE.binary, payload: 'x', announcedLength, maskingKey },
        { allowIllegal: true },
      );
      for (const { name, chunks } of feedings(frame)) {
        const log = readFrames(chunks, { role });
        t.same(log.failures, [code], `${announcedLength} ${name}`);
        t.same(log.frames, []);
      }
    }
  }
  t.ok(process.memoryUsage().arrayBuffers - before < 4 * 2 ** 20);
  t.end();
});

t.test('without a limit, lengths that no number can count still fail', (t) => {
  const options = { role: 'client', maxFrameBytes: Number.POSITIVE_INFINITY } as const;
  for (const [announcedLength] of LENGTHS.filter(([length]) => length >= 2n ** 53n)) {
    const frame = encodeFrame({ opcode: OPCODE.binary, announcedLength }, { allowIllegal: true });
    t.equal(readFrames([frame], options).failures.length, 1, String(announcedLength));
  }
  const countable = encodeFrame(
    { opcode: OPCODE.binary, payload: 'x', announcedLength: 2n ** 53n - 1n },
    { allowIllegal: true },
  );
  t.same(readFrames([countable], options).failures, []);
  t.end();
});

t.test('a limit holds for every frame, whatever came before it', (t) => {
  const small = encodeFrame({ opcode: OPCODE.text, payload: 'x'.repeat(100), fin: false });
  const ping = encodeFrame({ opcode: OPCODE.ping, payload: 'x'.repeat(50) });
  const large = encodeFrame({ opcode: OPCODE.continuation, payload: 'x'.repeat(101) });
  const log = readFrames([small, ping, large], { role: 'client', maxFrameBytes: 100 });
  t.equal(log.frames.length, 2);
  t.same(log.failures, ['frame-too-large']);
  t.end();
});

t.test('a million one-byte chunks and a million empty fragments cost nothing that stays', (t) => {
  let delivered = 0;
  const reader = new FrameReader(
    {
      frame() {},
      payload: (_bytes, start, end) => {
        delivered += end - start;
      },
      frameEnd() {},
      failed() {},
    },
    { role: 'client' },
  );
  reader.receive(encodeFrame({ opcode: OPCODE.binary, fin: false }));
  const chunk = Buffer.of(0x00);
  const used = (): number => process.memoryUsage().arrayBuffers;
  const before = used();
  const frame = encodeFrame(
    { opcode: OPCODE.continuation, fin: false, announcedLength: 1_000_000 },
    { allowIllegal: true },
  );
  reader.receive(frame);
  for (let count = 0; count < 1_000_000; count += 1) reader.receive(chunk);
  t.equal(delivered, 1_000_000);
  for (let count = 0; count < 2_000_000; count += 1) reader.receive(chunk);
  t.equal(reader.isInsideMessage, true);
  t.equal(reader.waitingBytes, 0);
  t.ok(used() - before < 2 ** 20, `${used() - before} bytes more`);
  t.end();
});

t.test('a paused reader keeps one-byte chunks for twice their weight at most', (t) => {
  const reader = new FrameReader(
    { frame() {}, payload() {}, frameEnd() {}, failed() {} },
    { role: 'client' },
  );
  reader.pause();
  const before = process.memoryUsage().arrayBuffers;
  const chunk = Buffer.of(0x00);
  for (let count = 0; count < 1_000_000; count += 1) reader.receive(chunk);
  t.equal(reader.waitingBytes, 1_000_000);
  // What was outgrown may still await collection: 2 + 1 + ½ + …
  t.ok(process.memoryUsage().arrayBuffers - before <= 4_200_000);
  t.end();
});

/** Every way in for bytes, each giving the payload that it wrote. */
const WAYS_IN: readonly (readonly [name: string, write: (payload: unknown) => Buffer])[] = [
  [
    'encodeFrame',
    (payload) => encodeFrame({ opcode: OPCODE.binary, payload: payload as Buffer }).subarray(2),
  ],
  [
    'encodeSoleFrame',
    (payload) => encodeSoleFrame(2, true, 0, payload as Buffer, undefined).subarray(2),
  ],
  [
    'encodeFrameInto',
    (payload) => {
      const target = Buffer.alloc(300, 0xee);
      const size = encodeFrameInto(target, 0, 2, true, 0, payload as Buffer, undefined);
      return target.subarray(2, size);
    },
  ],
  [
    'maxEncodedFrameLength',
    (payload) => {
      const room = maxEncodedFrameLength(payload as Buffer, false);
      return Buffer.from(viewBytes(payload)).subarray(0, room - 2);
    },
  ],
  [
    'maskInto',
    (payload) => {
      const target = Buffer.alloc(48, 0xee);
      maskInto(payload as Buffer, 0, 48, target, 0, 0, 0);
      return target;
    },
  ],
];

t.test('every holder of bytes gives exactly its bytes or is refused', (t) => {
  const secret = Uint8Array.from({ length: 144 }, (_, at) => (at < 48 || at >= 96 ? 0xee : at));
  const memory = secret.buffer;
  const expected = Buffer.from(memory, 48, 48);
  const alone = memory.slice(48, 96);
  const sharedMemory = new SharedArrayBuffer(48);
  new Uint8Array(sharedMemory).set(expected);
  const growing = resizableMemory(48, 96);
  new Uint8Array(growing).set(expected);
  const holders: readonly unknown[] = [
    Buffer.from(memory, 48, 48),
    new Uint8Array(memory, 48, 48),
    new Uint8ClampedArray(memory, 48, 48),
    new Int8Array(memory, 48, 48),
    new Uint16Array(memory, 48, 24),
    new Int16Array(memory, 48, 24),
    new Uint32Array(memory, 48, 12),
    new Int32Array(memory, 48, 12),
    new Float32Array(memory, 48, 12),
    new Float64Array(memory, 48, 6),
    new BigUint64Array(memory, 48, 6),
    new BigInt64Array(memory, 48, 6),
    new DataView(memory, 48, 48),
    alone,
    sharedMemory,
    growing,
    new Uint8Array(growing),
  ];
  for (const [name, write] of WAYS_IN) {
    for (const holder of holders) {
      const kind = `${name} of ${(holder as object).constructor.name}`;
      try {
        t.same(write(holder), expected, kind);
      } catch (error) {
        t.match(error, { code: 'invalid-argument' }, kind);
      }
    }
  }
  t.end();
});

t.test('numbers, lists and memory that is gone are refused everywhere', (t) => {
  const lost = new ArrayBuffer(48);
  const detached = [new Uint8Array(lost), Buffer.from(lost), new DataView(lost), lost];
  detach(lost);
  const shrunk = resizableMemory(48, 48);
  const outside = new Uint8Array(shrunk, 24);
  shrunk.resize(8);
  const values: readonly unknown[] = [
    ...[0, 48, 1e9, Number.NaN, true, null, {}, [1, 2, 3], { length: 48 }],
    ...detached,
    outside,
    Uint8Array,
  ];
  for (const [name, write] of WAYS_IN.filter(([name]) => name !== 'maxEncodedFrameLength')) {
    for (const value of values) {
      t.throws(() => write(value), { code: 'invalid-argument' }, `${name} of ${typeof value}`);
    }
  }
  t.end();
});

t.test('no range reaches beyond what it names', (t) => {
  const source = Buffer.alloc(10);
  const target = Buffer.alloc(2000);
  for (const length of [11, 100, 500, 1500]) {
    t.throws(() => maskInto(source, 0, length, target, 0, 1, 0), { code: 'invalid-argument' });
    t.throws(() => maskInto(target, 0, length, source, 0, 1, 0), { code: 'invalid-argument' });
    t.throws(() => copyPayload(source, 0, length), { code: 'invalid-argument' });
  }
  const within = Buffer.from('ee03e86f6bee', 'hex');
  t.same(parseClosePayload(within.subarray(1, 5)), { code: 1000, reason: 'ok' });
  t.end();
});
