/** Streams of frames for properties: well-formed, almost well-formed, and garbage. */
import { encodeFrame, type FrameToEncode, OPCODE } from 'barewire/codec';
import fc from 'fast-check';
import { dissect } from './dissection.ts';
import { printedAs } from './laws.ts';

/** Payload lengths at and around the boundaries of the length forms and of the fast paths. */
export const payloadLengths: fc.Arbitrary<number> = fc.oneof(
  { weight: 8, arbitrary: fc.nat(40) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 124, 125, 126, 127, 319, 320, 321, 1023, 1024) },
  { weight: 2, arbitrary: fc.nat(3000) },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 70_000) },
);

/** Payload bytes: a run of few values is enough to see what goes where. */
export const payloads: fc.Arbitrary<Buffer> = fc
  .tuple(payloadLengths, fc.nat(255), fc.boolean())
  .map(([length, seed, ascii]) =>
    Buffer.from(
      Uint8Array.from({ length }, (_, index) => (index * 7 + seed) & (ascii ? 0x7f : 0xff)),
    ),
  );

const maskingKeys = fc.nat(0xffff_ffff);

/** A stream of legal frames, messages fragmented and control frames in between. */
export function legalFrames(masked: boolean): fc.Arbitrary<FrameToEncode[]> {
  const maskingKey = masked ? maskingKeys : fc.constant(undefined);
  const control = fc
    .tuple(fc.constantFrom(OPCODE.ping, OPCODE.pong), payloads, maskingKey)
    .map(([opcode, payload, key]) => [
      { opcode, payload: payload.subarray(0, 125), maskingKey: key },
    ]);
  const message = fc
    .tuple(
      fc.constantFrom(OPCODE.text, OPCODE.binary),
      fc.array(fc.tuple(payloads, maskingKey), { minLength: 1, maxLength: 4 }),
      fc.option(control, { nil: [] }),
    )
    .map(([opcode, pieces, between]) =>
      pieces.flatMap(([payload, key], index) => [
        ...(index > 0 ? between : []),
        {
          opcode: index === 0 ? opcode : OPCODE.continuation,
          payload,
          fin: index === pieces.length - 1,
          maskingKey: key,
        },
      ]),
    );
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: message }, control), { maxLength: 5 })
    .map(allFrames);
}

/** The frames of several parts in one list, which a counterexample prints dissected. */
export function allFrames(parts: readonly (readonly FrameToEncode[])[]): FrameToEncode[] {
  return printedAs(parts.flat(), (frames) => dissect(concat(frames)));
}

/** Bytes of a stream that may hold anything: legal, illegal and broken frames, and noise. */
export const anyBytes: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((noise) => Buffer.from(noise)),
      fc.boolean().chain((masked) => legalFrames(masked).map((frames) => concat(frames))),
      illegalFrames(),
    ),
    { maxLength: 4 },
  )
  .map((parts) => printedAs(Buffer.concat(parts), dissect));

function illegalFrames(): fc.Arbitrary<Buffer> {
  return fc
    .record({
      opcode: fc.oneof(fc.constantFrom(0, 1, 2, 8, 9, 10), fc.nat(15)),
      fin: fc.boolean(),
      rsv: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(7)),
      payload: payloads,
      maskingKey: fc.option(maskingKeys, { nil: undefined }),
      announcedLength: fc.option(fc.bigInt(0n, 2n ** 64n - 1n), { nil: undefined }),
    })
    .map(({ announcedLength, ...frame }) =>
      encodeFrame(
        announcedLength === undefined
          ? frame
          : { ...frame, announcedLength, lengthForm: announcedLength < 65_536n ? 16 : 64 },
        { allowIllegal: true },
      ),
    );
}

/** The bytes of frames, one after the other. */
export function concat(frames: readonly FrameToEncode[]): Buffer {
  return Buffer.concat(frames.map((frame) => encodeFrame(frame, { allowIllegal: true })));
}
