import { TextPieces } from 'barewire/connection';
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
