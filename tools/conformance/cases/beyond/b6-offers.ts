/**
 * Beyond 6, last chapter: offers of permessage-deflate, and answers that fit them [RFC 7692 §7.1].
 *
 * The original takes any answer; here it is read.
 */
import type { Case, Chapter } from '../../model.ts';
import { adding, describe, opening } from './requests.ts';

const PMD = 'Sec-WebSocket-Extensions: permessage-deflate';

/** The server may decline; if it accepts, its answer must fit the offer. */
const offers = (
  id: string,
  description: string,
  offer: string,
  fits: (answer: string) => boolean,
): Case =>
  opening(
    id,
    description,
    'The server accepts without the extension, or with an answer that fits the offer.',
    adding(offer),
    ({ status, head, wasTimeout }) => {
      if (status === 400) return ['OK', 'The server refused the handshake.'];
      if (status !== 101) return ['FAILED', describe({ status, head, wasTimeout })];
      const answer = /^sec-websocket-extensions:\s*(.*?)\s*$/im.exec(head)?.[1];
      if (answer === undefined) return ['OK', 'The server declined the extension.'];
      return [fits(answer) ? 'OK' : 'FAILED', `The server answered: ${answer}`];
    },
  );

const never = (): boolean => false;

/** Offers. */
export const OFFERS: Chapter = {
  id: 'b6.5',
  title: 'Offers of permessage-deflate',
  source: 'RFC 7692 §7.1',
  rule:
    'An answer confirms what was asked for, imposes nothing that the offer does not allow, and ' +
    'takes up no offer that it does not understand.',
  mistake: 'Says yes and ignores the parameters, or reads 16 as a number of bits.',
  cases: [
    offers(
      'b6.5.1',
      'server_max_window_bits=9 must be honoured.',
      `${PMD}; server_max_window_bits=9`,
      (answer) => /server_max_window_bits="?[89]"?\b/.test(answer),
    ),
    offers(
      'b6.5.2',
      'server_max_window_bits=8, which zlib cannot do.',
      `${PMD}; server_max_window_bits=8`,
      (answer) => /server_max_window_bits="?8"?\b/.test(answer),
    ),
    offers(
      'b6.5.3',
      'server_no_context_takeover must be confirmed.',
      `${PMD}; server_no_context_takeover`,
      (answer) => /server_no_context_takeover/.test(answer),
    ),
    offers(
      'b6.5.4',
      'Without client_max_window_bits in the offer it has no place in the answer.',
      PMD,
      (answer) => !/client_max_window_bits/.test(answer),
    ),
    offers('b6.5.5', 'server_max_window_bits=16.', `${PMD}; server_max_window_bits=16`, never),
    offers('b6.5.6', 'server_max_window_bits=09.', `${PMD}; server_max_window_bits=09`, never),
    offers('b6.5.7', 'client_max_window_bits=7.', `${PMD}; client_max_window_bits=7`, never),
    offers(
      'b6.5.8',
      'server_max_window_bits without a value.',
      `${PMD}; server_max_window_bits`,
      never,
    ),
    offers(
      'b6.5.9',
      'server_no_context_takeover=1.',
      `${PMD}; server_no_context_takeover=1`,
      never,
    ),
    offers(
      'b6.5.10',
      'A parameter twice.',
      `${PMD}; client_max_window_bits; client_max_window_bits`,
      never,
    ),
    offers('b6.5.11', 'A parameter that does not exist.', `${PMD}; level=9`, never),
    offers(
      'b6.5.12',
      'An extension that does not exist.',
      'Sec-WebSocket-Extensions: x-squeeze',
      never,
    ),
    offers(
      'b6.5.13',
      'A bad offer, then a good one: the good one may be taken.',
      `${PMD}; level=9, permessage-deflate`,
      (answer) => !/level/.test(answer),
    ),
  ],
};
