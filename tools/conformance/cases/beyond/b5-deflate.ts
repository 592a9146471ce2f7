/**
 * Beyond 5, permessage-deflate: the forms that zlib does not write, bits in the wrong place, bombs.
 *
 * The RFC shows several ways to write the same message [RFC 7692 §7.2.3]; a receiver must read them
 * all.
 */
import { deflateRawSync } from 'node:zlib';
import type { Case, Group, Step } from '../../model.ts';
import {
  CLOSES_NORMALLY,
  closeAfter,
  frame,
  gotPong,
  gotText,
  hex,
  killAfter,
  ping,
  text,
} from '../../script.ts';
import { BOMBS, compression } from './b5-bombs.ts';
import { failsWith, REFUSED_CLOSE } from './ways-to-end.ts';

/** RSV1: this message is compressed. */
const PACKED = { rsv: 4 };

/** "Hello" as zlib writes it, without the last four octets. */
const HELLO = hex('f248cdc9c90700');

function echoed(id: string, description: string, steps: readonly Step[], ...texts: string[]): Case {
  return {
    id,
    description,
    expectation: texts.length === 1 ? `"${texts[0]}" comes back.` : 'All messages come back.',
    script: [...steps, closeAfter(1)],
    expected: { OK: texts.map((each) => gotText(each)) },
    close: CLOSES_NORMALLY,
    compression,
  };
}

function refused(id: string, description: string, steps: readonly Step[], codes = [1002]): Case {
  return {
    id,
    description,
    expectation: 'The testee fails the connection; nothing comes back.',
    script: [...steps, killAfter(1)],
    expected: { OK: [] },
    close: failsWith(...codes),
    compression,
  };
}

/** zlib's own words for data that is no deflate stream differ; either code says so. */
const BAD_DATA = [1002, 1007];

/** permessage-deflate. */
export const BEYOND_5: Group = {
  id: 'b5',
  title: 'Beyond: permessage-deflate',
  chapters: [
    {
      id: 'b5.1',
      title: 'Other ways to write a message',
      source: 'RFC 7692 §7.2.3',
      rule: 'Stored blocks, several blocks, and blocks marked as final are all deflate.',
      mistake: 'Takes the end of a deflate stream for the end of all messages.',
      cases: [
        echoed('b5.1.1', '"Hello" as zlib writes it.', [text(HELLO, PACKED)], 'Hello'),
        echoed(
          'b5.1.2',
          '"Hello" in a stored block.',
          [text(hex('000500faff48656c6c6f00'), PACKED)],
          'Hello',
        ),
        echoed(
          'b5.1.3',
          '"Hello" in a block with BFINAL set.',
          [text(hex('f348cdc9c9070000'), PACKED)],
          'Hello',
        ),
        echoed(
          'b5.1.4',
          '"Hello" in two blocks.',
          [text(hex('f24805000000ffffcac9c90700'), PACKED)],
          'Hello',
        ),
        echoed(
          'b5.1.5',
          '"Hello" with BFINAL set, then "Hello" without: a final block ends its message only.',
          [text(hex('f348cdc9c9070000'), PACKED), text(HELLO, PACKED)],
          'Hello',
          'Hello',
        ),
        echoed('b5.1.6', 'An empty message: one octet 00.', [text(hex('00'), PACKED)], ''),
        {
          ...echoed(
            'b5.1.7',
            '"Hello" twice, the second time by reference to the first.',
            [text(HELLO, PACKED), text(hex('f200110000'), PACKED)],
            'Hello',
            'Hello',
          ),
          needsContext: true,
        },
      ],
    },
    {
      id: 'b5.2',
      title: 'Compressed or not, message by message',
      source: 'RFC 7692 §6',
      rule:
        'RSV1 on the first frame says whether a message is compressed; each one says it for ' +
        'itself.',
      mistake: 'Inflates everything once the extension is in use.',
      cases: [
        echoed('b5.2.1', 'A message that is not compressed.', [text('plain')], 'plain'),
        {
          ...echoed(
            'b5.2.2',
            'Compressed, plain, compressed by reference to the first: plain ones leave the ' +
              'window alone.',
            [text(HELLO, PACKED), text('plain'), text(hex('f200110000'), PACKED)],
            'Hello',
            'plain',
            'Hello',
          ),
          needsContext: true,
        },
        {
          ...echoed(
            'b5.2.3',
            'A compressed message in fragments of one octet, with a ping inside.',
            [
              frame(1, HELLO.subarray(0, 1), { fin: false, rsv: 4 }),
              ping('inside'),
              ...Array.from({ length: 5 }, (_, at) =>
                frame(0, HELLO.subarray(at + 1, at + 2), { fin: false }),
              ),
              frame(0, HELLO.subarray(6)),
            ],
          ),
          expected: { OK: [gotPong('inside'), gotText('Hello')] },
          expectation: 'The pong comes at once, then "Hello".',
        },
        echoed(
          'b5.2.4',
          'A compressed message with empty fragments first, in the middle and last.',
          [
            frame(1, '', { fin: false, rsv: 4 }),
            frame(0, HELLO.subarray(0, 3), { fin: false }),
            frame(0, '', { fin: false }),
            frame(0, HELLO.subarray(3), { fin: false }),
            frame(0),
          ],
          'Hello',
        ),
      ],
    },
    {
      id: 'b5.3',
      title: 'Reserved bits with the extension in use',
      source: 'RFC 7692 §6.1',
      rule:
        'RSV1 stands on the first frame of a data message, and nowhere else. The other two bits ' +
        'mean nothing still.',
      mistake: 'Allows RSV1 everywhere as soon as the extension is in use.',
      cases: [
        refused('b5.3.1', 'RSV1 on the second fragment only.', [
          frame(1, 'a', { fin: false }),
          frame(0, 'b', PACKED),
        ]),
        refused('b5.3.2', 'RSV1 on both fragments.', [
          frame(1, HELLO.subarray(0, 3), { fin: false, rsv: 4 }),
          frame(0, HELLO.subarray(3), PACKED),
        ]),
        refused('b5.3.3', 'RSV1 on a ping.', [ping('', PACKED)]),
        {
          ...refused('b5.3.4', 'RSV1 on a close frame.', [frame(8, hex('03e8'), PACKED)]),
          close: REFUSED_CLOSE,
        },
        refused('b5.3.5', 'RSV1 and RSV2 on a message.', [text(HELLO, { rsv: 6 })]),
        refused('b5.3.6', 'RSV3 on a message.', [text('plain', { rsv: 1 })]),
      ],
    },
    {
      id: 'b5.4',
      title: 'What cannot be inflated',
      source: 'RFC 7692 §7.2.2',
      rule:
        'Octets that are no deflate stream, and text that inflates to no text, fail the ' +
        'connection.',
      mistake: 'Crashes on the error of its inflater, or waits for ever for the end of the stream.',
      cases: [
        refused(
          'b5.4.1',
          'Block type 3, which does not exist.',
          [text(hex('ff'), PACKED)],
          BAD_DATA,
        ),
        refused(
          'b5.4.2',
          'A reference to what was never sent.',
          [text(hex('f200110000'), PACKED)],
          BAD_DATA,
        ),
        refused(
          'b5.4.3',
          'A stored block whose length and its complement do not fit.',
          [text(hex('00050000004865'), PACKED)],
          BAD_DATA,
        ),
        refused(
          'b5.4.4',
          'Text that inflates to FF.',
          [text(Buffer.concat([deflateRawSync(hex('ff')), Buffer.of(0)]), PACKED)],
          [1007],
        ),
        refused(
          'b5.4.5',
          'Compressed text that ends within a character.',
          [text(Buffer.concat([deflateRawSync(hex('61c3')), Buffer.of(0)]), PACKED)],
          [1007],
        ),
      ],
    },
    BOMBS,
  ],
};
