import { type ProtocolError, UsageError, VIOLATIONS } from 'barewire/base';
import { FrameReader, type FrameReaderOptions, OPCODE } from 'barewire/codec';
import t from 'tap';
import { feedings } from '../support/feeding.ts';
import { FrameLog, readFrames } from '../support/frame-log.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const CLIENT: FrameReaderOptions = { role: 'client' };
const SERVER: FrameReaderOptions = { role: 'server' };

/** The examples of [RFC 6455 §5.7] and their kin: opcode, fin, payload for each frame. */
const VECTORS: readonly (readonly [
  title: string,
  options: FrameReaderOptions,
  hex: string,
  frames: readonly (readonly [opcode: number, fin: boolean, payload: string])[],
])[] = [
  ['an unmasked text', CLIENT, '81 05 48656c6c6f', [[OPCODE.text, true, 'Hello']]],
  [
    'a masked text [6455-5.3-6]',
    SERVER,
    '81 85 37fa213d 7f9f4d5158',
    [[OPCODE.text, true, 'Hello']],
  ],
  [
    'a fragmented text [6455-5.4-3 6455-5.4-11]',
    CLIENT,
    '01 03 48656c 80 02 6c6f',
    [
      [OPCODE.text, false, 'Hel'],
      [OPCODE.continuation, true, 'lo'],
    ],
  ],
  [
    'a ping between fragments [6455-5.4-5 6455-5.4-9]',
    CLIENT,
    '01 03 48656c 89 01 21 80 02 6c6f',
    [
      [OPCODE.text, false, 'Hel'],
      [OPCODE.ping, true, '!'],
      [OPCODE.continuation, true, 'lo'],
    ],
  ],
  [
    'a ping and its masked pong',
    SERVER,
    '89 85 37fa213d 7f9f4d5158 8a 85 37fa213d 7f9f4d5158',
    [
      [OPCODE.ping, true, 'Hello'],
      [OPCODE.pong, true, 'Hello'],
    ],
  ],
  [
    'empty frames of every kind',
    SERVER,
    '81 80 00000000 82 80 ffffffff 89 80 00000001 8a 80 01020304 88 80 00000000',
    [
      [OPCODE.text, true, ''],
      [OPCODE.binary, true, ''],
      [OPCODE.ping, true, ''],
      [OPCODE.pong, true, ''],
      [OPCODE.close, true, ''],
    ],
  ],
];

for (const [title, options, hex, expected] of VECTORS) {
  t.test(`reads ${title}`, (t) => {
    for (const { name, chunks } of feedings(bytes(hex))) {
      const log = readFrames(chunks, options);
      const seen = log.frames.map(({ opcode, fin, payload }) => [
        opcode,
        fin,
        bytes(payload).toString(),
      ]);
      t.same(seen, expected, name);
      t.same(log.failures, [], name);
      t.equal(log.misuse, undefined, name);
    }
    t.end();
  });
}

/** For each rule about frames, bytes that break it; a legal frame goes before where it must. */
const BROKEN: readonly (readonly [code: string, options: FrameReaderOptions, hex: string])[] = [
  ['reserved-opcode', CLIENT, '83 00'],
  ['reserved-opcode', SERVER, '8b 80 00000000'],
  ['reserved-bit', CLIENT, 'c1 00'],
  ['reserved-bit', { role: 'client', allowRsv1: true }, '41 00 c0 00'],
  ['reserved-bit', { role: 'client', allowRsv1: true }, 'c9 00'],
  ['reserved-bit', { role: 'client', allowRsv1: true }, 'e1 00'],
  ['frame-not-masked', SERVER, '81 05 48656c6c6f'],
  ['frame-masked', CLIENT, '81 85 37fa213d 7f9f4d5158'],
  ['length-not-minimal', CLIENT, '82 7e 007d'],
  ['length-not-minimal', CLIENT, '82 7f 000000000000ffff'],
  ['length-top-bit', CLIENT, '82 7f 8000000000000000'],
  ['control-frame-fragmented', CLIENT, '09 00'],
  ['control-frame-too-long', CLIENT, '89 7e 007e'],
  ['continuation-without-start', CLIENT, '80 00'],
  ['continuation-without-start', CLIENT, '81 00 80 00'],
  ['message-not-finished', CLIENT, '01 00 81 00'],
  ['frame-too-large', { role: 'client', maxFrameBytes: 5 }, '82 06'],
  ['frame-too-large', CLIENT, '82 7f 0000000001000001'],
];

for (const [code, options, hex] of BROKEN) {
  t.test(`fails once with ${code}, and is inert afterwards: ${hex}`, (t) => {
    const input = bytes(hex);
    const counts = new Set<number>();
    for (const { name, chunks } of feedings(input)) {
      const log = readFrames([...chunks, bytes('81 00 81 00')], options);
      t.same(log.failures, [code], name);
      t.equal(log.misuse, undefined, name);
      counts.add(log.frames.length);
    }
    t.equal(counts.size, 1, 'the same frames before');
    const log = readFrames([Buffer.concat([input, bytes('81 00 0000')])], options);
    t.same(log.failures, [code], 'with bytes behind');
    t.end();
  });
}

t.test('has vectors for every rule about frames', (t) => {
  const raisedElsewhere = ['close-payload-one-byte', 'close-code-invalid', 'close-reason-not-utf8'];
  const codes = Object.keys(VIOLATIONS);
  const rules = codes.slice(0, codes.indexOf('frame-too-large') + 1);
  const tested = new Set([...BROKEN.map(([code]) => code), ...raisedElsewhere]);
  t.same(
    rules.filter((code) => !tested.has(code)),
    [],
  );
  t.end();
});

t.test('tells the close code and the source of the rule [6455-5.1-3 6455-5.1-6]', (t) => {
  const errors: ProtocolError[] = [];
  const reader = new FrameReader(
    { frame() {}, payload() {}, frameEnd() {}, failed: (error) => void errors.push(error) },
    SERVER,
  );
  reader.receive(bytes('81 00'));
  t.match(errors, [{ code: 'frame-not-masked', closeCode: 1002, source: 'RFC 6455 §5.1' }]);
  t.equal(reader.state, 'failed');
  reader.stop();
  reader.resume();
  reader.pause();
  t.equal(reader.state, 'failed', 'for good');
  t.end();
});

t.test('refuses a forbidden frame at its second byte', (t) => {
  for (const [options, hex] of [
    [SERVER, '83 fe'],
    [SERVER, '81 7f'],
    [SERVER, '89 fe'],
    [CLIENT, '80 7e'],
  ] as const) {
    const log = readFrames([bytes(hex)], options);
    t.equal(log.failures.length, 1, hex);
  }
  t.same(readFrames([bytes('83')], SERVER).failures, [], 'one byte is not enough');
  t.end();
});

t.test('judges the announced length before a byte of payload has come', (t) => {
  const options: FrameReaderOptions = { role: 'server', maxFrameBytes: 1024 };
  const log = readFrames([bytes('82 fe 0401 00000000')], options);
  t.same(log.failures, ['frame-too-large']);
  t.same(readFrames([bytes('82 fe 0401 000000')], options).failures, [], 'but with the whole key');
  t.same(log.frames, []);
  t.end();
});

t.test('delivers payload as it arrives [6455-5.4-18]', (t) => {
  const log = new FrameLog();
  const reader = new FrameReader(log, SERVER);
  reader.receive(bytes('82 85 00000000 01'));
  t.equal(log.frames[0]?.payload, '01');
  reader.receive(bytes('02 03'));
  t.equal(log.frames[0]?.payload, '010203');
  t.equal(reader.isInsideFrame, true);
  reader.receive(bytes('04 05'));
  t.equal(log.frames[0]?.ended, true);
  t.equal(reader.isInsideFrame, false);
  t.end();
});

t.test('reads bytes without a mask where they lie, and copies the rest', (t) => {
  const liesThere = (options: FrameReaderOptions, ...frames: string[]): boolean[] => {
    const places: Buffer[] = [];
    const reader = new FrameReader(
      { frame() {}, payload: (memory) => places.push(memory), frameEnd() {}, failed: t.fail },
      options,
    );
    return frames.map((hex) => {
      const chunk = bytes(hex + '61'.repeat(40));
      const before = Buffer.from(chunk);
      reader.receive(chunk);
      t.ok(chunk.equals(before), 'it is not changed');
      return places.at(-1) === chunk;
    });
  };
  t.same(liesThere(CLIENT, '8228', '8228'), [true, true]);
  t.same(liesThere(CLIENT, '8128', '8128', '8228', '8228'), [true, false, false, true]);
  t.same(liesThere({ ...CLIENT, allowRsv1: true }, 'c128', 'c128'), [true, true]);
  t.same(liesThere(SERVER, '82a801020304', '82a801020304'), [false, false]);
  t.end();
});

t.test('knows whether it is inside a frame, and inside a message', (t) => {
  const reader = new FrameReader(new FrameLog(), CLIENT);
  for (const [hex, isInsideFrame, isInsideMessage] of [
    ['', false, false],
    ['01', true, false],
    ['02 61', true, true],
    ['62', false, true],
    ['89 00', false, true],
    ['80', true, true],
    ['00', false, false],
  ] as const) {
    reader.receive(bytes(hex));
    t.same([reader.isInsideFrame, reader.isInsideMessage], [isInsideFrame, isInsideMessage], hex);
  }
  t.end();
});

t.test('refuses options and input that make no sense', (t) => {
  const sink = new FrameLog();
  for (const options of [
    {},
    { role: 'both' },
    { role: 'server', allowRsv1: 1 },
    { role: 'server', ownsInput: 'yes' },
    { role: 'server', givesInput: null },
    { role: 'server', maxFrameBytes: -1 },
    { role: 'server', maxFrameBytes: 2 ** 53 },
    { role: 'server', maxFrameBytes: '5' },
    { role: 'server', maxFrameBytes: Number.NaN },
  ]) {
    const make = (): FrameReader => new FrameReader(sink, options as FrameReaderOptions);
    t.throws(make, { code: 'invalid-option' }, JSON.stringify(options));
  }
  const reader = new FrameReader(sink, SERVER);
  for (const input of ['81', 5, null, undefined, [0x81, 0]]) {
    t.throws(() => reader.receive(input as unknown as Buffer), UsageError);
  }
  t.equal(reader.state, 'reading');
  t.end();
});
