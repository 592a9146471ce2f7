/** Laws of assembling messages: agreement with a literal reader, in every role and delivery. */
import assert from 'node:assert/strict';
import { encodeFrame, FrameReader, type FrameToEncode, OPCODE } from 'barewire/codec';
import { MessageAssembler } from 'barewire/connection';
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { cutAtShares, halfRandom, shares } from '../support/deflate-arbitraries.ts';
import { DEFAULTS } from '../support/deflate-jobs.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { allFrames, legalFrames } from '../support/frame-arbitraries.ts';
import { packed } from '../support/inflate-cases.ts';
import { runs } from '../support/laws.ts';
import { brokenCharacters, spoiledText, textBytes } from '../support/utf8-arbitraries.ts';

interface Limits {
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
}

type Delivery = 'message' | 'pieces';

const UNBOUND: Limits = { maxMessageBytes: 2 ** 24, maxFragments: 1000 };

/** Text that is cut anywhere between its frames, so that characters are as well. */
const cutTexts = fc
  .record({
    bytes: fc.oneof({ weight: 3, arbitrary: textBytes }, spoiledText),
    cuts: fc.array(fc.nat(60), { maxLength: 4 }),
  })
  .map(({ bytes, cuts }) => (bytes.length === 0 ? [bytes] : cutAt(bytes, cuts)));
const texts = fc
  .oneof({ weight: 3, arbitrary: cutTexts }, brokenCharacters)
  .map((pieces): FrameToEncode[] =>
    pieces.map((payload, index) => ({
      opcode: index === 0 ? OPCODE.text : OPCODE.continuation,
      fin: index === pieces.length - 1,
      payload,
    })),
  );
const frames = fc.array(fc.oneof(texts, legalFrames(false)), { maxLength: 4 }).map(allFrames);

/** Whether the bytes are text so far: a character may be unfinished at their end. */
function isTextSoFar(bytes: Buffer, isEnd: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isEnd });
    return true;
  } catch {
    return false;
  }
}

/** One rule after the other, frame by frame: what must be reported, up to the first failure. */
function assembleLiterally(list: readonly FrameToEncode[], limits: Limits): string[] {
  const reports: string[] = [];
  let [payload, count, isText] = [Buffer.alloc(0), 0, false];
  for (const frame of list) {
    const bytes = Buffer.from(frame.payload as Buffer);
    if (frame.opcode >= OPCODE.close) {
      reports.push(`control ${frame.opcode} ${bytes.toString('hex')}`);
      continue;
    }
    if (frame.opcode !== OPCODE.continuation) {
      [payload, count, isText] = [Buffer.alloc(0), 0, frame.opcode === OPCODE.text];
    }
    count += 1;
    const isEnd = frame.fin ?? true;
    if (count > limits.maxFragments) return [...reports, 'failed too-many-fragments'];
    payload = Buffer.concat([payload, bytes]);
    if (payload.length > limits.maxMessageBytes) return [...reports, 'failed message-too-large'];
    if (isText && !isTextSoFar(payload, isEnd)) return [...reports, 'failed text-not-utf8'];
    if (isEnd) reports.push(isText ? `text ${payload}` : `binary ${payload.toString('hex')}`);
  }
  return reports;
}

/** The assembler behind a frame reader: what it reports, and what it holds at most. */
function assemble(
  chunks: readonly Buffer[],
  role: 'client' | 'server',
  delivery: Delivery,
  limits: Limits,
  inflater?: MessageCodec,
): { reports: string[]; mostHeld: number; mostDelivered: number } {
  const reports: string[] = [];
  let pieces: (string | Buffer)[] = [];
  let isText = false;
  let mostDelivered = 0;
  const report = (data: string | Buffer): void => {
    reports.push(typeof data === 'string' ? `text ${data}` : `binary ${data.toString('hex')}`);
  };
  const assembler = new MessageAssembler(
    {
      message: report,
      messageStart(kind) {
        [pieces, isText] = [[], kind];
      },
      messagePiece(piece) {
        assert.equal(typeof piece === 'string', isText);
        assert.ok(piece.length > 0, 'an empty piece');
        pieces.push(piece);
        const bytes = pieces.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
        mostDelivered = Math.max(mostDelivered, bytes);
      },
      messageEnd: () => report(isText ? pieces.join('') : Buffer.concat(pieces as Buffer[])),
      control: (opcode, payload) => reports.push(`control ${opcode} ${payload.toString('hex')}`),
      failed: ({ code }) => reports.push(`failed ${code}`),
      inflating: () => assert.fail('no job takes time'),
      pauseFrames: () => assert.fail('no job takes time'),
      jobDone: () => assert.fail('no job takes time'),
      whenWanted: (deliver) => deliver(),
    },
    { delivery, inflater, ...limits },
  );
  const reader = new FrameReader(assembler, { role, allowRsv1: inflater !== undefined });
  let mostHeld = 0;
  for (const chunk of chunks) {
    reader.receive(chunk);
    mostHeld = Math.max(mostHeld, assembler.heldBytes);
  }
  return { reports, mostHeld, mostDelivered };
}

const place = fc.double({ min: 0, max: 1, noNaN: true });
const cuts = fc.array(place, { maxLength: 6 });
const role = fc.constantFrom('client' as const, 'server' as const);
const delivery = fc.constantFrom<Delivery>('message', 'pieces');

/** What the other side sends in this role: a server gets masked frames. */
function wireOf(list: readonly FrameToEncode[], to: 'client' | 'server'): Buffer {
  const maskingKey = to === 'server' ? 0x37fa_213d : undefined;
  return Buffer.concat(list.map((frame) => encodeFrame({ ...frame, maskingKey })));
}

function cut(wire: Buffer, places: readonly number[]): Buffer[] {
  return cutAt(
    wire,
    places.map((share) => Math.floor(share * wire.length)),
  );
}

t.test('law: agrees with a literal reader, in both roles and deliveries, however cut', (t) => {
  const seen = { failed: 0, whole: 0 };
  fc.assert(
    fc.property(frames, role, delivery, cuts, (list, to, how, places) => {
      const { reports } = assemble(cut(wireOf(list, to), places), to, how, UNBOUND);
      const wanted = assembleLiterally(list, UNBOUND);
      assert.deepEqual(reports, wanted);
      seen[wanted.at(-1)?.startsWith('failed') === true ? 'failed' : 'whole'] += 1;
    }),
    runs(200),
  );
  t.ok(Math.min(seen.failed, seen.whole) > 20, JSON.stringify(seen));
  t.end();
});

t.test('law: limits are exact, and what is held stays within them', (t) => {
  const limit = fc.record({
    maxMessageBytes: fc.oneof(fc.nat(60), fc.constantFrom(125, 126, 127, 1023, 1024, 3000)),
    maxFragments: fc.integer({ min: 1, max: 4 }),
  });
  const seen = { failed: 0, whole: 0 };
  fc.assert(
    fc.property(frames, limit, role, delivery, cuts, (list, limits, to, how, places) => {
      const { reports, mostHeld } = assemble(cut(wireOf(list, to), places), to, how, limits);
      const wanted = assembleLiterally(list, limits);
      assert.deepEqual(reports, wanted);
      // One buffer that doubles; it begins with 64 bytes.
      assert.ok(mostHeld <= 64 + 2 * limits.maxMessageBytes, `${mostHeld} bytes are held`);
      seen[wanted.at(-1)?.startsWith('failed') === true ? 'failed' : 'whole'] += 1;
    }),
    runs(200),
  );
  t.ok(Math.min(seen.failed, seen.whole) > 20, JSON.stringify(seen));
  t.end();
});

t.test(
  'law: the same at the boundary of a limit: so many bytes fit, and one more does not',
  (t) => {
    const count = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 70_000 }),
        count,
        delivery,
        cuts,
        (size, many, how, at) => {
          const bytes = Buffer.alloc(size, 'x');
          const list = cutAt(
            bytes,
            Array.from({ length: many - 1 }, (_, index) => index + 1),
          ).map(
            (payload, index): FrameToEncode => ({
              opcode: index === 0 ? OPCODE.binary : OPCODE.continuation,
              fin: index === many - 1,
              payload,
            }),
          );
          const codes = [size, size - 1].map((maxMessageBytes) => {
            const limits = { maxMessageBytes, maxFragments: many };
            return assemble(cut(wireOf(list, 'client'), at), 'client', how, limits).reports.at(-1);
          });
          assert.deepEqual(codes, [`binary ${bytes.toString('hex')}`, 'failed message-too-large']);
          const few = { maxMessageBytes: size, maxFragments: Math.max(1, many - 1) };
          const { reports } = assemble(cut(wireOf(list, 'client'), at), 'client', how, few);
          const isOver = many > few.maxFragments;
          assert.equal(reports.at(-1) === 'failed too-many-fragments', isOver);
        },
      ),
      runs(30),
    );
    t.pass('no counterexample');
    t.end();
  },
);

/** A message in fragments: compressed as a whole, and cut anywhere. */
function compressedFrames(bytes: Buffer, isText: boolean, cuts: readonly number[]) {
  const pieces = cutAtShares(packed(bytes), cuts);
  return pieces.map((payload, index): FrameToEncode => {
    const [isFirst, fin] = [index === 0, index === pieces.length - 1];
    const type = isText ? OPCODE.text : OPCODE.binary;
    return isFirst
      ? { opcode: type, rsv: 4, fin, payload }
      : { opcode: OPCODE.continuation, fin, payload };
  });
}

t.test('law: all fragments of a compressed message together may have so many bytes', (t) => {
  const contents = fc.oneof(
    fc.tuple(fc.integer({ min: 1, max: 9000 }), fc.nat()).map(([size, seed]) => ({
      isText: false,
      bytes: halfRandom(size, seed),
    })),
    fc.integer({ min: 1, max: 70_000 }).map((size) => ({
      isText: true,
      bytes: Buffer.alloc(size, 'so many bytes, '),
    })),
  );
  let cutUp = 0;
  fc.assert(
    fc.property(
      contents,
      shares,
      role,
      delivery,
      cuts,
      ({ isText, bytes }, at, to, how, places) => {
        const list = compressedFrames(bytes, isText, at);
        if (list.length > 1) cutUp += 1;
        const wire = cut(wireOf([...list, ...list], to), places);
        const ask = (maxMessageBytes: number): readonly string[] => {
          const limits = { maxMessageBytes, maxFragments: 10 };
          const codec = new MessageCodec(to, DEFAULTS, { zlib: 'handle' });
          const { reports, mostHeld, mostDelivered } = assemble(wire, to, how, limits, codec);
          codec.close();
          assert.ok(mostDelivered <= maxMessageBytes, `${mostDelivered} bytes are delivered`);
          assert.ok(mostHeld <= 64 + 2 * maxMessageBytes, `${mostHeld} bytes are held`);
          return reports;
        };
        const said = isText ? `text ${bytes}` : `binary ${bytes.toString('hex')}`;
        assert.deepEqual(ask(bytes.length), [said, said]);
        assert.deepEqual(ask(bytes.length - 1), ['failed message-too-large']);
      },
    ),
    runs(120),
  );
  t.ok(cutUp > 40, `${cutUp} in fragments`);
  t.end();
});
