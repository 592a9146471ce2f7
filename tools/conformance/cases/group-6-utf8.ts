/**
 * Group 6, second half: UTF-8 itself, octet by octet (chapters 6.5 – 6.23, 132 texts).
 *
 * ```
 * octets   lead      tails                     not allowed
 * 1        00 – 7F
 * 2        C2 – DF   80 – BF                   C0, C1: always overlong
 * 3        E0 – EF   80 – BF twice             E0 80–9F: overlong; ED A0–BF: surrogates
 * 4        F0 – F4   80 – BF three times       F0 80–8F: overlong; F4 90–BF: above U+10FFFF
 * ```
 * Each text is one message in one frame. Well-formed text comes back; anything else fails the
 * connection with 1007 [RFC 6455 §8.1], and the testee must be the one who closes. In the tables, a
 * text is written in hexadecimal after its verdict: `+` for well formed, `-` for not.
 */
import type { Case, Chapter } from '../model.ts';
import { CLOSES_NORMALLY, FAILS_WITH_1007, gotText, hex, killAfter, text } from '../script.ts';

interface Table {
  readonly id: string;
  readonly title: string;
  readonly rule: string;
  readonly mistake: string;
  /** `+hex` or `-hex`, separated by spaces. */
  readonly texts: string;
}

/** Octets 80 to BE, each once: all tails but the last. */
const ALL_TAILS = Buffer.from(Array.from({ length: 63 }, (_, index) => 0x80 + index)).toString(
  'hex',
);

/** The lead octets of two, three, four, five and six, as far as the original goes. */
const LEAD_RANGES: readonly (readonly [from: number, to: number])[] = [
  [0xc0, 0xde],
  [0xe0, 0xee],
  [0xf0, 0xf6],
  [0xf8, 0xfa],
  [0xfc, 0xfc],
];

/** Each lead octet with a space after it. */
function eachWithSpace(from: number, to: number): string {
  const octets = Array.from({ length: to - from + 1 }, (_, index) => [from + index, 0x20]);
  return Buffer.from(octets.flat()).toString('hex');
}

const TABLES: readonly Table[] = [
  {
    id: '6.5',
    title: 'Some valid UTF-8 sequences',
    rule: 'Code points of one, two, three and four octets are text like any other.',
    mistake: 'Counts characters where octets are meant, and cuts the echo short.',
    texts:
      '+68656c6c6f24776f726c64 +68656c6c6fc2a2776f726c64 +68656c6c6fe282ac776f726c64 ' +
      '+68656c6c6ff0a4ada2776f726c64 +cebae1bdb9cf83cebcceb5',
  },
  {
    id: '6.6',
    title: 'All prefixes of a valid UTF-8 string',
    rule: 'A text that ends inside a code point is not text.',
    mistake:
      'Checks octets as they come and forgets to ask, at the end, whether the last code point ' +
      'is complete.',
    texts:
      '-ce +ceba -cebae1 -cebae1bd +cebae1bdb9 -cebae1bdb9cf +cebae1bdb9cf83 ' +
      '-cebae1bdb9cf83ce +cebae1bdb9cf83cebc -cebae1bdb9cf83cebcce +cebae1bdb9cf83cebcceb5',
  },
  {
    id: '6.7',
    title: 'First possible sequence of a certain length',
    rule: 'The smallest code point of each length is allowed: U+0000, U+0080, U+0800, U+10000.',
    mistake: 'Stops at NUL, or begins a range one too late.',
    texts: '+00 +c280 +e0a080 +f0908080',
  },
  {
    id: '6.8',
    title: 'First possible sequence of length 5 and 6',
    rule: 'UTF-8 ends at four octets [RFC 3629 §3]; the longer forms of old definitions are gone.',
    mistake: 'Follows a table from before 2003.',
    texts: '-f888808080 -fc8480808080',
  },
  {
    id: '6.9',
    title: 'Last possible sequence of a certain length',
    rule: 'The largest code point of each length is allowed: U+007F, U+07FF, U+FFFF, U+10FFFF.',
    mistake: 'Ends a range one too early, or takes U+FFFF for no character and refuses it.',
    texts: '+7f +dfbf +efbfbf +f48fbfbf',
  },
  {
    id: '6.10',
    title: 'Last possible sequence of length 4, 5 and 6',
    rule: 'Code points end at U+10FFFF.',
    mistake: 'Accepts every lead octet up to FD.',
    texts: '-f7bfbfbf -fbbfbfbfbf -fdbfbfbfbfbf',
  },
  {
    id: '6.11',
    title: 'Other boundary conditions',
    rule:
      'The neighbours of the surrogates, U+D7FF and U+E000, are text; U+10FFFF is the last code ' +
      'point and U+110000 is none.',
    mistake: 'Draws one of those borders one off.',
    texts: '+ed9fbf +ee8080 +efbfbd +f48fbfbf -f4908080',
  },
  {
    id: '6.12',
    title: 'Unexpected continuation octets',
    rule: '80 to BF only follow a lead octet.',
    mistake: 'Skips an octet that it cannot place.',
    texts: `-80 -bf -80bf -80bf80 -80bf80bf -80bf80bf80 -80bf80bf80bf -${ALL_TAILS}`,
  },
  {
    id: '6.13',
    title: 'Lonely start octets',
    rule: 'A lead octet is followed by its continuation octets, not by a space.',
    mistake: 'Reads the space as if it were one of them.',
    texts: LEAD_RANGES.map(([from, to]) => `-${eachWithSpace(from, to)}`).join(' '),
  },
  {
    id: '6.14',
    title: 'Sequences with the last continuation octet missing',
    rule: 'An incomplete sequence at the end is not text.',
    mistake: 'Sees nothing wrong and waits for more.',
    texts: '-c0 -e080 -f08080 -f8808080 -fc80808080 -df -efbf -f7bfbf -fbbfbfbf -fdbfbfbfbf',
  },
  {
    id: '6.15',
    title: 'Concatenation of incomplete sequences',
    rule: 'Many incomplete sequences do not add up to a complete one.',
    mistake: 'Finds its way back too eagerly.',
    texts: '-c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf',
  },
  {
    id: '6.16',
    title: 'Impossible octets',
    rule: 'FE and FF occur nowhere in UTF-8.',
    mistake: 'Takes them for the lead octets of seven and eight.',
    texts: '-fe -ff -fefeffff',
  },
  {
    id: '6.17',
    title: 'Overlong forms of an ASCII character',
    rule: 'Each code point has one form, the shortest: "/" is 2F and nothing else [RFC 3629 §3].',
    mistake: 'Decodes C0 AF to a slash, after the check for slashes.',
    texts: '-c0af -e080af -f08080af -f8808080af -fc80808080af',
  },
  {
    id: '6.18',
    title: 'Largest overlong sequences',
    rule: 'The largest overlong form of each length is refused like any other.',
    mistake: 'Compares with the wrong end of the range.',
    texts: '-c1bf -e09fbf -f08fbfbf -f887bfbfbf -fc83bfbfbfbf',
  },
  {
    id: '6.19',
    title: 'Overlong forms of NUL',
    rule: 'U+0000 is 00; C0 80, as some virtual machines write it, is not UTF-8.',
    mistake: 'Follows "modified UTF-8".',
    texts: '-c080 -e08080 -f0808080 -f880808080 -fc8080808080',
  },
  {
    id: '6.20',
    title: 'Single UTF-16 surrogates',
    rule: 'U+D800 to U+DFFF are halves of UTF-16 code units and no code points [RFC 3629 §3].',
    mistake: 'Checks the form of the three octets only.',
    texts: '-eda080 -edadbf -edae80 -edafbf -edb080 -edbe80 -edbfbf',
  },
  {
    id: '6.21',
    title: 'Paired UTF-16 surrogates',
    rule: 'Two halves side by side do not make a code point in UTF-8 either.',
    mistake: 'Follows CESU-8, as some databases do.',
    texts:
      '-eda080edb080 -eda080edbfbf -edadbfedb080 -edadbfedbfbf -edae80edb080 -edae80edbfbf ' +
      '-edafbfedb080 -edafbfedbfbf',
  },
  {
    id: '6.22',
    title: 'Non-characters',
    rule:
      'U+FFFE, U+1FFFF and their like are set aside for internal use, but their octets are well ' +
      'formed, and WebSocket asks for no more.',
    mistake: 'Refuses them with a library that filters text.',
    texts:
      '+efbfbe +efbfbf +f09fbfbe +f09fbfbf +f0afbfbe +f0afbfbf +f0bfbfbe +f0bfbfbf ' +
      '+f18fbfbe +f18fbfbf +f19fbfbe +f19fbfbf +f1afbfbe +f1afbfbf +f1bfbfbe +f1bfbfbf ' +
      '+f28fbfbe +f28fbfbf +f29fbfbe +f29fbfbf +f2afbfbe +f2afbfbf +f2bfbfbe +f2bfbfbf ' +
      '+f38fbfbe +f38fbfbf +f39fbfbe +f39fbfbf +f3afbfbe +f3afbfbf +f3bfbfbe +f3bfbfbf ' +
      '+f48fbfbe +f48fbfbf',
  },
  {
    id: '6.23',
    title: 'Unicode specials',
    rule:
      'U+FFF9 to U+FFFF are well formed; U+FFFD, the replacement character, may be sent by ' +
      'anyone.',
    mistake: 'Sees U+FFFD and believes that its own decoder has failed.',
    texts: '+efbfb9 +efbfba +efbfbb +efbfbc +efbfbd +efbfbe +efbfbf',
  },
];

function textCase(id: string, entry: string): Case {
  const payload = hex(entry.slice(1));
  const isWellFormed = entry.startsWith('+');
  return {
    id,
    description: `A text message with the octets ${payload.toString('hex')}.`,
    expectation: isWellFormed
      ? 'This is UTF-8: the same message comes back.'
      : 'This is not UTF-8: the testee fails the connection itself, and nothing comes back.',
    script: [text(payload), killAfter(0.5)],
    expected: { OK: isWellFormed ? [gotText(payload)] : [] },
    close: isWellFormed ? CLOSES_NORMALLY : FAILS_WITH_1007,
  };
}

/** Chapters 6.5 – 6.23. */
export const UTF8_CHAPTERS: readonly Chapter[] = TABLES.map(({ texts, ...lesson }) => ({
  ...lesson,
  source: 'RFC 6455 §8.1',
  cases: texts.split(' ').map((entry, index) => textCase(`${lesson.id}.${index + 1}`, entry)),
}));
