/**
 * The law of the outbox: whoever shares the slab, and whether the transports hold what they were
 * given or not, each connection's frames leave whole, in order, and never change again.
 */
import { encodeFrame } from 'barewire/codec';
import { Outbox } from 'barewire/connection';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

const OUTBOXES = 3;
/** Around what is copied, what shares the slab, and what is more than the slab. */
const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.nat(200) },
  { weight: 2, arbitrary: fc.constantFrom(125, 126, 4096, 4097, 16_384, 16_385, 30_000) },
  { weight: 1, arbitrary: fc.constantFrom(65_522, 65_536, 70_000) },
);
const which = fc.nat(OUTBOXES - 1);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('text', 'bytes', 'umlauts', 'encoded'),
      which,
      size: sizes,
    }),
  },
  // The same frames for everybody, once or several times in a turn.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('shared'), which, size: fc.nat(3) }) },
  // A turn of nothing but up to three of them: joined, and what was joined is remembered.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn'), which, size: fc.nat(26) }) },
  // The transport lets go of the bytes at once, or holds them for good.
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flush'), which, size: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear'), which, size: fc.constant(0) }) },
);

/** One connection: what must come out of its outbox, and what has. */
class Line {
  readonly outbox: Outbox;
  waiting: Buffer[] = [];
  /** What the transport holds: the memory itself, and what it said when it came. */
  readonly held: { readonly bytes: Buffer; readonly copy: Buffer }[] = [];
  #key = 0;

  constructor(isClient: boolean) {
    this.outbox = new Outbox(isClient ? () => this.#takeKey() : undefined);
    this.maskingKey = isClient ? () => this.#key : () => undefined;
  }

  /** The key of the frame that was encoded last. */
  readonly maskingKey: () => number | undefined;

  #takeKey(): number {
    this.#key = (Math.imul(this.#key, 5) + 0x1234_5679) >>> 0;
    return this.#key;
  }

  append(opcode: 1 | 2, payload: string | Buffer): void {
    // What the outbox keeps by reference must not change, so nobody changes it.
    this.outbox.append(opcode, true, 0, payload);
    this.waiting.push(encodeFrame({ opcode, payload, maskingKey: this.maskingKey() }));
  }

  appendShared(frames: Buffer): void {
    this.outbox.appendShared(frames);
    this.waiting.push(frames);
  }

  flush(isFreed: boolean): void {
    const parts: Buffer[] = [];
    let isMore = true;
    this.outbox.flush({
      take: (bytes, hasMore) => {
        if (!isMore) throw new Error('more came than was said');
        isMore = hasMore;
        const copy = Buffer.from(bytes);
        parts.push(copy);
        if (!isFreed) this.held.push({ bytes, copy });
        return isFreed;
      },
    });
    if (!Buffer.concat(parts).equals(Buffer.concat(this.waiting))) throw new Error('other bytes');
    if (parts.length > 0 && isMore) throw new Error('less came than was said');
    this.waiting = [];
  }

  check(): void {
    const bytes = this.waiting.reduce((sum, { length }) => sum + length, 0);
    if (this.outbox.length !== bytes) throw new Error(`${this.outbox.length} of ${bytes} bytes`);
    const isChanged = this.held.some(({ bytes: now, copy }) => !now.equals(copy));
    if (isChanged) throw new Error('bytes that the transport holds have changed');
  }
}

const SHARED = encodeFrame({ opcode: 1, payload: 'shared' });
const nested = fc.record({
  kind: fc.constantFrom('append', 'shared', 'flush'),
  which,
  size: sizes,
  isFreed: fc.boolean(),
});

t.test('law: so they do when who takes them sends and flushes meanwhile', (t) => {
  fc.assert(
    fc.property(fc.array(nested, { maxLength: 40, size: 'max' }), (steps) => {
      const script = [...steps];
      const lines = Array.from({ length: OUTBOXES }, (_, index) => ({
        outbox: new Outbox(index === 2 ? () => 0x0102_0304 : undefined),
        maskingKey: index === 2 ? 0x0102_0304 : undefined,
        wanted: [] as Buffer[],
        came: [] as Buffer[],
      }));
      const held: { readonly bytes: Buffer; readonly copy: Buffer }[] = [];
      const run = (step: (typeof steps)[number]): void => {
        const { outbox, maskingKey, wanted, came } = lines[step.which]!;
        // What many send is not masked, and comes from servers alone.
        if (step.kind === 'shared' && maskingKey === undefined) {
          outbox.appendShared(SHARED);
          wanted.push(SHARED);
          return;
        }
        if (step.kind !== 'flush') {
          const letter = String.fromCharCode(97 + (script.length % 26));
          const isText = step.size % 2 === 0;
          const payload = isText ? letter.repeat(step.size) : Buffer.alloc(step.size, letter);
          outbox.append(2, true, 0, payload);
          wanted.push(encodeFrame({ opcode: 2, payload, maskingKey }));
          return;
        }
        outbox.flush({
          take: (bytes) => {
            const copy = Buffer.from(bytes);
            came.push(copy);
            if (!step.isFreed) held.push({ bytes, copy });
            for (let count = 0; count < 2 && script.length > 0; count += 1) run(script.shift()!);
            return step.isFreed;
          },
        });
      };
      while (script.length > 0) run(script.shift()!);
      for (const [which, { outbox, wanted, came }] of lines.entries()) {
        while (outbox.length > 0) run({ kind: 'flush', which, size: 0, isFreed: true });
        if (!Buffer.concat(came).equals(Buffer.concat(wanted))) throw new Error('other bytes');
      }
      const isChanged = held.some(({ bytes, copy }) => !bytes.equals(copy));
      if (isChanged) throw new Error('bytes that the transport holds have changed');
    }),
    runs(200),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: frames leave whole and in order, and what is held never changes', (t) => {
  const shared = ['one', 'two', 'three', 'x'.repeat(20_000)].map((payload) =>
    encodeFrame({ opcode: 1, payload }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50, size: 'max' }), (steps) => {
      const lines = Array.from({ length: OUTBOXES }, (_, index) => new Line(index === 2));
      for (const [index, { kind, which, size }] of steps.entries()) {
        const line = lines[which]!;
        const letter = String.fromCharCode(97 + (index % 26));
        if (kind === 'text') line.append(1, letter.repeat(size));
        else if (kind === 'umlauts') line.append(1, 'ü€'.repeat(size / 5));
        else if (kind === 'bytes') line.append(2, Buffer.alloc(size, letter));
        else if (kind === 'flush') line.flush(size === 1);
        else if (kind === 'turn') {
          line.flush(true);
          const turn = [size % 3, Math.floor(size / 3) % 3, Math.floor(size / 9)];
          for (const frame of turn.slice(size % 2)) line.appendShared(shared[frame]!);
          line.flush(true);
        } else if (kind === 'clear') {
          line.outbox.clear();
          line.waiting = [];
        } else {
          const frames = kind === 'shared' ? shared[size]! : Buffer.alloc(size, letter);
          if (kind === 'shared') line.appendShared(frames);
          else {
            line.outbox.appendEncoded(frames);
            line.waiting.push(frames);
          }
        }
        for (const each of lines) each.check();
      }
      for (const line of lines) line.flush(true);
      for (const line of lines) line.check();
    }),
    runs(200),
  );
  t.pass('no counterexample');
  t.end();
});
