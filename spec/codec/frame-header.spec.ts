import {
  createFrameHeader,
  frameHeaderLength,
  MAX_HEADER_LENGTH,
  readFrameHeader,
  UNCOUNTABLE_LENGTH,
  writeFrameHeader,
} from 'barewire/codec';
import t from 'tap';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** Lengths at both sides of every boundary, and the bytes that announce them after byte 0. */
const LENGTHS: readonly (readonly [length: number, hex: string])[] = [
  [0, '00'],
  [1, '01'],
  [124, '7c'],
  [125, '7d'],
  [126, '7e 007e'],
  [127, '7e 007f'],
  [256, '7e 0100'],
  [65_535, '7e ffff'],
  [65_536, '7f 0000000000010000'],
  [2 ** 31 - 1, '7f 000000007fffffff'],
  [2 ** 31, '7f 0000000080000000'],
  [2 ** 32 - 1, '7f 00000000ffffffff'],
  [2 ** 32, '7f 0000000100000000'],
  [2 ** 53 - 1, '7f 001fffffffffffff'],
];

for (const [length, hex] of LENGTHS) {
  t.test(`reads and writes a length of ${length} [6455-5.2-8 6455-5.2-10 6455-5.2-11]`, (t) => {
    const expected = Buffer.concat([bytes('82'), bytes(hex)]);
    const written = Buffer.alloc(MAX_HEADER_LENGTH);
    const size = writeFrameHeader(written, 0, 2, true, 0, length, undefined);
    t.same(written.subarray(0, size), expected);
    t.equal(frameHeaderLength(length, false), size);
    t.equal(frameHeaderLength(length, true), size + 4);

    const header = createFrameHeader();
    t.equal(readFrameHeader(expected, 0, expected.length, header), true);
    t.equal(header.payloadLength, length);
    t.equal(header.headerLength, size);
    for (let end = 0; end < size; end += 1) {
      t.equal(readFrameHeader(expected, 0, end, header), false, `${end} of ${size} bytes`);
    }
    t.end();
  });
}

t.test('begins with a header that says nothing', (t) => {
  t.same(createFrameHeader(), {
    fin: false,
    rsv: 0,
    opcode: 0,
    masked: false,
    maskingKey: 0,
    payloadLength: 0,
    headerLength: 0,
  });
  t.end();
});

t.test('counts no length beyond 2^53 - 1, and marks the top bit [6455-5.2-9]', (t) => {
  const read = (hex: string): number => {
    const header = createFrameHeader();
    t.equal(readFrameHeader(bytes(hex), 0, 10, header), true);
    return header.payloadLength;
  };
  t.equal(UNCOUNTABLE_LENGTH, Number.MAX_SAFE_INTEGER + 1);
  t.equal(read('82 7f 0020000000000000'), UNCOUNTABLE_LENGTH);
  t.equal(read('82 7f 0020000000000001'), UNCOUNTABLE_LENGTH);
  t.equal(read('82 7f 7fffffffffffffff'), UNCOUNTABLE_LENGTH);
  t.equal(read('82 7f 8000000000000000'), Number.POSITIVE_INFINITY);
  t.equal(read('82 7f ffffffffffffffff'), Number.POSITIVE_INFINITY);
  t.end();
});

t.test('reads each bit from its place [6455-5.2-1 6455-5.2-7 6455-5.2-13]', (t) => {
  const read = (hex: string) => {
    const header = createFrameHeader();
    t.equal(readFrameHeader(bytes(`ee ${hex}`), 1, 1 + bytes(hex).length, header), true);
    return header;
  };
  const zero = {
    fin: false,
    rsv: 0,
    opcode: 0,
    masked: false,
    maskingKey: 0,
    payloadLength: 0,
    headerLength: 2,
  };
  t.same(read('00 00'), zero);
  t.same(read('80 00'), { ...zero, fin: true });
  t.same(read('40 00'), { ...zero, rsv: 4 });
  t.same(read('20 00'), { ...zero, rsv: 2 });
  t.same(read('10 00'), { ...zero, rsv: 1 });
  t.same(read('0f 00'), { ...zero, opcode: 15 });
  t.same(read('00 7d'), { ...zero, payloadLength: 125 });
  t.same(read('00 80 fedcba98'), {
    ...zero,
    masked: true,
    maskingKey: 0xfedcba98,
    headerLength: 6,
  });
  t.same(read('00 fe 0100 00000001'), {
    ...zero,
    masked: true,
    maskingKey: 1,
    payloadLength: 256,
    headerLength: 8,
  });
  t.end();
});

t.test('tells what two bytes say when the rest is missing', (t) => {
  const header = createFrameHeader();
  header.payloadLength = 77;
  header.maskingKey = 77;
  t.equal(readFrameHeader(bytes('c1 fe 01'), 0, 3, header), false);
  t.same(header, {
    fin: true,
    rsv: 4,
    opcode: 1,
    masked: true,
    maskingKey: 0,
    payloadLength: 0,
    headerLength: 8,
  });
  t.end();
});
