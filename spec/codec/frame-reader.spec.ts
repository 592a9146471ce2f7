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
  ['a masked text', SERVER, '81 85 37fa213d 7f9f4d5158', [[OPCODE.text, true, 'Hello']]],
  [
    'a fragmented text',
    CLIENT,
    '01 03 48656c 80 02 6c6f',
    [
      [OPCODE.text, false, 'Hel'],
      [OPCODE.continuation, true, 'lo'],
    ],
  ],
  [
    'a ping between fragments',
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

t.test('delivers nothing while paused, and goes on where it stopped', (t) => {
  for (const pauseAt of ['frame', 'payload', 'frameEnd'] as const) {
    const log = new FrameLog();
    let pauses = 0;
    const pauseIn = (callback: string): void => {
      if (callback !== pauseAt) return;
      pauses += 1;
      reader.pause();
    };
    const reader = new FrameReader(
      {
        frame(header) {
          log.frame(header);
          pauseIn('frame');
        },
        payload(...piece) {
          log.payload(...piece);
          pauseIn('payload');
        },
        frameEnd() {
          log.frameEnd();
          pauseIn('frameEnd');
        },
        failed: (error) => log.failed(error),
      },
      CLIENT,
    );
    reader.receive(bytes('81 02 6162 82 02 6364'));
    t.equal(pauses, 1);
    t.equal(log.frames.length, 1);
    reader.receive(bytes('89 01 65'));
    t.equal(log.frames.length, 1);
    for (let turn = 0; turn < 5; turn += 1) reader.resume();
    t.same(
      log.frames.map((frame) => frame.payload),
      ['6162', '6364', '65'],
    );
    t.equal(log.misuse, undefined);
    t.equal(reader.waitingBytes, 0);
  }
  t.end();
});
