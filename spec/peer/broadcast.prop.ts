/** The law of broadcasts, for any order of sending, of threads that are done and of ends. */
import { deepStrictEqual as same } from 'node:assert';
import { DEFLATE_HERE_BYTES } from 'barewire/deflate';
import { broadcast } from 'barewire/peer';
import fc from 'fast-check';
import t from 'tap';
import { Member, settle, textOf, turnEnd } from '../support/broadcast-members.ts';
import { stepSharedPool } from '../support/deflate-jobs.ts';
import { ONLY_FAST } from '../support/fast-paths.ts';
import { runs } from '../support/laws.ts';

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

t.test('law: everybody reads in the order in which it was sent', ONLY_FAST, async (t) => {
  const threads = stepSharedPool(t);
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 25 }), async (list) => {
      const ends: (() => void)[] = [];
      const members = [15, 12, 15].map((bits) => ({
        member: new Member({ teardown: (end) => void ends.push(end as () => void) }, bits),
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
    runs(60),
  );
  t.pass('no counterexample');
});
