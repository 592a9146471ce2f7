import { encodeFrameInto, maxEncodedFrameLength, OPCODE } from 'barewire/codec';
import t from 'tap';
import { detach } from '../support/memory.ts';

const KEY = 0x37fa213d;
const KEPT = new ArrayBuffer(4);
const INVALID = { code: 'invalid-argument' };
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

t.test('writes at an offset and says how much', (t) => {
  const target = Buffer.alloc(40, 0xaa);
  t.equal(encodeFrameInto(target, 3, OPCODE.text, true, 0, 'Hello', undefined), 7);
  t.same(target.subarray(0, 10), bytes('aaaaaa 8105 48656c6c6f'));
  t.equal(encodeFrameInto(target, 0, OPCODE.text, true, 0, Buffer.from('Hello'), KEY), 11);
  t.same(target.subarray(0, 11), bytes('8185 37fa213d 7f9f4d5158'));
  t.equal(encodeFrameInto(target, 1, OPCODE.binary, false, 4, '', undefined), 2);
  t.same(target.subarray(1, 3), bytes('4200'));
  t.end();
});

t.test('needs the room it asks for, and for bytes no byte more', (t) => {
  for (const length of [0, 1, 39, 40, 41, 125, 126, 400, 65_535, 65_536]) {
    for (const key of [undefined, KEY]) {
      const payload = Buffer.alloc(length, 0x41);
      const room = maxEncodedFrameLength(payload, key !== undefined);
      const exact = Buffer.alloc(room);
      t.equal(encodeFrameInto(exact, 0, OPCODE.binary, true, 0, payload, key), room);
      const short = Buffer.alloc(room - 1);
      t.throws(() => encodeFrameInto(short, 0, OPCODE.binary, true, 0, payload, key), {
        code: 'invalid-argument',
      });
    }
  }
  t.end();
});

t.test('writes text of any width within the room it asks for', (t) => {
  for (const character of ['a', 'é', '語', '😀', '\ud800']) {
    for (const count of [
      0, 1, 13, 14, 20, 21, 31, 32, 40, 41, 42, 62, 63, 125, 126, 4000, 33_000,
    ]) {
      const text = character.repeat(count);
      const expected = Buffer.from(text);
      const target = Buffer.alloc(maxEncodedFrameLength(text, false));
      const size = encodeFrameInto(target, 0, OPCODE.text, true, 0, text, undefined);
      const headerLength = expected.length < 126 ? 2 : expected.length < 65_536 ? 4 : 10;
      if (!target.subarray(headerLength, size).equals(expected)) t.fail(`${character} × ${count}`);
      t.equal(size, headerLength + expected.length);
    }
  }
  t.end();
});

t.test('writes every character next to ASCII as what it is', (t) => {
  for (let code = 0; code < 0x180; code += 1) {
    for (const text of [String.fromCharCode(code), `\0${String.fromCharCode(code)}`]) {
      const target = Buffer.alloc(200);
      const size = encodeFrameInto(target, 0, OPCODE.text, true, 0, text, undefined);
      t.same(target.subarray(2, size), Buffer.from(text), `U+${code.toString(16)}`);
    }
  }
  t.end();
});

t.test('never sends a part of a text: it fits or it throws', (t) => {
  for (const text of ['a'.repeat(50), 'é'.repeat(70), '語'.repeat(42), '語'.repeat(30_000)]) {
    const frame = Buffer.alloc(maxEncodedFrameLength(text, true));
    const size = encodeFrameInto(frame, 0, OPCODE.text, true, 0, text, KEY);
    const outcomes = new Set<string>();
    for (const room of [0, 1, 7, 50, size - 6, size - 3, size - 2, size - 1, size, size + 4]) {
      const target = Buffer.alloc(room);
      try {
        const written = encodeFrameInto(target, 0, OPCODE.text, true, 0, text, KEY);
        t.same(target.subarray(0, written), frame.subarray(0, size), `${room} of ${size}`);
        outcomes.add('whole');
      } catch (error) {
        t.match(error, { code: 'invalid-argument' });
        t.ok(room < size + 4);
        outcomes.add('refused');
      }
    }
    t.same([...outcomes].sort(), ['refused', 'whole']);
  }
  t.end();
});

t.test('writes short frames in a loop as it writes them where there is no room for it', (t) => {
  const lengths = [0, 1, 2, 38, 39, 40, 41, 42];
  const payloads = lengths.flatMap((length) => {
    const text = 'abcdefg'.repeat(6).slice(0, length);
    return [
      text,
      Buffer.from(text),
      text.replace(/^a/, 'é'),
      Buffer.from(text).map((byte) => ~byte),
    ];
  });
  for (const payload of payloads) {
    for (const [fin, rsv, opcode] of [
      [true, 0, OPCODE.text],
      [false, 4, OPCODE.binary],
      [false, 0, OPCODE.continuation],
      [true, 7, 15],
    ] as const) {
      for (const key of [undefined, 0, KEY, 0xffffffff]) {
        // The loop wants room for the longest short frame; the other way takes what it needs.
        const tight = Buffer.alloc(maxEncodedFrameLength(Buffer.from(payload), key !== undefined));
        const roomy = Buffer.alloc(200, 0xaa);
        const size = encodeFrameInto(tight, 0, opcode, fin, rsv, payload, key);
        t.equal(encodeFrameInto(roomy, 7, opcode, fin, rsv, payload, key), size);
        t.same(roomy.subarray(7, 7 + size), tight.subarray(0, size), `${payload}`);
        t.same(roomy.subarray(0, 7), Buffer.alloc(7, 0xaa));
        t.equal(roomy[0 + 7], (fin ? 0x80 : 0) | (rsv << 4) | opcode);
      }
    }
  }
  t.end();
});

t.test('measures and writes nothing but text and bytes', (t) => {
  const gone = new Uint8Array(8);
  detach(gone.buffer);
  for (const payload of [5, null, undefined, [1], {}, new Uint16Array(4), new DataView(KEPT)]) {
    t.throws(() => maxEncodedFrameLength(payload as Uint8Array, true), INVALID);
  }
  const target = Buffer.alloc(100);
  for (const payload of [5, null, undefined, [1], {}, new Uint16Array(4), KEPT, gone]) {
    const write = (): number =>
      encodeFrameInto(target, 0, OPCODE.binary, true, 0, payload as Uint8Array, undefined);
    t.throws(write, INVALID);
  }
  t.same(target, Buffer.alloc(100));
  t.end();
});
