import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { ask } from '../../lib/client/ask.ts';
import { duplexPair } from '../support/sockets.ts';

const calm = new AbortController().signal;

t.test('asks, skips interim answers, and keeps the bytes of the new protocol apart', async (t) => {
  const [near, far] = duplexPair();
  const answer = ask(near, 'the request', 'GET', calm);
  t.equal(String((await once(far, 'data'))[0]), 'the request');
  far.write(
    'HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nrest',
  );
  const { head, rest, body } = await answer;
  t.equal(head.status, 101);
  t.equal(rest.toString(), 'rest');
  t.equal(body.length, 0);
});

t.test('keeps the first bytes of a body, however long it is', async (t) => {
  const [near, far] = duplexPair();
  const answer = ask(near, 'x', 'GET', calm);
  far.write(`HTTP/1.1 403 No\r\nContent-Length: 1000000\r\n\r\n${'y'.repeat(10_000)}`);
  const { head, body } = await answer;
  t.equal(head.status, 403);
  t.equal(body.length, 4096);
});

t.test('rejects what is no answer: an end, nonsense, being given up', async (t) => {
  const [ended, other] = duplexPair();
  const none = ask(ended, 'x', 'GET', calm);
  other.end();
  await t.rejects(none, { code: 'premature-eof' } as never);
  const [garbled, far] = duplexPair();
  const nonsense = ask(garbled, 'x', 'GET', calm);
  far.write('SSH-2.0-OpenSSH\r\n');
  await t.rejects(nonsense, { name: 'ProtocolError' });
  const [near] = duplexPair();
  const reason = new Error('given up');
  await t.rejects(ask(near, 'x', 'GET', AbortSignal.abort(reason)), reason);
  t.equal(near.listenerCount('data'), 0);
});

t.test('looks after the errors of the stream until somebody else does', async (t) => {
  const [near, far] = duplexPair();
  const answer = ask(near, 'x', 'GET', calm);
  far.write('HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n');
  await answer;
  const closed = new Promise<void>((done) => near.on('close', done));
  near.destroy(new Error('nobody listens'));
  await closed;
  t.equal(near.errored?.message, 'nobody listens');
});

t.test('takes a refusal for an answer although its body breaks off', async (t) => {
  const [near, far] = duplexPair();
  const answer = ask(near, 'x', 'GET', calm);
  far.end('HTTP/1.1 403 No\r\nContent-Length: 1000\r\n\r\nhalf of');
  const { head, body } = await answer;
  t.strictSame([head.status, body.toString()], [403, 'half of']);
  t.equal(near.listenerCount('data'), 0);
});

t.test('writes nothing to a stream that is gone already', async (t) => {
  const near = new PassThrough();
  near.destroy();
  await t.rejects(ask(near, 'x', 'GET', calm), { code: 'premature-eof' } as never);
  t.equal(near.read(), null);
});
