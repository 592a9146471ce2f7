import { OutgoingText, requireText, TextPieces } from 'barewire/connection';
import t from 'tap';

t.test('gives each code point with the piece that completes it', (t) => {
  const bytes = Buffer.from('aü€🌍');
  const pieces = new TextPieces();
  const texts = [...bytes].map((_, index) => pieces.decode(bytes, index, index + 1));
  t.strictSame(texts, ['a', '', 'ü', '', '', '€', '', '', '', '🌍']);
  t.end();
});

t.test('decodes only the range it is given, and nothing for an empty one', (t) => {
  const pieces = new TextPieces();
  t.equal(pieces.decode(Buffer.from('xaby'), 1, 3), 'ab');
  t.equal(pieces.decode(Buffer.from('xaby'), 2, 2), '');
  t.end();
});

t.test('forgets a carried code point on reset', (t) => {
  const pieces = new TextPieces();
  pieces.decode(Buffer.from('e282', 'hex'), 0, 2);
  pieces.reset();
  t.equal(pieces.decode(Buffer.from('a'), 0, 1), 'a');
  t.end();
});

t.test('lets nothing leave as text that is none [6455-5.6-2]', (t) => {
  for (const good of ['', '\ud800', Buffer.alloc(0), Buffer.from('grüß 🌍')]) {
    requireText(good, 'text');
  }
  for (const bad of ['ff', 'c3', '61e282', 'eda080']) {
    const bytes = Buffer.from(bad, 'hex');
    t.throws(() => requireText(bytes, 'text'), { code: 'invalid-argument' }, bad);
    requireText(bytes, 'binary');
    requireText(bytes, undefined);
  }
  t.end();
});

t.test('follows a text that leaves in pieces, cut between any bytes', (t) => {
  const globe = Buffer.from('🌍');
  const whole = new OutgoingText();
  whole.take('a', false);
  for (const byte of globe) whole.take(Buffer.of(byte), false);
  whole.take('', false);
  whole.take('z', true);
  const cut = new OutgoingText();
  cut.take(globe.subarray(0, 3), false);
  t.throws(() => cut.take('x', false), { code: 'invalid-argument' }, 'inside a code point');
  t.throws(() => cut.take(Buffer.alloc(0), true), { code: 'invalid-argument' }, 'at the end');
  cut.take('', false);
  cut.take(globe.subarray(3), true);
  const bad = new OutgoingText();
  t.throws(() => bad.take(Buffer.of(0xff), false), { code: 'invalid-argument' });
  t.throws(() => bad.take('x', true), { code: 'invalid-argument' }, 'for good');
  t.end();
});
