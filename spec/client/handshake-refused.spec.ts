import { HandshakeRefused } from 'barewire/client';
import { Fields } from 'barewire/http';
import t from 'tap';

t.test('carries the whole answer, and reads like a sentence', (t) => {
  const head = { status: 401, reason: 'Unauthorized', fields: Fields.from({ a: 'b' }) };
  const error = new HandshakeRefused('proxy', head, Buffer.from('body'));
  t.match(error, { code: 'handshake-refused', by: 'proxy', status: 401, reason: 'Unauthorized' });
  t.equal(error.message, 'the proxy answered 401 Unauthorized');
  t.equal(error.fields.get('A'), 'b');
  t.equal(error.body.toString(), 'body');
  const bare = new HandshakeRefused('server', { ...head, reason: '' }, Buffer.alloc(0), 'too many');
  t.equal(bare.message, 'the server answered 401 (too many)');
  t.end();
});
