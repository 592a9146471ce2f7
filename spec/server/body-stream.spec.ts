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
