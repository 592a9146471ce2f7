/**
 * Beyond 1, the layout of frames: what two parsers of one stream must not read in two ways.
 *
 * A length that can be written in two forms is how a frame is hidden from a proxy that looks on.
 * The original never sends one, so most peers have never met one.
 */
import type { Group } from '../../model.ts';
import {
  binary,
  CLOSES_NORMALLY,
  frame,
  gotText,
  hex,
  killAfter,
  ping,
  repeat,
  text,
} from '../../script.ts';
import { failsWith, REFUSED_CLOSE, refusedCase } from './ways-to-end.ts';

const HELLO = 'Hello';

/** A frame whose header announces more than anybody will ever send. */
const announces = (announcedLength: bigint) => frame(2, '', { announcedLength, lengthForm: 64 });

/** Too much is 1009 by the RFC; some call it a protocol error, which is as good. */
const REFUSED_LENGTH = failsWith(1002, 1009);

/** Layout. */
export const BEYOND_1: Group = {
  id: 'b1',
  title: 'Beyond: frame layout',
  chapters: [
    {
      id: 'b1.1',
      title: 'Lengths that are longer than they need be',
      source: 'RFC 6455 §5.2',
      rule: 'The length is written in the shortest of its three forms: this is a MUST for senders.',
      mistake: 'Reads any form, and so reads a stream differently from the proxy before it.',
      cases: [
        refusedCase('b1.1.1', 'Text of 5 octets, its length in 16 bits.', [
          text(HELLO, { lengthForm: 16 }),
        ]),
        refusedCase('b1.1.2', 'Text of 5 octets, its length in 64 bits.', [
          text(HELLO, { lengthForm: 64 }),
        ]),
        refusedCase('b1.1.3', 'Binary of 125 octets, its length in 16 bits.', [
          binary(repeat('*', 125), { lengthForm: 16 }),
        ]),
        refusedCase('b1.1.4', 'Binary of 126 octets, its length in 64 bits.', [
          binary(repeat('*', 126), { lengthForm: 64 }),
        ]),
        refusedCase('b1.1.5', 'Binary of 65535 octets, its length in 64 bits.', [
          binary(repeat('*', 65_535), { lengthForm: 64 }),
        ]),
        refusedCase('b1.1.6', 'A ping of 5 octets, its length in 16 bits.', [
          ping(HELLO, { lengthForm: 16 }),
        ]),
        refusedCase(
          'b1.1.7',
          'A close frame of 2 octets, its length in 64 bits.',
          [frame(8, hex('03e8'), { lengthForm: 64 })],
          { close: REFUSED_CLOSE },
        ),
      ],
    },
    {
      id: 'b1.2',
      title: 'Lengths that cannot be',
      source: 'RFC 6455 §5.2',
      rule:
        'The top bit of a 64-bit length is zero. A length that nobody can keep is refused when ' +
        'it is announced, not when memory has run out.',
      mistake: 'Reads a negative number and goes on, or allocates what was announced.',
      cases: [
        refusedCase(
          'b1.2.1',
          'A frame of 2^63 octets: the top bit is set.',
          [announces(1n << 63n)],
          {
            close: REFUSED_LENGTH,
          },
        ),
        refusedCase('b1.2.2', 'A frame of 2^64 - 1 octets.', [announces((1n << 64n) - 1n)], {
          close: REFUSED_LENGTH,
        }),
        refusedCase(
          'b1.2.3',
          'A frame of 2^63 - 1 octets: legal, and absurd.',
          [announces((1n << 63n) - 1n)],
          {
            close: REFUSED_LENGTH,
          },
        ),
        refusedCase(
          'b1.2.4',
          'A frame of 2^53 octets, where doubles stop to count.',
          [announces(1n << 53n)],
          {
            close: REFUSED_LENGTH,
          },
        ),
        refusedCase('b1.2.5', 'A ping that announces 2^32 + 4 octets and brings four.', [
          ping('four', { announcedLength: (1n << 32n) + 4n, lengthForm: 64 }),
        ]),
      ],
    },
    {
      id: 'b1.3',
      title: 'Masks',
      source: 'RFC 6455 §5.1',
      rule:
        'A client masks every frame, a server none; whoever gets it the other way fails the ' +
        'connection. Without the mask, a page could write a request of its choice into a cache.',
      mistake: 'Looks at the bit to find the payload, and does not ask whether it may be set.',
      cases: [
        refusedCase('b1.3.1', 'Text that is masked, or not, against the rule.', [
          text(HELLO, { isMaskedWrongly: true }),
        ]),
        refusedCase('b1.3.2', 'A ping that is masked, or not, against the rule.', [
          ping('', { isMaskedWrongly: true }),
        ]),
        refusedCase(
          'b1.3.3',
          'The second fragment of a message, masked, or not, against the rule.',
          [frame(1, HELLO, { fin: false }), frame(0, HELLO, { isMaskedWrongly: true })],
        ),
        {
          id: 'b1.3.4',
          description: 'Text with a masking key of zeros, which is a key like any other.',
          expectation: 'The same message comes back.',
          script: [text(HELLO, { maskingKey: 0 }), killAfter(1)],
          expected: { OK: [gotText(HELLO)] },
          close: CLOSES_NORMALLY,
        },
      ],
    },
  ],
};
