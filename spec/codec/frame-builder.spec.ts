import { UsageError } from 'barewire/base';
import { encodeFrame, type FrameToEncode, OPCODE } from 'barewire/codec';
import t from 'tap';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const literally = (frame: FrameToEncode): Buffer => encodeFrame(frame, { allowIllegal: true });

t.test('builds the examples of the RFC [6455-5.2-1 6455-5.1-4 6455-5.3-1]', (t) => {
  const text = { opcode: OPCODE.text, payload: 'Hello' };
  t.same(encodeFrame(text), bytes('81 05 48656c6c6f'));
  t.same(
    encodeFrame({ ...text, maskingKey: 0x37fa213d }),
    bytes('81 85 37fa213d 7f9f4d5158'), // [6455-5.3-5]
  );
  t.same(encodeFrame({ opcode: OPCODE.text, payload: 'Hel', fin: false }), bytes('01 03 48656c'));
  t.same(encodeFrame({ opcode: OPCODE.continuation, payload: 'lo' }), bytes('80 02 6c6f'));
  t.same(encodeFrame({ opcode: OPCODE.ping, payload: 'Hello' }), bytes('89 05 48656c6c6f'));
  const key = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
  t.same(
    encodeFrame({ opcode: OPCODE.pong, payload: 'Hello', maskingKey: key }),
    bytes('8a 85 37fa213d 7f9f4d5158'),
  );
  t.same(encodeFrame({ opcode: OPCODE.close }), bytes('88 00'));
  t.same(
    encodeFrame({ opcode: OPCODE.text, rsv: 4, payload: new Uint8Array(0) }),
    bytes('c1 00'), // a compressed message's first frame [RFC 7692 §6]
  );
  t.end();
});

t.test('announces lengths in their smallest form [6455-5.2-10 6455-5.2-11]', (t) => {
  const begin = (length: number, size: number): string =>
    encodeFrame({ opcode: OPCODE.binary, payload: Buffer.alloc(length) })
      .subarray(0, size)
      .toString('hex');
  t.equal(begin(125, 2), '827d');
  t.equal(begin(126, 4), '827e007e');
  t.equal(begin(256, 4), '827e0100');
  t.equal(begin(65_535, 4), '827effff');
  t.equal(begin(65_536, 10), '827f0000000000010000');
  t.end();
});

t.test('leaves the payload alone and copies it', (t) => {
  const payload = Buffer.from('payload');
  const frame = encodeFrame({ opcode: OPCODE.binary, payload, maskingKey: 0xffff_ffff });
  t.equal(payload.toString(), 'payload');
  const plain = encodeFrame({ opcode: OPCODE.binary, payload });
  payload.fill(0);
  t.equal(plain.subarray(2).toString(), 'payload');
  t.equal(frame.length, 13);
  t.end();
});

/** What the rules forbid a sender, and the bytes it has when breaking the rules is the point. */
const ILLEGAL: readonly (readonly [title: string, frame: FrameToEncode, hex: string])[] = [
  ['a reserved opcode [6455-5.8-1]', { opcode: 3 }, '83 00'],
  ['a reserved control opcode', { opcode: 11, payload: 'a' }, '8b 01 61'],
  ['RSV2 [6455-5.2-3]', { opcode: OPCODE.text, rsv: 2 }, 'a1 00'],
  ['RSV1 on a continuation', { opcode: OPCODE.continuation, rsv: 4 }, 'c0 00'],
  ['RSV1 on a ping', { opcode: OPCODE.ping, rsv: 4 }, 'c9 00'],
  ['all bits at once', { opcode: 15, rsv: 7, fin: false }, '7f 00'],
  ['a fragmented ping [6455-5.4-6]', { opcode: OPCODE.ping, fin: false }, '09 00'],
  ['a close frame with one byte', { opcode: OPCODE.close, payload: Buffer.of(3) }, '88 01 03'],
  [
    'a close frame with a code that is never sent [6455-7.4.1-4]',
    { opcode: OPCODE.close, payload: bytes('03ed') },
    '88 02 03ed',
  ],
  ['a longer form', { opcode: OPCODE.text, lengthForm: 16, payload: 'a' }, '81 7e 0001 61'],
  [
    'the longest form, masked',
    { opcode: OPCODE.text, lengthForm: 64, payload: 'a', maskingKey: 0x01000000 },
    '81 ff 0000000000000001 01000000 60',
  ],
  ['more than follows', { opcode: OPCODE.text, announcedLength: 5, payload: 'a' }, '81 05 61'],
  [
    'the largest number',
    { opcode: OPCODE.binary, announcedLength: 2n ** 64n - 1n },
    '82 7f ffffffffffffffff',
  ],
  [
    '2^53 + 1, which no number can hold',
    { opcode: OPCODE.binary, announcedLength: 2n ** 53n + 1n },
    '82 7f 0020000000000001',
  ],
  ['a form too short', { opcode: OPCODE.binary, announcedLength: 127, lengthForm: 7 }, '82 7f'],
  ['less than follows', { opcode: OPCODE.ping, announcedLength: 0, payload: 'ab' }, '89 00 6162'],
];

for (const [title, frame, hex] of ILLEGAL) {
  t.test(`builds ${title} only when told to`, (t) => {
    t.throws(() => encodeFrame(frame), { code: 'invalid-argument' });
    t.throws(() => encodeFrame(frame, { allowIllegal: false }), UsageError);
    t.same(literally(frame), bytes(hex));
    t.end();
  });
}

t.test('builds a control frame that is too long only when told to [6455-5.5-1]', (t) => {
  const frame = { opcode: OPCODE.ping, payload: Buffer.alloc(126) };
  t.throws(() => encodeFrame(frame), { code: 'invalid-argument' });
  t.equal(literally(frame).length, 130);
  t.equal(encodeFrame({ opcode: OPCODE.ping, payload: Buffer.alloc(125) }).length, 127);
  t.end();
});

t.test('refuses what no field can hold, told to or not', (t) => {
  const impossible: readonly unknown[] = [
    { opcode: 16 },
    { opcode: -1 },
    { opcode: 1.5 },
    { opcode: '1' },
    {},
    { opcode: 1, rsv: 8 },
    { opcode: 1, fin: 1 },
    { opcode: 1, maskingKey: 2 ** 32 },
    { opcode: 1, maskingKey: -1 },
    { opcode: 1, maskingKey: new Uint8Array(3) },
    { opcode: 1, maskingKey: 'abcd' },
  ];
  for (const frame of impossible) {
    t.throws(() => encodeFrame(frame as FrameToEncode), { code: 'invalid-argument' });
    t.throws(() => literally(frame as FrameToEncode), { code: 'invalid-argument' });
  }
  for (const announcedLength of [-1, 1.5, 2 ** 53, 2n ** 64n, -1n, '5', Number.NaN]) {
    const frame = { opcode: 1, announcedLength } as FrameToEncode;
    t.throws(() => literally(frame), { code: 'invalid-argument' }, String(announcedLength));
  }
  for (const lengthForm of [0, 8, 32, '16']) {
    const frame = { opcode: 1, lengthForm } as FrameToEncode;
    t.throws(() => literally(frame), { code: 'invalid-argument' }, String(lengthForm));
  }
  t.throws(() => literally({ opcode: 1, announcedLength: 128, lengthForm: 7 }), UsageError);
  t.throws(() => literally({ opcode: 1, announcedLength: 65_536, lengthForm: 16 }), UsageError);
  t.end();
});
