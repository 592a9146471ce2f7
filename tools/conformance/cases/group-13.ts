/**
 * Group 13, compression with different parameters [RFC 7692 §7.1]: one data set, seven ways to
 * agree.
 *
 * ```
 * client_no_context_takeover   cnct   the client starts each message afresh
 * client_max_window_bits       cmwb   the client may be told how far it may look back
 * server_no_context_takeover   snct   the server shall start each message afresh
 * server_max_window_bits=N     smwb   the server shall look back 2^N octets at most
 * ```
 * As client the fuzzer asks the testee for something; as server it imposes something on the testee.
 * A testee that declines is UNIMPLEMENTED, which is no fault: the extension is optional.
 */
import { DATA_SETS } from '../data-sets.ts';
import type { Chapter, CompressionAnswer, Group } from '../model.ts';
import { compressionCases, type Lesson } from './compressed-turns.ts';

const BASE = 'permessage-deflate; client_no_context_takeover; client_max_window_bits';
const SNCT = '; server_no_context_takeover';

const ANSWER_PLAIN: CompressionAnswer = { clientNoContextTakeover: false };
const ANSWER_RESET: CompressionAnswer = { clientNoContextTakeover: true };
const ANSWER_SMALL_RESET: CompressionAnswer = {
  clientNoContextTakeover: true,
  clientMaxWindowBits: 9,
};

const chapter = (
  id: string,
  offer: string,
  accept: readonly CompressionAnswer[],
  lesson: Omit<Lesson, 'id' | 'source'> & { readonly source?: string },
): Chapter => ({
  id,
  source: 'RFC 7692 §7.1',
  ...lesson,
  cases: compressionCases(id, DATA_SETS.json, { offer, accept }),
});

/** Compression with different parameters. */
export const GROUP_13: Group = {
  id: '13',
  title: 'WebSocket Compression (different parameters)',
  chapters: [
    chapter('13.1', BASE, [ANSWER_PLAIN], {
      title: 'Offers client_no_context_takeover and client_max_window_bits',
      rule: 'An offer says what its sender can do; the answer may leave all of it unused.',
      mistake: 'Takes the offer for the agreement.',
    }),
    chapter('13.2', BASE + SNCT, [ANSWER_RESET], {
      title: 'No context takeover',
      source: 'RFC 7692 §7.1.1',
      rule: 'Who has promised no context takeover starts each message with an empty window.',
      mistake: 'Resets its inflater but not its deflater, or the one of the wrong side.',
    }),
    chapter(
      '13.3',
      `${BASE}; server_max_window_bits=9`,
      [{ clientNoContextTakeover: false, clientMaxWindowBits: 9 }],
      {
        title: 'A window of 512 octets',
        source: 'RFC 7692 §7.1.2',
        rule: 'Who has promised a window looks back no further than its size.',
        mistake:
          'Agrees and goes on with 15 bits: the other side, with its small window, cannot follow.',
      },
    ),
    chapter(
      '13.4',
      `${BASE}; server_max_window_bits=15`,
      [{ clientNoContextTakeover: false, clientMaxWindowBits: 15 }],
      {
        title: 'A window of 32768 octets, said aloud',
        source: 'RFC 7692 §7.1.2',
        rule: 'A parameter with the default value means the same as none, but must be understood.',
        mistake: 'Refuses a parameter whose value changes nothing.',
      },
    ),
    chapter('13.5', `${BASE}${SNCT}; server_max_window_bits=9`, [ANSWER_SMALL_RESET], {
      title: 'A window of 512 octets, and no context takeover',
      rule: 'Parameters are independent of each other and of their order.',
      mistake: 'Honours the first parameter and forgets the second.',
    }),
    chapter(
      '13.6',
      `${BASE}${SNCT}; server_max_window_bits=15`,
      [{ clientNoContextTakeover: true, clientMaxWindowBits: 15 }],
      {
        title: 'A window of 32768 octets, and no context takeover',
        rule: 'Parameters are independent of each other and of their order.',
        mistake: 'Honours the first parameter and forgets the second.',
      },
    ),
    chapter(
      '13.7',
      `${BASE}${SNCT}; server_max_window_bits=9, ${BASE}${SNCT}, ${BASE}`,
      [ANSWER_SMALL_RESET, ANSWER_RESET, ANSWER_PLAIN],
      {
        title: 'Three offers to choose from',
        source: 'RFC 7692 §5',
        rule: 'Offers are alternatives, most wanted first; the server takes one of them, or none.',
        mistake: 'Reads only the first offer, or mixes parameters of several.',
      },
    ),
  ],
};
