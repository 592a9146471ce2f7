import { computeAccept, encodeHandshakeKey, isHandshakeKey } from 'barewire/handshake';
import t from 'tap';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

t.test('answers the example of the RFC [6455-4.2.2-21]', (t) => {
  t.equal(computeAccept(KEY), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  t.equal(computeAccept('AAAAAAAAAAAAAAAAAAAAAA=='), 'ICX+Yqv66kxgM0FcWaLWlFLwTAI=');
  t.end();
});

t.test('writes 16 bytes as a key, with padding bits of zero [6455-4.1-29 6455-4.3-1]', (t) => {
  t.equal(encodeHandshakeKey(Buffer.from('the sample nonce')), KEY);
  for (let round = 0; round < 256; round += 1) {
    const key = encodeHandshakeKey(new Uint8Array(16).fill(round));
    t.match(key, /^[A-Za-z0-9+/]{21}[AQgw]==$/);
    t.ok(isHandshakeKey(key));
  }
  t.end();
});

t.test('reads only the bytes of the view it is given', (t) => {
  const backing = Buffer.alloc(64, 0xff);
  const view = new Uint8Array(backing.buffer, backing.byteOffset + 8, 16).fill(0);
  t.equal(encodeHandshakeKey(view), 'AAAAAAAAAAAAAAAAAAAAAA==');
  t.end();
});

t.test('refuses a nonce that has not 16 bytes', (t) => {
  for (const length of [0, 15, 17]) {
    t.throws(() => encodeHandshakeKey(new Uint8Array(length)), { code: 'invalid-argument' });
  }
  t.end();
});

t.test('takes set padding bits, as in the first example of the RFC (erratum 3150)', (t) => {
  t.ok(isHandshakeKey('AQIDBAUGBwgJCgsMDQ4PEC=='));
  t.end();
});

const BAD: readonly (readonly [title: string, value: string])[] = [
  ['nothing', ''],
  ['15 bytes', 'AAAAAAAAAAAAAAAAAAAA'],
  ['17 bytes', 'AAAAAAAAAAAAAAAAAAAAAAA='],
  ['no padding', KEY.slice(0, 22)],
  ['one padding character', KEY.slice(0, 23)],
  ['three padding characters', `${KEY}=`],
  ['the alphabet for URLs', 'AAAAAAAAAAAAAAAAAAAA-_=='],
  ['white space inside', 'dGhlIHNhbXBs ZSBub25jZQ='],
  ['a line end behind it', `${KEY}\n`],
  ['two keys', `${KEY}, ${KEY}`],
];

for (const [title, value] of BAD) {
  t.test(`takes ${title} for no key [6455-4.2.1-7]`, (t) => {
    t.notOk(isHandshakeKey(value));
    t.end();
  });
}
