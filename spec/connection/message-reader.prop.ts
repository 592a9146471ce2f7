/** Whoever reads with lent readers is told what a reader of its own would tell. */
import assert from 'node:assert/strict';
import { ProtocolError } from 'barewire/base';
import { encodeFrame } from 'barewire/codec';
import { type ConnectionDeflate, MessageReaders } from 'barewire/connection';
import t from 'tap';
import { End } from '../support/connection-pair.ts';
import { fc } from '../support/fast-check.ts';
import { passesPlainly } from '../support/fast-paths.ts';
import { runs } from '../support/laws.ts';

const KINDS = ['whole', 'pieces', 'inflated', 'inflated pieces', 'owned', 'small'] as const;

/** One of several connections, by its number, does something or gets its next bytes. */
interface Step {
  readonly who: number;
  readonly act: 'feed' | 'pause' | 'resume' | 'close' | 'inflate' | 'ping';
  /** Bytes to feed. */
  readonly length: number;
  /** What whoever is told something meanwhile does first. */
  readonly within: 'nothing' | 'pause' | 'pause and resume' | 'close';
  /** Then it goes on with the next steps, of others, at once. */
  readonly nests: boolean;
}

interface Case {
  readonly kinds: readonly (typeof KINDS)[number][];
  readonly streams: readonly Buffer[];
  readonly steps: readonly Step[];
}

/** Inflates by turning bytes round, at once or when it is told to. */
class Inflater implements ConnectionDeflate {
  readonly waiting: (() => void)[] = [];
  #count = 0;

  decompress(
    payload: Uint8Array,
    _fin: boolean,
    maxBytes: number,
    done: (error: ProtocolError | undefined, bytes: Buffer) => void,
    working: (isWorking: boolean) => void,
  ): void {
    const bytes = Buffer.from(payload).reverse();
    const error = bytes.length > maxBytes ? new ProtocolError('message-too-large') : undefined;
    this.#count += 1;
    if (this.#count % 3 === 0) return done(error, bytes);
    working(true);
    this.waiting.push(() => done(error, bytes));
  }
  compress(payload: Uint8Array, _fin: boolean, done: (error: undefined, bytes: Buffer) => void) {
    done(undefined, Buffer.from(payload));
  }
  beginTurn(): void {}
  releaseIdle(): void {}
  breakContext(): void {}
  close(): void {
    this.waiting.length = 0;
  }
}

/** A server's connection that notes what it is told, and tells when that was. */
class Noted extends End {
  readonly inflater: Inflater | undefined;
  told: () => void = () => {};

  constructor(kind: (typeof KINDS)[number]) {
    const inflater = kind.startsWith('inflated') ? new Inflater() : undefined;
    super(
      { nowMs: 0 },
      {
        role: 'server',
        delivery: kind.endsWith('pieces') ? 'pieces' : 'message',
        deflate: inflater,
        ownsInput: kind === 'owned',
        ...(kind === 'small' ? { maxFrameBytes: 20, maxMessageBytes: 30, maxFragments: 3 } : {}),
      },
    );
    this.inflater = inflater;
  }

  override message(data: string | Buffer): void {
    super.message(data);
    this.told();
  }
  override messagePiece(piece: string | Buffer): void {
    super.messagePiece(piece);
    this.told();
  }
  override ping(payload: Buffer): void {
    super.ping(payload);
    this.told();
  }
  override wantsInput(isWanted: boolean): void {
    super.wantsInput(isWanted);
    this.seen.push(['wanted', isWanted]);
  }
}

const frames = fc
  .record({
    opcode: fc.constantFrom(0, 0, 0, 1, 1, 2, 8, 9),
    fin: fc.boolean(),
    rsv: fc.constantFrom(0, 0, 4),
    payload: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    ),
    maskingKey: fc.nat(0xffffffff),
  })
  .map((frame) => encodeFrame(frame, { allowIllegal: true }));

/** Messages of one to three frames, with a ping between them: legal ones, so that streams go on. */
const messages = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(0, 4),
    fc.nat(0xffffffff),
  )
  .map(([kind, pieces, rsv, maskingKey]) =>
    Buffer.concat(
      pieces.flatMap((payload, index) => {
        const [opcode, fin] = [index === 0 ? kind : 0, index === pieces.length - 1];
        const first = { opcode, fin, payload, maskingKey, rsv: index === 0 ? rsv : 0 };
        return [first, { opcode: 9, payload: 'p', maskingKey }].map((frame) =>
          encodeFrame(frame, { allowIllegal: true }),
        );
      }),
    ),
  );

const streams = fc
  .array(fc.oneof({ weight: 8, arbitrary: messages }, frames), { minLength: 1, maxLength: 6 })
  .map((list) => Buffer.concat(list));

const cases: fc.Arbitrary<Case> = fc.integer({ min: 2, max: 4 }).chain((count) =>
  fc.record({
    kinds: fc.array(fc.constantFrom(...KINDS), { minLength: count, maxLength: count }),
    streams: fc.array(streams, { minLength: count, maxLength: count }),
    steps: fc.array(
      fc.record({
        who: fc.nat(count - 1),
        act: fc.constantFrom(
          ...(['feed', 'feed', 'feed', 'feed', 'feed', 'pause', 'resume', 'resume'] as const),
          ...(['inflate', 'inflate', 'ping', 'close'] as const),
        ),
        length: fc.oneof(fc.nat(12), fc.nat(120)),
        within: fc.constantFrom(
          ...(['nothing', 'nothing', 'pause', 'pause and resume', 'pause and resume'] as const),
          ...(['nothing', 'nothing', 'nothing', 'close'] as const),
        ),
        nests: fc.boolean(),
      }),
      { maxLength: 50 },
    ),
  }),
);

/** Runs the steps of some connections, and returns what each of them was told and has written. */
function run({ kinds, streams, steps }: Case, isPlaying: (who: number) => boolean): unknown[] {
  const ends = kinds.map((kind) => new Noted(kind));
  const fed = kinds.map(() => 0);
  const busy = new Set<number>();
  const ahead = steps.filter(({ who }) => isPlaying(who));

  function goOn(): void {
    // Its own turn comes when it has returned.
    while (ahead.length > 0 && !busy.has(ahead[0]!.who)) take(ahead.shift()!);
  }

  function take({ who, act, length, within, nests }: Step): void {
    const end = ends[who]!;
    end.told = () => {
      if (within.startsWith('pause')) end.connection.pause();
      if (within === 'pause and resume') end.connection.resume();
      if (within === 'close') end.connection.close();
      if (nests) goOn();
    };
    busy.add(who);
    if (act === 'feed') {
      const bytes = streams[who]!.subarray(fed[who]!, fed[who]! + length);
      fed[who]! += bytes.length;
      end.connection.receive(Buffer.from(bytes));
    } else if (act === 'inflate') end.inflater?.waiting.shift()?.();
    else end.connection[act]();
    busy.delete(who);
  }

  goOn();
  return ends.map((end, who) => {
    if (!isPlaying(who)) return undefined;
    const output = end.takeOutput().toString('hex');
    end.connection.transportClosed();
    const { error, ...report } = end.report!;
    return { seen: end.seen, output, counters: end.connection.counters, report, code: error?.code };
  });
}

/** The plain path: each connection keeps the reader that it got first. */
function withOwnReaders(run: () => unknown[]): unknown[] {
  const { takeBack } = MessageReaders.prototype;
  MessageReaders.prototype.takeBack = () => false;
  try {
    return run();
  } finally {
    MessageReaders.prototype.takeBack = takeBack;
  }
}

t.test('tells each connection what it is told when it is alone', (t) => {
  fc.assert(
    fc.property(cases, (all) => {
      const together = run(all, () => true);
      for (const who of all.kinds.keys()) {
        const alone = withOwnReaders(() => run(all, (other) => other === who));
        assert.deepEqual(together[who], alone[who]);
      }
    }),
    runs(1500),
  );
  t.pass('no counterexample');
  t.end();
});

passesPlainly(t, import.meta.url);
