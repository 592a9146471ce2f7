import { encodeFrame, FrameReader, lendReadMemory, setMaskingStrategy } from 'barewire/codec';
import t from 'tap';
import { payloadSimd, READ_AT, SLAB_BYTES, TEXT_AT } from '../../lib/codec/payload-simd.ts';
import { memoryAround } from '../../lib/codec/read-memory.ts';
import { needsFastPath } from '../support/fast-paths.ts';
import { FrameLog } from '../support/frame-log.ts';

t.teardown(() => setMaskingStrategy('auto'));

t.test('lends the same memory to everybody', (t) => {
  t.equal(lendReadMemory().length, 65_536);
  t.equal(lendReadMemory(), lendReadMemory());
  t.end();
});

t.test('lends what lies in the module', needsFastPath('read-memory'), (t) => {
  const { memory, mask } = payloadSimd()!;
  const lent = lendReadMemory();
  t.equal(lent.buffer, memory.buffer);
  t.equal(lent.byteOffset, READ_AT);
  const around = memoryAround(lent.subarray(3, 5));
  t.equal(around?.bytes, memory);
  t.equal(around?.mask, mask);
  t.equal(around?.givenAway, undefined);
  t.end();
});

t.test('knows no memory around what lies elsewhere, or when SIMD is not wanted', (t) => {
  t.equal(memoryAround(Buffer.alloc(10)), undefined);
  setMaskingStrategy('words');
  t.equal(memoryAround(lendReadMemory().subarray(0, 5)), undefined);
  setMaskingStrategy('auto');
  t.end();
});

/** Reads a frame of 64 bytes that lies there. */
function readThere(options: { ownsInput?: boolean; givesInput?: boolean }): {
  log: FrameLog;
  isChanged: boolean;
} {
  const payload = Buffer.alloc(64, 'abc');
  const frame = encodeFrame({ opcode: 2, payload, maskingKey: 0x01020304 });
  const memory = lendReadMemory();
  memory.set(frame);
  const log = new FrameLog();
  new FrameReader(log, { role: 'server', ...options }).receive(memory.subarray(0, frame.length));
  return { log, isChanged: !memory.subarray(0, frame.length).equals(frame) };
}

t.test('is written to by a reader that may, and by no other', (t) => {
  const wanted = Buffer.alloc(64, 'abc').toString('hex');
  const owned = readThere({ ownsInput: true });
  t.equal(owned.log.frames[0]?.payload, wanted);
  const plain = readThere({});
  t.equal(plain.log.frames[0]?.payload, wanted);
  t.notOk(plain.isChanged);
  t.end();
});

t.test('saves the copy', needsFastPath('read-memory'), (t) => {
  t.ok(readThere({ ownsInput: true }).isChanged, 'the mask was taken off in place');
  t.end();
});

t.test('does not overlap with what the module works in', needsFastPath('read-memory'), (t) => {
  const { memory, decode, narrow } = payloadSimd()!;
  const lent = lendReadMemory().fill(0x7e);
  memory.fill(0x61, 0, SLAB_BYTES);
  const units = decode(0, SLAB_BYTES, TEXT_AT);
  narrow(TEXT_AT, units);
  t.equal(units, SLAB_BYTES);
  t.ok(lent.equals(Buffer.alloc(SLAB_BYTES, 0x7e)));
  t.end();
});
