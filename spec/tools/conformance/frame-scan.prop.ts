/** The law of scanning frames: all of them are told, whatever faults they have. */

import t from 'tap';
import { fc } from '../../support/fast-check.ts';
import { encode, scanner, type Told } from '../../support/frame-scans.ts';
import { runs } from '../../support/laws.ts';

/** Frames, legal and not. */
const anyFrame = fc.record({
  opcode: fc.integer({ min: 0, max: 15 }),
  rsv: fc.constantFrom(0, 0, 0, 1, 2, 4, 7),
  fin: fc.boolean(),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.constantFrom(125, 126, 127).map((length) => new Uint8Array(length).fill(97)),
  ),
  maskingKey: fc.option(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { nil: undefined, freq: 6 }),
  lengthForm: fc.constantFrom(undefined, undefined, 16, 64),
});

t.test('law: whatever the frames, they are told in order and whole, however they are cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(anyFrame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
      (frames, cuts) => {
        const bytes = Buffer.concat(
          frames.map((frame) => encode({ ...frame, payload: Buffer.from(frame.payload) })),
        );
        const whole: Told = [];
        scanner(whole).receive(bytes);
        const told = whole.filter((line) => !line.startsWith('fault'));
        const expected = frames.map(({ opcode, fin, payload }) =>
          `${opcode}${fin ? '+' : '-'} ${Buffer.from(payload).toString('latin1')}`.trim(),
        );
        const pieces: Told = [];
        const cut = scanner(pieces);
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const end = at + cuts[turn % cuts.length]!;
          if (turn % 3 === 1) cut.pause();
          cut.receive(bytes.subarray(at, end));
          cut.resume();
          at = end;
        }
        return (
          JSON.stringify(told) === JSON.stringify(expected) &&
          JSON.stringify(pieces) === JSON.stringify(whole)
        );
      },
    ),
    runs(200),
  );
  t.pass('no counterexample');
  t.end();
});
