import type { BodyStream } from 'barewire';
import t from 'tap';
import { get, readResponse, serve } from '../support/serving.ts';
import { eventually } from '../support/sockets.ts';

/** Opens a stream and gives it to the spec. */
async function open(t: Parameters<typeof serve>[0]) {
  let body: BodyStream | undefined;
  const served = await serve(t, (exchange) => {
    body = exchange.stream(200);
  });
  const client = served.connect().send(get('/'));
  await eventually(() => body !== undefined);
  return { ...served, client, body: body! };
}

t.test('writes bytes of every kind exactly, and refuses what is none', async (t) => {
  const { body, client } = await open(t);
  const bytes = Uint8Array.from([104, 105, 33, 33]);
  await body.write('text ');
  await body.write(bytes.subarray(0, 2));
  await body.write(new Uint16Array(bytes.buffer));
  await body.write(new DataView(bytes.buffer, 1, 1));
  await body.write(bytes.buffer);
  for (const bad of [5, null, undefined, {}, [1], true, Symbol('x')]) {
    t.throws(() => body.write(bad as never), { code: 'invalid-argument' });
  }
  body.end();
  t.equal(readResponse(await client.until('0\r\n\r\n')).body, 'text hihi!!ihi!!');
});

t.test('leaves in one write what is written in one turn, or at once when told', async (t) => {
  const { body, client } = await open(t);
  void body.write('a');
  body.flush();
  void body.write('b');
  void body.write('c');
  await client.until('c');
  t.match(client.text, /1\r\na\r\n1\r\nb\r\n1\r\nc\r\n$/);
});

t.test('has the signal of its exchange', async (t) => {
  const { body, client } = await open(t);
  t.equal(body.signal.aborted, false);
  client.socket.resetAndDestroy();
  await eventually(() => body.signal.aborted);
  t.equal(body.isOpen, false);
  t.match(body.signal.reason, { name: 'AbortError', reason: 'reset' });
});

t.test('is not aborted by its proper end', async (t) => {
  const { body, client } = await open(t);
  const { signal } = body;
  body.end();
  await client.until('0\r\n\r\n');
  t.equal(signal.aborted, false);
  body.abort();
  t.equal(signal.aborted, false);
});

t.test('counts what has not left, and says when the client takes more', async (t) => {
  const { body, client } = await open(t);
  client.socket.pause();
  void body.write(Buffer.alloc(20_000_000));
  await new Promise((next) => setImmediate(next));
  t.ok(body.bufferedAmount > 1_000_000, `${body.bufferedAmount} bytes`);
  let hasDrained = false;
  const drained = body.drained().then((takesMore) => {
    hasDrained = true;
    return takesMore;
  });
  await new Promise((next) => setImmediate(next));
  t.equal(hasDrained, false);
  client.socket.resume();
  t.equal(await drained, true);
  await client.untilLength(20_000_000);
  t.equal(body.bufferedAmount, 0);
});

t.test('wants nothing for a response that has no body', async (t) => {
  let body: BodyStream | undefined;
  const { connect } = await serve(t, (exchange) => {
    body = exchange.stream(204);
    t.equal(body.signal.aborted, true);
    t.equal(body.isOpen, false);
    body.abort();
  });
  const client = connect().send(get('/'));
  t.match(readResponse(await client.until('\r\n\r\n')), { status: 204, rest: '' });
  t.equal(await body!.write('never'), false);
  t.equal(body!.bufferedAmount, 0);
  client.send(get('/again'));
  await client.until(/204[\s\S]*204/);
});

t.test('cuts the connection when it is given up, so that the body is seen to be cut', async (t) => {
  const { body, client } = await open(t);
  await body.write('half');
  body.flush();
  await client.until('half');
  body.abort(new Error('no more'));
  t.equal(body.isOpen, false);
  t.notMatch(await client.ended(), /0\r\n\r\n$/);
  t.equal(await body.write('late'), false);
});
