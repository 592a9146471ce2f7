/**
 * Group 10, the rest: a message that the sender's own layer has cut [RFC 6455 §5.4].
 *
 * ```
 * 65536 octets = 50 × 1300 + 536:  op1- 1300 · 49 × op0- 1300 · op0+ 536       51 frames
 * ```
 * An endpoint that streams a message cuts it without asking the application.
 */
import type { Group } from '../model.ts';
import { CLOSES_NORMALLY, gotText, killAfter, repeat } from '../script.ts';

const PAYLOAD = repeat('*', 65_536);

/** Miscellaneous. */
export const GROUP_10: Group = {
  id: '10',
  title: 'Misc',
  chapters: [
    {
      id: '10.1',
      title: 'Automatic fragmentation',
      source: 'RFC 6455 §5.4',
      rule: 'A sender may cut a message where it likes; the receiver puts it together again.',
      mistake: 'Expects fragments of equal length, or a power of two.',
      cases: [
        {
          id: '10.1.1',
          description: 'A text message of 65536 octets, cut by the sender every 1300 octets.',
          expectation: 'The same message comes back.',
          script: [
            {
              do: 'message',
              opcode: 1,
              payload: PAYLOAD,
              fragmentBytes: 1300,
              withoutEmptyEnd: true,
            },
            killAfter(10),
          ],
          expected: { OK: [gotText(PAYLOAD)] },
          close: CLOSES_NORMALLY,
        },
      ],
    },
  ],
};
