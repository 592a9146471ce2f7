import { HandshakeRejected, ProtocolError, UsageError } from 'barewire/base';
import t from 'tap';

t.test('a protocol error carries its row of the table', (t) => {
  const frame = new ProtocolError('frame-not-masked');
  t.match(frame, { code: 'frame-not-masked', closeCode: 1002, source: 'RFC 6455 §5.1' });
  t.equal(frame.status, undefined);
  const head = new ProtocolError('headers-too-large');
  t.match(head, { code: 'headers-too-large', status: 431, source: 'limit' });
  t.equal(head.closeCode, undefined);
  t.end();
});

t.test('a protocol error says what was seen, which rule it broke, and what caused it', (t) => {
  t.equal(new ProtocolError('bare-lf').message, 'bare-lf [RFC 9112 §2.2]');
  const cause = new Error('zlib');
  const error = new ProtocolError('deflate-data-invalid', 'invalid block type', { cause });
  t.equal(error.message, 'deflate-data-invalid: invalid block type [RFC 7692 §7.2.2]');
  t.equal(error.cause, cause);
  t.equal(new ProtocolError('bare-lf', '').message, 'bare-lf:  [RFC 9112 §2.2]');
  t.end();
});

t.test('each class has its own name and is an Error', (t) => {
  const errors = [
    new ProtocolError('bare-cr'),
    new UsageError('invalid-state', 'closed'),
    new HandshakeRejected(403, 'wrong origin'),
  ];
  t.same(
    errors.map((error) => [error.name, error.code]),
    [
      ['ProtocolError', 'bare-cr'],
      ['UsageError', 'invalid-state'],
      ['HandshakeRejected', 'handshake-rejected'],
    ],
  );
  for (const error of errors) {
    t.ok(error instanceof Error);
    t.match(error.stack ?? '', /errors\.spec/);
    t.match(String(error), error.name);
  }
  t.equal(errors[1]?.message, 'closed');
  t.end();
});

t.test('a rejected handshake carries its status and its own copy of the fields', (t) => {
  const headers: Record<string, string> = { 'retry-after': '5' };
  const error = new HandshakeRejected(503, 'full', headers);
  headers['retry-after'] = '6';
  t.equal(error.status, 503);
  t.equal(error.message, 'full');
  t.same(error.headers, { 'retry-after': '5' });
  t.ok(Object.isFrozen(error.headers));
  t.same(new HandshakeRejected(301, 'moved').headers, {});
  t.equal(new HandshakeRejected(599, 'last').status, 599);
  t.end();
});

t.test('a handshake cannot be rejected with a status that says yes', (t) => {
  for (const status of [299, 600, 101, 200, 403.5, Number.NaN, -1]) {
    t.throws(() => new HandshakeRejected(status, ''), {
      name: 'UsageError',
      code: 'invalid-argument',
    });
  }
  t.end();
});

t.test('a handshake is rejected with what its status demands, or not at all', (t) => {
  const owed: [status: number, name: string][] = [
    [401, 'WWW-Authenticate'],
    [405, 'Allow'],
    [407, 'Proxy-Authenticate'],
    [426, 'Upgrade'],
  ];
  for (const [status, name] of owed) {
    for (const headers of [undefined, {}, { 'x-a': name }]) {
      t.throws(() => new HandshakeRejected(status, '', headers), {
        name: 'UsageError',
        code: 'invalid-header',
        message: new RegExp(`${status} must have ${name.toLowerCase()} `),
      });
    }
    t.equal(new HandshakeRejected(status, '', { [name]: 'x' }).status, status);
  }
  t.equal(new HandshakeRejected(403, '').status, 403);
  t.end();
});
