/** Fields that come once, and fields that a status demands [RFC 9110 §5.3, §15]. */
import {
  HandshakeRejected,
  missingField,
  owedField,
  SINGLETON_FIELDS,
  singletonBit,
} from 'barewire/base';
import t from 'tap';

t.test('gives each field that is no list a bit of its own', (t) => {
  const names = Object.keys(SINGLETON_FIELDS);
  const bits = names.map(singletonBit);
  t.ok(bits.every((bit) => bit > 0));
  t.equal(new Set(bits).size, names.length);
  t.equal(Math.log2(Math.max(...bits)), names.length - 1);
  t.ok(names.every((name) => name === name.toLowerCase()));
  t.ok(Object.values(SINGLETON_FIELDS).every((source) => /^(RFC \d+|Fetch) §[\d.]+$/.test(source)));
  t.end();
});

t.test('knows lists, and names that are names of object members, as no such fields', (t) => {
  for (const name of ['set-cookie', 'vary', 'link', 'allow', 'www-authenticate', 'cache-control']) {
    t.equal(singletonBit(name), 0, name);
  }
  for (const name of ['__proto__', 'constructor', 'tostring', '']) t.equal(singletonBit(name), 0);
  t.end();
});

t.test('tells which field a status demands and has not', (t) => {
  const demanded: unknown[] = [];
  for (let status = 100; status < 600; status += 1) {
    const owed = owedField(status);
    if (owed !== undefined) demanded.push([status, owed.name]);
    t.equal(missingField(status, { a: '' }), owed);
    t.equal(missingField(status, { a: '', [String(owed?.name).toUpperCase()]: 'x' }), undefined);
  }
  t.strictSame(demanded, [
    [206, 'content-range'],
    [401, 'www-authenticate'],
    [405, 'allow'],
    [407, 'proxy-authenticate'],
    [426, 'upgrade'],
  ]);
  t.end();
});

t.test('no handshake is rejected without the field that its status demands', (t) => {
  for (const [status, name] of [
    [401, 'WWW-Authenticate'],
    [405, 'Allow'],
    [407, 'Proxy-Authenticate'],
    [426, 'Upgrade'],
  ] as const) {
    const error = { name: 'UsageError', code: 'invalid-header', message: /must have .*RFC 9110/ };
    t.throws(() => new HandshakeRejected(status, 'no'), error);
    t.throws(() => new HandshakeRejected(status, 'no', { [`${name}s`]: 'x' }), error);
    t.equal(new HandshakeRejected(status, 'no', { [name]: 'x' }).status, status);
    for (const empty of ['', ' ', ', ,']) {
      const reject = (): unknown => new HandshakeRejected(status, 'no', { [name]: empty });
      if (name === 'Allow') t.doesNotThrow(reject, 'nothing is allowed');
      else t.throws(reject, error, `${name}: ${empty}`);
    }
  }
  t.end();
});
