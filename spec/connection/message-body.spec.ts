import { MessageBody, type PieceTaker } from 'barewire/connection';
import t from 'tap';
import { decodeWhole } from '../../lib/connection/message-body.ts';

const utf8 = (text: string): Buffer => Buffer.from(text);

function pieces(): { taken: (string | Buffer)[]; body: MessageBody } {
  const taken: (string | Buffer)[] = [];
  const taker: PieceTaker = { messagePiece: (piece) => taken.push(piece) };
  return { taken, body: new MessageBody(taker) };
}

t.test('keeps a message until it is whole, and is new for the next one', (t) => {
  const body = new MessageBody(undefined);
  for (const [isText, bytes, whole] of [
    [true, utf8('grüß'), 'grüß'],
    [true, utf8('plain'), 'plain'],
    [false, utf8('grüß'), utf8('grüß')],
    [true, utf8('a'), 'a'],
    [false, utf8('a'), utf8('a')],
    [true, utf8(''), ''],
    [false, utf8(''), utf8('')],
  ] as const) {
    body.begin(isText);
    for (let at = 0; at < bytes.length; at += 1) {
      t.equal(body.add(bytes, at, at + 1, bytes[at]! < 0x80, undefined), undefined);
    }
    t.equal(body.length, bytes.length);
    t.equal(body.checkEnd(), undefined);
    t.same(body.take(), whole);
  }
  t.end();
});

t.test('names the byte that cannot stand there, when it comes', (t) => {
  for (const { body } of [{ body: new MessageBody(undefined) }, pieces()]) {
    body.begin(true);
    t.equal(body.add(utf8('xxü'), 2, 3, false, undefined), undefined);
    t.match(body.add(utf8('xxü'), 0, 1, true, undefined), {
      code: 'text-not-utf8',
      message: /at byte 1/,
    });
  }
  t.end();
});

t.test('takes no end inside a code point, and any end of binary', (t) => {
  const body = new MessageBody(undefined);
  body.begin(true);
  body.add(utf8('ü'), 0, 1, false, undefined);
  t.equal(body.checkEnd()?.code, 'text-not-utf8');
  const binary = new MessageBody(undefined);
  binary.begin(false);
  binary.add(utf8('ü'), 0, 1, false, undefined);
  t.equal(binary.checkEnd(), undefined);
  t.end();
});

t.test('hands pieces on that are their takers own, text between code points', (t) => {
  const { taken, body } = pieces();
  const bytes = utf8('aü');
  body.begin(true);
  body.add(bytes, 0, 2, false, undefined);
  body.add(bytes, 2, 3, false, undefined);
  body.begin(false);
  body.add(bytes, 0, 1, true, undefined);
  const own = utf8('mine');
  body.addOwn(own);
  body.addOwn(utf8(''));
  bytes.fill(0);
  t.same(taken, ['a', 'ü', utf8('a'), own]);
  t.equal(taken[3], own, 'what was its own is not copied');
  t.equal(body.heldBytes, 0);
  t.end();
});

t.test('checks what it is given for its own as well', (t) => {
  for (const { body } of [{ body: new MessageBody(undefined) }, pieces()]) {
    body.begin(true);
    t.equal(body.addOwn(Buffer.from('61c3', 'hex')), undefined);
    t.match(body.addOwn(Buffer.from('62', 'hex')), { message: /at byte 2/ });
  }
  t.end();
});

t.test('forgets what it keeps', (t) => {
  const body = new MessageBody(undefined);
  body.begin(false);
  body.add(Buffer.alloc(100_000), 0, 100_000, false, undefined);
  t.ok(body.heldBytes >= 100_000);
  body.clear();
  t.equal(body.heldBytes, 0);
  t.end();
});

t.test('makes a string of a text that came in one piece, or says that it is none', (t) => {
  for (const [hex, onlyAscii, text] of [
    ['', true, ''],
    ['', false, ''],
    ['6162', true, 'ab'],
    ['6162', false, 'ab'],
    ['c3bc', false, '\u00fc'],
    ['c3', false, undefined],
    ['61ff', false, undefined],
    ['eda080', false, undefined],
  ] as const) {
    const bytes = Buffer.from(`ff${hex}ff`, 'hex');
    t.equal(decodeWhole(bytes, 1, bytes.length - 1, onlyAscii), text, `${hex} ${onlyAscii}`);
  }
  t.end();
});
