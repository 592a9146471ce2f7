/** Streams of frames for properties: well-formed, almost well-formed, and garbage. */
import { encodeFrame, type FrameToEncode, OPCODE } from 'barewire/codec';
import { closeCodes } from './close-arbitraries.ts';
import { dissect } from './dissection.ts';
import { fc } from './fast-check.ts';
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
const keysFor = (masked: boolean): fc.Arbitrary<number | undefined> =>
  masked ? maskingKeys : fc.constant(undefined);

/** What a stream may have beside what every one may. */
interface LegalOptions {
  /** Messages may begin with RSV1, as compressed ones do [RFC 7692 §6]. */
  readonly rsv1?: boolean;
}

/**
 * A stream of legal frames, messages fragmented and control frames in between; a close frame stands
 * at its end if at all.
 */
export function legalFrames(
  masked: boolean,
  { rsv1 = false }: LegalOptions = {},
): fc.Arbitrary<FrameToEncode[]> {
  const maskingKey = keysFor(masked);
  const control = fc
    .tuple(fc.constantFrom(OPCODE.ping, OPCODE.pong), payloads, maskingKey)
    .map(([opcode, payload, key]) => [
      { opcode, payload: payload.subarray(0, 125), maskingKey: key },
    ]);
  const close = fc
    .tuple(closePayloads, maskingKey)
    .map(([payload, key]) => [{ opcode: OPCODE.close, payload, maskingKey: key }]);
  const message = fc
    .record({
      opcode: fc.constantFrom(OPCODE.text, OPCODE.binary),
      pieces: fc.array(fc.tuple(payloads, maskingKey), { minLength: 1, maxLength: 4 }),
      between: fc.option(control, { nil: [] }),
      rsv: rsv1 ? fc.constantFrom(0, 4) : fc.constant(0),
    })
    .map(({ opcode, pieces, between, rsv }) =>
      pieces.flatMap(([payload, key], index) => [
        ...(index > 0 ? between : []),
        {
          opcode: index === 0 ? opcode : OPCODE.continuation,
          payload,
          fin: index === pieces.length - 1,
          rsv: index === 0 ? rsv : 0,
          maskingKey: key,
        },
      ]),
    );
  return fc
    .tuple(
      fc.array(fc.oneof({ weight: 3, arbitrary: message }, control), { maxLength: 5 }),
      fc.option(close, { nil: [], freq: 4 }),
    )
    .map(([parts, end]) => allFrames([...parts, end]));
}

/** Nothing, or a code and a reason. */
const closePayloads = fc.oneof(
  fc.constant(Buffer.alloc(0)),
  fc.tuple(closeCodes, fc.string({ maxLength: 30 })).map(([code, reason]) => {
    return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]);
  }),
);

/** The frames of several parts in one list, which a counterexample prints dissected. */
export function allFrames(parts: readonly (readonly FrameToEncode[])[]): FrameToEncode[] {
  return printedAs(parts.flat(), (frames) => dissect(concat(frames)));
}

/** Bytes of a stream that may hold anything: legal, illegal and broken frames, and noise. */
export const anyBytes: fc.Arbitrary<Buffer> = fc
  .boolean()
  .chain((masked) =>
    fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }).map((noise) => Buffer.from(noise)),
        { weight: 2, arbitrary: legalFrames(masked, { rsv1: true }).map(concat) },
        // Of the other side.
        legalFrames(!masked).map(concat),
        interruptedMessages(masked).map(concat),
        { weight: 2, arbitrary: longerForms(masked) },
        { weight: 3, arbitrary: illegalFrames(masked) },
      ),
      { maxLength: 4 },
    ),
  )
  .map((parts) => printedAs(Buffer.concat(parts), dissect));

/** A message that begins inside another one, or goes on where none has begun. */
function interruptedMessages(masked: boolean): fc.Arbitrary<FrameToEncode[]> {
  const frame = fc.record({
    opcode: fc.constantFrom(OPCODE.text, OPCODE.binary, OPCODE.continuation, OPCODE.ping),
    fin: fc.boolean(),
    payload: fc.constantFrom('', 'abc').map((text) => Buffer.from(text)),
    maskingKey: keysFor(masked),
  });
  return fc
    .tuple(frame, fc.array(frame, { minLength: 1, maxLength: 3 }))
    .map(([first, others]) => [
      { ...first, fin: first.opcode === OPCODE.ping },
      ...others.map((other) => ({ ...other, fin: other.fin || other.opcode === OPCODE.ping })),
    ]);
}

/** Frames with nothing wrong but, perhaps, the form of their length. */
function longerForms(masked: boolean): fc.Arbitrary<Buffer> {
  return fc
    .record({
      opcode: fc.constantFrom(OPCODE.text, OPCODE.binary),
      payload: fc.constantFrom(0, 124, 125, 126, 127, 65_535).map((size) => Buffer.alloc(size)),
      maskingKey: keysFor(masked),
      lengthForm: fc.constantFrom(16 as const, 64 as const),
    })
    .map((frame) => encodeFrame(frame, { allowIllegal: true }));
}

/** Lengths on either side of where a longer form, a limit or a sign begins, and any other. */
const announcedLengths: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0n, 1n, 5n, 125n, 126n, 127n, 65_535n, 65_536n) },
  fc.constantFrom(2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt(0n, 2n ** 64n - 1n),
);

/** Mostly one thing is wrong: the form of the length, or the length, or the opcode, or a bit. */
function illegalFrames(masked: boolean): fc.Arbitrary<Buffer> {
  return fc
    .record({
      opcode: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 8, 9, 10) }, fc.nat(15)),
      fin: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
      rsv: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(7)),
      payload: payloads,
      maskingKey: fc.oneof({ weight: 5, arbitrary: keysFor(masked) }, keysFor(!masked)),
      announcedLength: fc.option(announcedLengths, { nil: undefined, freq: 2 }),
      lengthForm: fc.option(fc.constantFrom(7 as const, 16 as const, 64 as const), {
        nil: undefined,
      }),
    })
    .map(({ lengthForm, ...frame }) => {
      const length = frame.announcedLength ?? BigInt(frame.payload.length);
      const form = lengthForm === undefined || !hasRoom(lengthForm, length) ? {} : { lengthForm };
      return encodeFrame({ ...frame, ...form }, { allowIllegal: true });
    });
}

/** Whether a length can be written in this form. 126 and 127 say something else in seven bits. */
function hasRoom(lengthForm: 7 | 16 | 64, length: bigint): boolean {
  return length < 2n ** BigInt(lengthForm);
}

/** The bytes of frames, one after the other. */
export function concat(frames: readonly FrameToEncode[]): Buffer {
  return Buffer.concat(frames.map((frame) => encodeFrame(frame, { allowIllegal: true })));
}
