import { encodeSoleFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import { passesPlainly } from '../support/fast-paths.ts';

const KEY = 0x01020304;

t.test('gives exactly the bytes of the frame, and memory of its own', (t) => {
  const first = encodeSoleFrame(OPCODE.text, true, 0, 'héllo', undefined);
  const second = encodeSoleFrame(OPCODE.text, true, 0, 'world', KEY);
  t.same(first, Buffer.from('810668c3a96c6c6f', 'hex'));
  t.same(second, Buffer.from('818501020304766d716865', 'hex'));
  t.equal(first.buffer.byteLength, first.length, 'nothing of other frames lies around it');
  t.equal(second.buffer.byteLength, second.length);
  const payload = Buffer.from('bytes');
  const third = encodeSoleFrame(OPCODE.binary, true, 0, payload, undefined);
  payload.fill(0);
  t.equal(third.subarray(2).toString(), 'bytes');
  t.end();
});

t.test('lies in the memory that is offered, if it fits', (t) => {
  for (const payload of ['x'.repeat(100), Buffer.alloc(100, 'x')]) {
    for (const key of [undefined, KEY]) {
      const expected = encodeSoleFrame(OPCODE.binary, true, 0, payload, key);
      const { length } = expected;
      for (const [offered, isUsed] of [
        [length - 1, false],
        [length, true],
        [length + 1, true],
        [4 * length, true],
        [4 * length + 1, false],
      ] as const) {
        const memory = Buffer.alloc(offered, 0xff);
        const frame = encodeSoleFrame(OPCODE.binary, true, 0, payload, key, memory);
        t.ok(frame.equals(expected));
        t.equal(frame.buffer === memory.buffer, isUsed, `${offered} bytes for ${length}`);
        const rest = memory.subarray(isUsed ? length : 0);
        t.ok(rest.equals(Buffer.alloc(rest.length, 0xff)), 'nothing else is written');
      }
    }
  }
  t.end();
});

t.test('writes long texts of any width', (t) => {
  for (const character of ['a', 'é', '語', '😀']) {
    for (const count of [70_000, 300_000, 1_100_000]) {
      const text = character.repeat(count);
      const frame = encodeSoleFrame(OPCODE.text, true, 0, text, undefined);
      const expected = Buffer.from(text);
      t.equal(frame.readBigUInt64BE(2), BigInt(expected.length));
      t.ok(frame.subarray(10).equals(expected), `${character} × ${count}`);
    }
  }
  t.end();
});

t.test('refuses what is neither text nor bytes', (t) => {
  for (const payload of [5, null, undefined, [1], {}] as unknown[]) {
    t.throws(() => encodeSoleFrame(OPCODE.binary, true, 0, payload as Uint8Array, undefined), {
      code: 'invalid-argument',
    });
  }
  t.end();
});

passesPlainly(t, import.meta.url);
