import {
  createFrameHeader,
  type FrameHeader,
  type FrameRules,
  judgeFrameHeader,
  judgeFrameStart,
  OPCODE,
} from 'barewire/codec';
import t from 'tap';
import { frameRules } from '../../lib/codec/frame-rules.ts';

const SERVER: FrameRules = { role: 'server', allowRsv1: false, maxFrameBytes: 1000 };
const CLIENT: FrameRules = { role: 'client', allowRsv1: false, maxFrameBytes: 1000 };

/** A header as a client sends it; its length in the smallest form unless `form` says otherwise. */
function header(changes: Partial<FrameHeader>, form?: 0 | 2 | 8): FrameHeader {
  const { payloadLength = 0, masked = true } = changes;
  const smallest = payloadLength < 126 ? 0 : payloadLength < 65_536 ? 2 : 8;
  const headerLength = 2 + (form ?? smallest) + (masked ? 4 : 0);
  const base = { fin: true, opcode: OPCODE.binary, masked, headerLength };
  return { ...createFrameHeader(), ...base, ...changes };
}

t.test('passes what is allowed [6455-5.4-5 6455-5.4-9 6455-5.5-1]', (t) => {
  const pass = (changes: Partial<FrameHeader>, unfinished = false, rules = SERVER): unknown =>
    t.equal(judgeFrameHeader(header(changes), rules, unfinished), undefined);
  pass({ opcode: OPCODE.text });
  pass({ opcode: OPCODE.text, fin: false });
  pass({ opcode: OPCODE.continuation }, true);
  pass({ opcode: OPCODE.continuation, fin: false }, true);
  for (const opcode of [OPCODE.close, OPCODE.ping, OPCODE.pong]) {
    pass({ opcode, payloadLength: 125 });
    pass({ opcode }, true);
  }
  pass({ payloadLength: 1000 });
  pass({ masked: false }, false, CLIENT);
  pass({ opcode: OPCODE.text, rsv: 4 }, false, { ...SERVER, allowRsv1: true });
  t.end();
});

const BROKEN =
  '6455-5.1-2 6455-5.1-5 6455-5.2-9 6455-5.2-11 6455-5.4-3 6455-5.4-6 6455-5.4-8 6455-5.5-1 6455-5.5-2';
t.test(`names the broken rule [${BROKEN}]`, (t) => {
  const refuse = (
    code: string,
    changes: Partial<FrameHeader>,
    { unfinished = false, rules = SERVER, form = undefined as 2 | 8 | undefined } = {},
  ): unknown => t.equal(judgeFrameHeader(header(changes, form), rules, unfinished), code, code);
  refuse('frame-not-masked', { masked: false });
  refuse('frame-masked', {}, { rules: CLIENT });
  refuse('control-frame-fragmented', { opcode: OPCODE.ping, fin: false });
  refuse('control-frame-too-long', { opcode: OPCODE.ping, payloadLength: 126 });
  refuse('control-frame-too-long', { opcode: OPCODE.pong, payloadLength: 1 }, { form: 2 });
  refuse('continuation-without-start', { opcode: OPCODE.continuation });
  refuse('message-not-finished', { opcode: OPCODE.text }, { unfinished: true });
  refuse('length-not-minimal', { payloadLength: 125 }, { form: 2 });
  refuse('length-not-minimal', { payloadLength: 125 }, { form: 8 });
  refuse('length-not-minimal', { payloadLength: 65_535 }, { form: 8 });
  refuse('length-top-bit', { payloadLength: Number.POSITIVE_INFINITY });
  refuse('frame-too-large', { payloadLength: 1001 });
  t.end();
});

t.test('refuses every reserved opcode [6455-5.2-5]', (t) => {
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    for (const payloadLength of [0, 5]) {
      for (const unfinished of [false, true]) {
        const judged = judgeFrameHeader(header({ opcode, payloadLength }), SERVER, unfinished);
        t.equal(judged, 'reserved-opcode');
      }
    }
  }
  t.end();
});

t.test('gives RSV1 a meaning on the first frame of messages only [6455-5.2-4 6455-5.8-1]', (t) => {
  for (const allowRsv1 of [false, true]) {
    for (const opcode of Object.values(OPCODE)) {
      for (let rsv = 1; rsv <= 7; rsv += 1) {
        const isFirst = opcode === OPCODE.text || opcode === OPCODE.binary;
        const allowed = allowRsv1 && rsv === 4 && isFirst;
        const unfinished = opcode === OPCODE.continuation;
        const judged = judgeFrameHeader(
          header({ opcode, rsv }),
          { ...SERVER, allowRsv1 },
          unfinished,
        );
        t.equal(judged, allowed ? undefined : 'reserved-bit', `${opcode} ${rsv}`);
      }
    }
  }
  t.end();
});

t.test('knows from two bytes everything that is not about the length', (t) => {
  for (let first = 0; first < 256; first += 1) {
    for (const form of [0, 2, 8] as const) {
      for (const masked of [false, true]) {
        for (const unfinished of [false, true]) {
          const payloadLength = form === 0 ? 5 : form === 2 ? 500 : 70_000;
          const bits = { fin: first > 127, rsv: (first >> 4) & 7, opcode: first & 15, masked };
          const whole = header({ ...bits, payloadLength }, form);
          const start = { ...whole, payloadLength: 0, maskingKey: 0 };
          const rules = { ...SERVER, allowRsv1: true, maxFrameBytes: 100_000 };
          const early = judgeFrameStart(start, rules, unfinished);
          const late = judgeFrameHeader(whole, rules, unfinished);
          if (early !== late) t.equal(early, late, JSON.stringify(whole));
        }
      }
    }
  }
  t.pass('all first bytes, forms, masks and states');
  t.end();
});

t.test('are one object for all who have the same', (t) => {
  const rules = frameRules('server', true, 1_000);
  t.same(rules, { role: 'server', allowRsv1: true, maxFrameBytes: 1_000 });
  t.equal(frameRules('server', true, 1_000), rules);
  t.same(frameRules('client', true, 1_000), { ...rules, role: 'client' });
  t.same(frameRules('client', false, 1_000), { ...rules, role: 'client', allowRsv1: false });
  t.same(frameRules('client', false, 2), { role: 'client', allowRsv1: false, maxFrameBytes: 2 });
  t.same(rules, { role: 'server', allowRsv1: true, maxFrameBytes: 1_000 }, 'left as it was');
  t.end();
});
