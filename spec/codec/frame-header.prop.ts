import {
  createFrameHeader,
  frameHeaderLength,
  MAX_HEADER_LENGTH,
  readFrameHeader,
  writeFrameHeader,
} from 'barewire/codec';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const length = fc.oneof(
  fc.nat(300),
  fc.integer({ min: 65_000, max: 66_000 }),
  fc.maxSafeNat(),
  fc.nat(52).map((bits) => 2 ** bits),
);

t.test('reading gives what was written, wherever it stands', (t) => {
  fc.assert(
    fc.property(
      fc.nat(15),
      fc.boolean(),
      fc.nat(7),
      length,
      fc.option(fc.nat(0xffff_ffff), { nil: undefined }),
      fc.nat(9),
      (opcode, fin, rsv, payloadLength, maskingKey, offset) => {
        const target = Buffer.alloc(offset + MAX_HEADER_LENGTH + 1, 0xaa);
        const size = writeFrameHeader(target, offset, opcode, fin, rsv, payloadLength, maskingKey);
        const header = createFrameHeader();
        const complete = readFrameHeader(target, offset, offset + size, header);
        const masked = maskingKey !== undefined;
        return (
          complete &&
          size === frameHeaderLength(payloadLength, masked) &&
          header.headerLength === size &&
          header.opcode === opcode &&
          header.fin === fin &&
          header.rsv === rsv &&
          header.payloadLength === payloadLength &&
          header.masked === masked &&
          header.maskingKey === (maskingKey ?? 0) &&
          target.subarray(0, offset).every((byte) => byte === 0xaa) &&
          target.subarray(offset + size).every((byte) => byte === 0xaa)
        );
      },
    ),
    runs(2000),
  );
  t.pass('no counterexample');
  t.end();
});
