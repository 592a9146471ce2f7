import { hasFastPath } from 'barewire/base';
import { encodeFrame, type FrameRules, OPCODE, setMaskingStrategy } from 'barewire/codec';
import t from 'tap';
import { FrameParser, type ParserInput } from '../../lib/codec/frame-parser.ts';
import { Scratch } from '../../lib/codec/scratch.ts';
import { passesPlainly } from '../support/fast-paths.ts';
import { feedings } from '../support/feeding.ts';
import { FrameLog } from '../support/frame-log.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const RULES: FrameRules = { role: 'server', allowRsv1: false, maxFrameBytes: 5000 };
const CLIENT: FrameRules = { ...RULES, role: 'client' };
const IS_FAST = hasFastPath('frame-parser');

const input = (memory: Buffer, givenAway?: Buffer, base = 0): ParserInput => ({
  bytes: memory,
  mask: undefined,
  givenAway,
  base,
});

t.test('says how far it came, and knows what is missing', (t) => {
  const log = new FrameLog();
  const parser = new FrameParser(log, RULES);
  const memory = bytes('ee 0282 01020304 6063 ee');
  t.equal(parser.parse(input(memory), 1, 2), 2);
  t.equal(parser.isInsideFrame, true, 'one byte of a header');
  t.equal(parser.isInsideMessage, false);
  t.equal(parser.parse(input(memory), 2, 7), 7);
  t.equal(log.frames.length, 1);
  t.equal(parser.isInsideMessage, true);
  t.equal(parser.parse(input(memory), 7, 9), 9);
  t.same(log.frames[0]?.payload, '6161');
  t.equal(parser.isInsideFrame, false);
  t.equal(parser.isInsideMessage, true);
  t.equal(parser.isAtFrameEnd, false);
  t.end();
});

t.test('returns before the next thing to deliver when it is halted', (t) => {
  const log = new FrameLog();
  const parser = new FrameParser(log, CLIENT);
  const memory = bytes('8100 8101 61');
  parser.isHalted = true;
  t.equal(parser.parse(input(memory), 0, 5), 0);
  t.equal(log.frames.length, 0);
  parser.isHalted = false;
  t.equal(parser.parse(input(memory), 0, 5), 5);
  t.equal(log.frames.length, 2);
  t.end();
});

t.test('stays at the end of a frame while halted there', (t) => {
  const log = new FrameLog();
  const parser: FrameParser = new FrameParser(
    {
      frame(header) {
        log.frame(header);
        parser.isHalted = true;
      },
      payload: (...piece) => log.payload(...piece),
      frameEnd: () => log.frameEnd(),
      failed() {},
    },
    CLIENT,
  );
  t.equal(parser.parse(input(bytes('8100')), 0, 2), 2);
  t.equal(parser.isAtFrameEnd, true);
  t.equal(log.frames[0]?.ended, false);
  parser.isHalted = false;
  t.equal(parser.parse(input(bytes('')), 0, 0), 0);
  t.equal(log.frames[0]?.ended, true);
  t.end();
});

t.test('knows whether the last message is text as it is', (t) => {
  const after = (rules: FrameRules, hex: string): boolean => {
    const parser = new FrameParser(new FrameLog(), rules);
    parser.parse(input(bytes(hex)), 0, bytes(hex).length);
    return parser.isPlainText;
  };
  t.equal(after(CLIENT, ''), false, 'nothing has come');
  t.equal(after(CLIENT, '810a 00'), true);
  t.equal(after(CLIENT, '820a 00'), false);
  t.equal(after(CLIENT, '8101 41'), true, 'a message that has ended');
  t.equal(after(CLIENT, '8101 41 8a00'), true, 'a control frame is no message');
  t.equal(after(CLIENT, '0101 41 8001 42'), true, 'its other frames belong to it');
  t.equal(after(CLIENT, '8101 41 8200'), false);
  t.equal(after({ ...CLIENT, allowRsv1: true }, 'c10a 00'), false, 'compressed text is none yet');
  t.end();
});

t.test('hands on for keeps what is long, whole, and lies in a chunk given away', (t) => {
  const deliveries: [memory: Buffer, start: number, end: number, forKeeps: boolean][] = [];
  const parse = (
    rules: FrameRules,
    length: number,
    key: string,
  ): { chunk: Buffer; copy: Buffer } => {
    const isLong = length > 125;
    const [mark, digits] = isLong ? [key === '' ? '7e' : 'fe', 4] : ['', 2];
    const header = bytes(`82${mark} ${length.toString(16).padStart(digits, '0')}${key}`);
    const chunk = Buffer.concat([Buffer.alloc(7), header, Buffer.alloc(length, 0x20)]);
    const copy = Buffer.from(chunk.subarray(7));
    const parser = new FrameParser(
      {
        frame() {},
        payload: (memory, start, end, _ascii, forKeeps) =>
          void deliveries.push([memory, start, end, forKeeps]),
        frameEnd() {},
        failed() {},
      },
      rules,
    );
    parser.parse(input(copy, chunk, 7), 0, copy.length);
    return { chunk, copy };
  };
  const plain = parse(CLIENT, 2000, '');
  t.same(deliveries.pop(), IS_FAST ? [plain.chunk, 11, 2011, true] : [plain.copy, 4, 2004, false]);
  const masked = parse(RULES, 2000, '61616161');
  const [memory, start, end, forKeeps] = deliveries.pop()!;
  t.equal(memory, IS_FAST ? masked.chunk : masked.copy);
  t.strictSame([start, end, forKeeps], IS_FAST ? [15, 2015, true] : [8, 2008, false]);
  t.ok(memory.subarray(start, end).equals(Buffer.alloc(2000, 0x41)), 'and without its mask');
  parse(RULES, 500, '61616161');
  t.equal(deliveries.pop()?.[3], false, 'a short payload is better copied');
  parse(CLIENT, 40, '');
  t.equal(deliveries.pop()?.[3], IS_FAST, 'unless it has no mask');
  parse(CLIENT, 39, '');
  t.equal(deliveries.pop()?.[3], false, 'and some length');
  t.end();
});

t.test('tells that unmasked text is ASCII when it is short', (t) => {
  const seen: boolean[] = [];
  const parse = (hex: string): boolean | undefined => {
    const parser = new FrameParser(
      {
        frame() {},
        payload: (_memory, _start, _end, onlyAscii) => void seen.push(onlyAscii),
        frameEnd() {},
        failed() {},
      },
      CLIENT,
    );
    parser.parse(input(bytes(hex)), 0, bytes(hex).length);
    return seen.pop();
  };
  t.equal(parse('8103 616263'), IS_FAST);
  t.equal(parse('8103 6180c3'), false);
  t.equal(parse(`8121 ${'61'.repeat(33)}`), false, 'not known');
  t.equal(parse('8203 616263'), false, 'not asked');
  for (let octet = 0; octet < 256; octet += 1) {
    const hex = Buffer.of(octet).toString('hex');
    t.equal(parse(`8101 ${hex}`), IS_FAST && octet < 0x80, hex);
  }
  t.end();
});

t.test('tells that masked bytes are ASCII, for it has seen them all', (t) => {
  const seen: boolean[] = [];
  const sink = {
    frame() {},
    payload: (_memory: Buffer, _start: number, _end: number, onlyAscii: boolean) =>
      void seen.push(onlyAscii),
    frameEnd() {},
    failed() {},
  };
  for (const payload of ['61', '626364', '6180', '616263'.repeat(9), `${'61'.repeat(20)}c3a9`]) {
    const length = payload.length / 2;
    const frame = bytes(`81${(length | 0x80).toString(16)} 00000000 ${payload}`);
    new FrameParser(sink, RULES).parse(input(frame), 0, frame.length);
  }
  t.same(seen.splice(0), [true, true, false, true, false]);
  for (let octet = 0; octet < 256; octet += 1) {
    const frame = Buffer.of(0x81, 0x81, 0x5a, 0, 0, 0, octet ^ 0x5a);
    new FrameParser(sink, RULES).parse(input(frame), 0, frame.length);
    t.same(seen.splice(0), [octet < 0x80], String(octet));
  }
  t.end();
});

t.test('throws the broken rule at the second byte, and waits for more of a legal frame', (t) => {
  for (const [rules, hex, code] of [
    [RULES, '8100', 'frame-not-masked'],
    [RULES, '83fe', 'reserved-opcode'],
    [RULES, '827e', 'frame-not-masked'],
    [RULES, '89fe', 'control-frame-too-long'],
    [CLIENT, '82fe', 'frame-masked'],
    [CLIENT, '807e', 'continuation-without-start'],
    [RULES, '82fe', undefined],
    [CLIENT, '827f', undefined],
  ] as const) {
    const parser = new FrameParser(new FrameLog(), rules);
    const parse = (): number => parser.parse(input(bytes(hex)), 0, 2);
    if (code !== undefined) t.throws(parse, { code }, hex);
    else t.equal(parse(), 2, hex);
  }
  t.end();
});

t.test('holds the pieces of a control payload, of both roles', (t) => {
  for (const length of [0, 1, 2, 124, 125]) {
    for (const maskingKey of [undefined, 0x37fa213d]) {
      const payload = Buffer.from(Uint8Array.from({ length }, (_, index) => index * 3));
      const frames = [OPCODE.ping, OPCODE.pong].map((opcode) =>
        encodeFrame({ opcode, payload, maskingKey }),
      );
      for (const { name, chunks } of feedings(Buffer.concat(frames))) {
        const log = new FrameLog();
        const parser = new FrameParser(log, maskingKey === undefined ? CLIENT : RULES);
        for (const chunk of chunks) parser.parse(input(chunk), 0, chunk.length);
        const seen = log.frames.map((frame) => frame.payload);
        const hex = payload.toString('hex');
        const pieces = length === 0 ? 0 : 1;
        if (seen.join() !== `${hex},${hex}` || log.pieces.join() !== `${pieces},${pieces}`) {
          t.same(
            [seen, log.pieces],
            [
              [hex, hex],
              [pieces, pieces],
            ],
            `${length}, ${name}`,
          );
        }
        if (parser.isInsideFrame || log.misuse !== undefined) t.fail(`${length}, ${name}`);
      }
    }
  }
  t.pass('in one piece, however they are cut');
  t.end();
});

t.test('takes masks off in the memory of the module as it does elsewhere', (t) => {
  for (const length of [1, 15, 16, 17, 64, 100, 125, 126, 1000]) {
    for (const byte of [0x61, 0x7f, 0x80, 0xe1]) {
      for (const maskingKey of [undefined, 0x37fa213d]) {
        const payload = Buffer.alloc(length, 0x61).fill(byte, length - 1);
        const frame = encodeFrame({ opcode: OPCODE.text, payload, maskingKey });
        const rules = maskingKey === undefined ? CLIENT : RULES;
        for (const cut of [frame.length, frame.length - 1, frame.length >> 1, 20, 7]) {
          const log = new FrameLog();
          const parser = new FrameParser(log, rules);
          const scratch = Scratch.borrow(frame.length);
          for (const piece of [frame.subarray(0, cut), frame.subarray(cut)]) {
            scratch.bytes.set(piece);
            parser.parse(scratch, 0, piece.length);
          }
          scratch.giveBack();
          // The log finds a claim that bytes are ASCII which are not.
          t.equal(log.misuse, undefined);
          t.equal(log.frames[0]?.payload, payload.toString('hex'), `${length} cut at ${cut}`);
        }
      }
    }
  }
  t.end();
});

t.test('knows of longer text too whether it is ASCII when the module looks at it', (t) => {
  setMaskingStrategy('simd');
  for (const length of [33, 1000]) {
    for (const byte of [0x61, 0x7f, 0x80, 0xe1]) {
      const payload = Buffer.alloc(length, 0x61).fill(byte, length - 1);
      const frame = encodeFrame({ opcode: OPCODE.text, payload });
      const seen: boolean[] = [];
      const log = new FrameLog();
      log.payload = (_memory, _start, _end, onlyAscii) => void seen.push(onlyAscii);
      const scratch = Scratch.borrow(frame.length);
      scratch.bytes.set(frame);
      new FrameParser(log, CLIENT).parse(scratch, 0, frame.length);
      scratch.giveBack();
      t.same(seen, [byte < 0x80], `${length} bytes, ${byte}`);
    }
  }
  setMaskingStrategy('auto');
  t.end();
});

passesPlainly(t, import.meta.url);
