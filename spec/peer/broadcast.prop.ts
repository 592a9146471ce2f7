/** The laws of broadcasts, for any order of sending, of threads that are done and of ends. */
import { deepStrictEqual as same } from 'node:assert';
import { encodeFrame, OPCODE, RSV1 } from 'barewire/codec';
import { DEFLATE_HERE_BYTES } from 'barewire/deflate';
import { broadcast } from 'barewire/peer';
import t from 'tap';
import { Member, settle, textOf, turnEnd } from '../support/broadcast-members.ts';
import { stepSharedPool, WAYS } from '../support/deflate-jobs.ts';
import { fakePeer } from '../support/fake-transport.ts';
import { fc } from '../support/fast-check.ts';
import { readFrames } from '../support/frame-log.ts';
import { runs } from '../support/laws.ts';
import { naiveInflate } from '../support/naive-inflate.ts';

type Action =
  | 'small to all'
  | 'large to all'
  | 'small'
  | 'large'
  | 'step'
  | 'turn'
  | 'close'
  | 'terminate';
const actions = fc.tuple(
  fc.constantFrom<Action>(
    ...([
      'small to all',
      'large to all',
      'large to all',
      'small',
      'large',
      'step',
      'step',
    ] as const),
    ...(['turn', 'close', 'terminate'] as const),
  ),
  fc.nat(2),
);
const ways = fc.constantFrom(...WAYS);
/** What senders cut off [RFC 7692 §7.2.1]. */
const TAIL = Buffer.from('0000ffff', 'hex');

t.test('law: everybody reads in the order in which it was sent', async (t) => {
  const threads = stepSharedPool(t);
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 25 }), ways, async (list, zlib) => {
      const ends: (() => void)[] = [];
      const members = [15, 12, 15].map((bits) => ({
        member: new Member({ teardown: (end) => void ends.push(end as () => void) }, bits, {
          zlib,
        }),
        expected: [] as string[],
        isTerminated: false,
      }));
      for (const [index, [action, which]] of list.entries()) {
        const one = members[which]!;
        const isLarge = action.startsWith('large');
        const text = textOf(isLarge ? DEFLATE_HERE_BYTES + 1 + index : 2000, `${index} `);
        if (action === 'step') threads.step();
        else if (action === 'turn') await turnEnd();
        else if (action === 'close') void one.member.peer.close(1000);
        else if (action === 'terminate') {
          one.member.peer.terminate();
          one.isTerminated = true;
        } else {
          const to = action.endsWith('to all') ? members : [one];
          const open = to.filter(({ member }) => member.peer.isOpen);
          for (const { expected } of open) expected.push(text);
          if (to.length === 1) one.member.peer.send(text);
          else {
            const { closed, dropped } = broadcast(
              to.map(({ member }) => member.peer),
              text,
            );
            same([closed, dropped], [to.length - open.length, 0]);
          }
        }
      }
      const isOpen = members.map(({ member }) => member.peer.isOpen);
      await settle(threads);
      for (const [index, { member, expected, isTerminated }] of members.entries()) {
        const read = member.read();
        const whole = isOpen[index] ? expected : [...expected, 'close'];
        same(read, isTerminated ? whole.slice(0, read.length) : whole);
      }
      for (const end of ends) end();
    }),
    runs(120),
  );
  t.pass('no counterexample');
});

const payload = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ maxLength: 30 }).map((text) => text.repeat(300)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);
const toSome = fc.record({
  payload,
  // Text may be sent as bytes, and bytes that are no text only as such.
  asBinary: fc.boolean(),
  one: fc.boolean(),
  which: fc.nat(2),
  endsTurn: fc.boolean(),
});

t.test('law: who is sent to with others gets what it would get alone', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(toSome, { maxLength: 20 }), async (list) => {
      const roles = ['server', 'server', 'client'] as const;
      const members = roles.map((role) => fakePeer({}, { role }));
      const peers = members.map(({ peer }) => peer);
      const sent: Buffer[][] = [[], [], []];
      const written: Buffer[] = [Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)];
      for (const { payload, asBinary, one, which, endsTurn } of list) {
        const type = asBinary || typeof payload !== 'string' ? 'binary' : 'text';
        const opcode = OPCODE[type];
        for (const [index, role] of roles.entries()) {
          if (one && index !== which) continue;
          const maskingKey = role === 'client' ? 0x01020304 : undefined;
          sent[index]!.push(encodeFrame({ opcode, payload, maskingKey }));
        }
        if (one) peers[which]!.send(payload, { type });
        else broadcast(peers, payload, { type });
        if (!endsTurn) continue;
        for (const [index, { transport }] of members.entries()) {
          written[index] = Buffer.concat([written[index]!, await transport.written()]);
        }
      }
      for (const [index, { transport }] of members.entries()) {
        const all = Buffer.concat([written[index]!, await transport.written()]);
        same(all, Buffer.concat(sent[index]!));
      }
    }),
    runs(100),
  );
  t.pass('no counterexample');
});

/** Letters without a pattern, twice: who compresses them looks back by their number. */
const twice = fc
  .tuple(fc.constantFrom(200, 300, 600, 1_500, 3_000, 6_000), fc.nat(0xffff))
  .map(([length, seed]) => {
    let state = seed;
    const letters = Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return String.fromCharCode(0x61 + (state >>> 28));
    });
    return letters.join('').repeat(2);
  });

t.test('law: nobody needs a larger window for what others get too than was agreed', async (t) => {
  const windows = fc.array(fc.integer({ min: 8, max: 15 }), { minLength: 1, maxLength: 4 });
  let furthest = 0;
  await fc.assert(
    fc.asyncProperty(twice, windows, async (text, list) => {
      const ends: (() => void)[] = [];
      const test = { teardown: (end: unknown) => void ends.push(end as () => void) };
      const members = list.map((bits) => new Member(test, bits));
      broadcast(
        members.map(({ peer }) => peer),
        text,
        { compress: true },
      );
      await turnEnd();
      for (const [index, { writes }] of members.entries()) {
        const { frames } = readFrames(writes, { role: 'client', allowRsv1: true });
        const [rsv, packed] = [frames[0]!.rsv, Buffer.from(frames[0]!.payload, 'hex')];
        const { output, maxDistance } = naiveInflate(Buffer.concat([packed, TAIL]));
        same([rsv, output.toString()], [RSV1, text]);
        furthest = Math.max(furthest, maxDistance);
        if (maxDistance > 2 ** list[index]!) throw new Error(`${maxDistance} for ${list}`);
      }
      for (const end of ends) end();
    }),
    runs(60),
  );
  t.ok(furthest > 4_096, `${furthest} octets back at most`);
});
