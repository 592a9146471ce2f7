import t from 'tap';
import {
  decodeText,
  parseJson,
  requireJson,
  requirePlain,
  requireText,
} from '../../lib/server/body-text.ts';

t.test('takes text that is UTF-8, or does not say', (t) => {
  for (const type of [
    undefined,
    '',
    'text/plain',
    'text/plain; charset=utf-8',
    'a/b;charset="UTF8"',
    'a/b; charset = us-ascii',
    'a/b; x="; charset=utf-16"',
    'a/b; x="\\"; charset=utf-16"; charset="u\\tf-8"',
    'a/b; xcharset=utf-16;',
  ]) {
    t.doesNotThrow(() => requireText(type), String(type));
  }
  for (const type of [
    'text/plain; charset=latin1',
    'a/b; x=1; CHARSET=utf-16',
    'a/b; charset=utf-8; charset=utf-16',
    'a/b; charset="utf-1\\6"',
    'a/b; charset=utf-8, a/b',
    'a/b; charset="utf-8',
    'no type',
  ]) {
    t.throws(() => requireText(type), { code: 'unsupported-media-type', status: 415 }, type);
  }
  t.end();
});

t.test('takes nothing that is compressed', (t) => {
  const plain = [undefined, '', ' , ', 'identity', 'Identity', 'identity, IDENTITY', ', identity,'];
  for (const coding of plain) {
    t.doesNotThrow(() => requirePlain(coding), String(coding));
  }
  for (const coding of ['gzip', 'br', 'identity, gzip', 'x-none', 'identity;q=1']) {
    t.throws(() => requirePlain(coding), { code: 'unsupported-content-coding' }, coding);
  }
  t.end();
});

t.test('takes JSON that says so', (t) => {
  for (const type of [
    'application/json',
    'Application/JSON; charset=utf-8',
    'application/ld+json',
    'a/b+json ;x=y',
    'application/json; x="; charset=utf-16"',
  ]) {
    t.doesNotThrow(() => requireJson(type), type);
  }
  for (const type of [
    undefined,
    '',
    'text/plain',
    'application/jsonx',
    'application/json+x',
    '+json',
    'application/json; charset=utf-16',
    'text/plain; x=application/json',
    'application/json; charset="utf-8',
    'application/json, text/plain',
  ]) {
    t.throws(
      () => requireJson(type),
      { code: 'unsupported-media-type', status: 415 },
      String(type),
    );
  }
  t.end();
});

t.test('decodes UTF-8 strictly, without a byte order mark', (t) => {
  t.equal(decodeText(Buffer.from('héllo')), 'héllo');
  t.equal(decodeText(Buffer.from('\ufeffx')), 'x');
  t.equal(decodeText(Buffer.alloc(0)), '');
  for (const hex of ['80', 'c0af', 'eda080', 'f5808080', 'e282']) {
    t.throws(() => decodeText(Buffer.from(hex, 'hex')), { code: 'body-not-utf8', status: 400 });
  }
  t.end();
});

t.test('parses JSON, and gives names that are names of object members no power', (t) => {
  t.same(parseJson('{"a":[1,null]}'), { a: [1, null] });
  const parsed = parseJson('{"__proto__":{"x":1}}') as Record<string, unknown>;
  t.equal(parsed['x'], undefined);
  for (const text of ['', '{', "{'a':1}", '[1,]', 'undefined']) {
    t.throws(() => parseJson(text), { code: 'body-not-json', status: 400 }, text);
  }
  t.end();
});

t.test('text that no string can hold is too large, and not badly written', (t) => {
  const { decode } = TextDecoder.prototype;
  t.teardown(() => {
    TextDecoder.prototype.decode = decode;
  });
  TextDecoder.prototype.decode = () => {
    throw Object.assign(new Error('no string has so much'), { code: 'ERR_STRING_TOO_LONG' });
  };
  t.throws(() => decodeText(Buffer.from('x')), { code: 'body-too-large', status: 413 });
  t.end();
});
