import {
  ALPHA,
  CHARACTER_CLASS,
  COLON,
  CR,
  DIGIT,
  equalsIgnoringCase,
  FIELD_VALUE,
  HEX_DIGIT,
  HTAB,
  isFieldValue,
  isToken,
  LF,
  lowerAscii,
  SP,
  TOKEN,
  trimOws,
  VISIBLE,
} from 'barewire/base';
import t from 'tap';

/** Every class as the grammar writes it, so that the table is compared with something literal. */
const CLASSES: readonly (readonly [name: string, bit: number, member: RegExp])[] = [
  ['token characters', TOKEN, /[!#$%&'*+\-.^_`|~0-9A-Za-z]/],
  ['field value bytes', FIELD_VALUE, /[\t \x21-\x7e\x80-\xff]/],
  ['digits', DIGIT, /[0-9]/],
  ['hexadecimal digits', HEX_DIGIT, /[0-9A-Fa-f]/],
  ['visible characters', VISIBLE, /[\x21-\x7e]/],
  ['letters', ALPHA, /[A-Za-z]/],
];

/** Titles of assertions must stay on one line, whatever the sample is. */
const inHex = (text: string): string => Buffer.from(text, 'utf16le').toString('hex');

for (const [name, bit, member] of CLASSES) {
  t.test(`knows the ${name} among all 256 bytes`, (t) => {
    for (let byte = 0; byte < 256; byte += 1) {
      const isMember = (CHARACTER_CLASS[byte]! & bit) !== 0;
      if (isMember !== member.test(String.fromCharCode(byte))) t.fail(`byte ${byte}`);
    }
    t.equal(CHARACTER_CLASS.length, 256);
    t.end();
  });
}

t.test('names the bytes that structure a message', (t) => {
  t.equal(Buffer.of(HTAB, LF, CR, SP, COLON).toString('latin1'), '\t\n\r :');
  t.end();
});

t.test(
  'accepts tokens and refuses the empty string, delimiters, spaces and wide characters',
  (t) => {
    for (const token of ['GET', 'x-a_b', "!#$%&'*+-.^_`|~", '0'])
      t.equal(isToken(token), true, token);
    for (const text of ['', 'a b', 'a:b', 'a,', '"a"', 'a\n', 'ä', '\u0141', 'a\u2028']) {
      t.equal(isToken(text), false, inHex(text));
    }
    t.end();
  },
);

t.test('accepts field values and refuses what would break out of the line', (t) => {
  for (const value of ['', 'a b', ' a\t', 'caf\u00e9', '\u00ff', '\u0080']) {
    t.equal(isFieldValue(value), true, inHex(value));
  }
  for (const text of ['a\r', 'a\nb', '\0', '\x7f', '\x1b', '\u0100', '\u010a', '\u{1f600}']) {
    t.equal(isFieldValue(text), false, inHex(text));
  }
  t.end();
});

t.test('compares without regard to ASCII case, and only to ASCII case', (t) => {
  t.equal(equalsIgnoringCase('Content-LENGTH', 'content-length'), true);
  t.equal(equalsIgnoringCase('', ''), true);
  t.equal(equalsIgnoringCase('a', 'ab'), false);
  t.equal(equalsIgnoringCase('[', '{'), false, 'the neighbours of Z and z are not letters');
  t.equal(equalsIgnoringCase('@', '`'), false, 'the neighbours of A and a are not letters');
  t.equal(equalsIgnoringCase('\u212a', 'k'), false, 'the Kelvin sign is no k');
  t.equal(equalsIgnoringCase('\u017f', 's'), false, 'the long s is no s');
  t.equal(equalsIgnoringCase('\u00c9', '\u00e9'), false);
  t.end();
});

t.test('lower-cases A – Z and nothing else', (t) => {
  t.equal(lowerAscii('Sec-WebSocket-KEY'), 'sec-websocket-key');
  t.equal(lowerAscii('\u00c9A\u212aZ\u0130[@'), '\u00c9a\u212az\u0130[@');
  t.equal(lowerAscii(''), '');
  t.end();
});

t.test('trims space and tab, and no other white space', (t) => {
  t.equal(trimOws(' \t a b\t '), 'a b');
  t.equal(trimOws('\u00a0a\r\n'), '\u00a0a\r\n');
  t.equal(trimOws(' \t'), '');
  t.equal(trimOws(''), '');
  t.end();
});
