import assert from 'node:assert/strict';
import { ProtocolError } from 'barewire/base';
import { FrameReader, type FrameToEncode, setMaskingStrategy } from 'barewire/codec';
import t from 'tap';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { anyBytes, concat, legalFrames } from '../support/frame-arbitraries.ts';
import { FrameLog, readFrames } from '../support/frame-log.ts';
import { cuts, readPaused, settings } from '../support/frame-reading.ts';
import { runs } from '../support/laws.ts';
import { decodeNaively } from '../support/naive-frames.ts';

t.teardown(() => setMaskingStrategy('auto'));

t.test('reports what the naive decoder does, however it is fed, paused and tuned', (t) => {
  fc.assert(
    fc.property(
      anyBytes,
      fc.constantFrom('client' as const, 'server' as const),
      settings,
      cuts,
      fc.array(fc.nat(20), { maxLength: 6 }),
      (input, role, { strategy, ...options }, offsets, pauses) => {
        setMaskingStrategy(strategy);
        const expected = decodeNaively(input, { role, ...options });
        const { log, reader, changed } = readPaused(
          input,
          { role, ...options },
          offsets,
          new Set(pauses),
        );
        assert.deepEqual(log.failures, expected.failures);
        assert.deepEqual(log.frames, expected.frames);
        assert.equal(log.misuse, undefined);
        assert.equal(reader.waitingBytes, 0);
        assert.equal(reader.isInsideMessage, log.isInsideMessage);
        assert.ok(!changed || options.ownsInput || options.givesInput, 'wrote to the input');
      },
    ),
    runs(500),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('reads what was written, for both roles [6455-5.4-10 6455-5.6-4]', (t) => {
  const streams = fc
    .boolean()
    .chain((masked) => fc.tuple(fc.constant(masked), legalFrames(masked, { rsv1: true })));
  fc.assert(
    fc.property(streams, settings, cuts, ([masked, frames], { strategy, ...options }, offsets) => {
      setMaskingStrategy(strategy);
      const role = masked ? 'server' : 'client';
      const limits = { maxFrameBytes: 70_000, allowRsv1: true };
      const { log } = readPaused(
        concat(frames),
        { role, ...options, ...limits },
        offsets,
        new Set(),
      );
      assert.deepEqual(log.failures, []);
      assert.deepEqual(
        log.frames.map(({ opcode, fin, rsv, payload }) => [opcode, fin, rsv, payload]),
        frames.map(({ opcode, fin = true, rsv = 0, payload }) => [
          opcode,
          fin,
          rsv,
          Buffer.from(payload as Buffer).toString('hex'),
        ]),
      );
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('delivers the payload of a control frame in one piece', (t) => {
  fc.assert(
    fc.property(legalFrames(true), cuts, (frames, offsets) => {
      const { log } = readPaused(concat(frames), { role: 'server' }, offsets, new Set());
      const pieces = log.frames.flatMap(({ opcode, payload }, index) =>
        opcode >= 8 && payload !== '' ? [log.pieces[index]] : [],
      );
      return pieces.every((count) => count === 1);
    }),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('survives a sink that feeds other readers from inside', (t) => {
  const role = 'server';
  const rules = { role, maxFrameBytes: 2 ** 24 } as const;
  const law = (frames: FrameToEncode[], others: FrameToEncode[], offsets: number[]): void => {
    // Frames in frames: the payloads of the outer stream are pieces of the inner one.
    const [inner, other] = [concat(frames), concat(others)];
    const outer = concat(
      cutAt(inner, offsets).map((payload) => ({ opcode: 2, payload, maskingKey: 0x11223344 })),
    );
    const [innerLog, outerLog] = [new FrameLog(), new FrameLog()];
    const innerReader = new FrameReader(innerLog, { role });
    const expected = decodeNaively(other, rules).frames;
    const outerReader = new FrameReader(
      {
        frame: (header) => outerLog.frame(header),
        payload(bytes, start, end, onlyAscii) {
          innerReader.receive(bytes.subarray(start, end));
          // It may be longer than what the outer reader has come to: that must stay as it is.
          assert.deepEqual(readFrames([other], { role }).frames, expected);
          outerLog.payload(bytes, start, end, onlyAscii);
        },
        frameEnd: () => outerLog.frameEnd(),
        failed: (error) => outerLog.failed(error),
      },
      { role },
    );
    for (const chunk of cutAt(outer, offsets)) outerReader.receive(chunk);
    for (const [log, stream] of [[innerLog, inner] as const, [outerLog, outer] as const]) {
      assert.deepEqual(log.frames, decodeNaively(stream, rules).frames);
      assert.deepEqual([log.failures, log.misuse], [[], undefined]);
    }
  };
  fc.assert(fc.property(legalFrames(true), legalFrames(true), cuts, law), runs(100));
  t.pass('no counterexample');
  t.end();
});

/** What a sink may do that ends the reading, and what becomes of the reader. */
const ENDINGS = {
  stop: { state: 'stopped', failures: [] },
  'find a fault': { state: 'failed', failures: ['text-not-utf8'] },
  'have a bug': { state: 'stopped', failures: [] },
  'stop and find a fault': { state: 'failed', failures: [] },
} as const;

t.test('reports what came before an end that the sink makes, and nothing after it', (t) => {
  type Ending = keyof typeof ENDINGS;
  const endings = fc.constantFrom(...(Object.keys(ENDINGS) as Ending[]));
  const law = (frames: Buffer, offsets: readonly number[], last: number, ending: Ending): void => {
    const calls: string[] = [];
    const end = (): void => {
      // It waits, and must not do so for ever.
      reader.receive(Buffer.of(0x82));
      if (ending.startsWith('stop')) reader.stop();
      if (ending.endsWith('fault')) throw new ProtocolError('text-not-utf8');
      if (ending === 'have a bug') throw new RangeError('mine');
    };
    const call = (name: string): void => {
      calls.push(name);
      if (calls.length === last) end();
    };
    const failures: string[] = [];
    const reader = new FrameReader(
      {
        frame: () => call('frame'),
        payload: () => call('payload'),
        frameEnd: () => call('frameEnd'),
        failed: ({ code }) => void failures.push(code),
      },
      { role: 'client' },
    );
    let thrown = 0;
    for (const chunk of cutAt(frames, offsets)) {
      try {
        reader.receive(chunk);
      } catch (error) {
        assert.ok(error instanceof RangeError);
        thrown += 1;
      }
      reader.resume();
    }
    const hasEnded = calls.length === last;
    assert.ok(calls.length <= last, 'a call came after the end');
    assert.equal(reader.state, hasEnded ? ENDINGS[ending].state : 'reading');
    assert.deepEqual(failures, hasEnded ? ENDINGS[ending].failures : []);
    assert.equal(thrown, hasEnded && ending === 'have a bug' ? 1 : 0);
    assert.equal(reader.waitingBytes, 0);
  };
  fc.assert(
    fc.property(
      legalFrames(false).map((frames) => concat(frames)),
      cuts,
      fc.integer({ min: 1, max: 12 }),
      endings,
      law,
    ),
    runs(300),
  );
  t.pass('no counterexample');
  t.end();
});
