import { PassThrough } from 'node:stream';
import { hasFastPath } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import type { FramesToCome } from 'barewire/connection';
import { MessageCodec } from 'barewire/deflate';
import {
  broadcast,
  DuplexTransport,
  openPeer,
  PreparedMessage,
  WebSocketPeer,
} from 'barewire/peer';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';
import { stepSharedPool } from '../support/deflate-jobs.ts';

/** A peer whose output can be looked at. */
function peer(role: 'client' | 'server'): { peer: WebSocketPeer; writes: Buffer[] } {
  const stream = new PassThrough();
  const writes: Buffer[] = [];
  stream.write = (chunk: unknown) => {
    writes.push(chunk as Buffer);
    return true;
  };
  const takeMaskingKey = (): number => 0x01020304;
  return { writes, peer: new WebSocketPeer(new DuplexTransport(stream), { role, takeMaskingKey }) };
}

const IS_SHARED = hasFastPath('broadcast');
const turnEnd = (): Promise<void> => new Promise((done) => setImmediate(done));

t.test('shares the bytes of one frame between all servers', async (t) => {
  const members = [peer('server'), peer('server'), peer('server')];
  const result = broadcast(
    members.map((member) => member.peer),
    'hello',
  );
  await turnEnd();
  t.strictSame(result, { sent: 3, queued: 0, dropped: 0, closed: 0 });
  for (const { writes } of members) {
    t.same(writes, [encodeFrame({ opcode: OPCODE.text, payload: 'hello' })]);
    t.equal(writes[0] === members[0]!.writes[0], IS_SHARED || writes === members[0]!.writes);
  }
});

t.test('masks for clients, and leaves one out when told', async (t) => {
  const [left, right] = [peer('client'), peer('server')];
  broadcast([left.peer, right.peer], Buffer.from([1]), { except: right.peer });
  await turnEnd();
  const expected = encodeFrame({
    opcode: OPCODE.binary,
    payload: Buffer.from([1]),
    maskingKey: 0x01020304,
  });
  t.same(left.writes, [expected]);
  t.same(right.writes, []);
});

/** Parameters as a browser gets them. */
const PARAMETERS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

t.test('compresses once for all with the same window, and every context stays true', async (t) => {
  const text = 'all work and no play makes a dull broadcast '.repeat(50);
  const members = [0, 1].map(() => {
    const writes: Buffer[] = [];
    const stream = new PassThrough();
    stream.write = (chunk: unknown) => {
      writes.push(Buffer.from(chunk as Buffer));
      return true;
    };
    const extension = { parameters: PARAMETERS, response: 'permessage-deflate' };
    const transport = new DuplexTransport(stream);
    const peer = openPeer(transport, { role: 'server', extension }, { codec: { zlib: 'handle' } });
    return { peer, writes, seen: [] as string[] };
  });
  const peers = members.map((member) => member.peer);
  members[0]!.peer.send(`${text} only for the first`);
  await turnEnd();
  broadcast(peers, text);
  await turnEnd();
  const [left, right] = members.map(({ writes }) => writes.at(-1)!);
  t.equal(left!.equals(right!), IS_SHARED);
  for (const member of members) member.peer.send(`${text} afterwards`);
  broadcast(peers, 'small');
  await turnEnd();
  for (const { writes, seen } of members) {
    seen.push(...(read(...writes) as string[]));
  }
  t.strictSame(members[0]!.seen, [
    `${text} only for the first`,
    text,
    `${text} afterwards`,
    'small',
  ]);
  t.strictSame(members[1]!.seen, [text, `${text} afterwards`, 'small']);
  for (const { peer } of members) peer.terminate();
});

t.test('prepares a message once, whatever happens to its memory afterwards', (t) => {
  const bytes = Buffer.from('abc');
  const message = new PreparedMessage(bytes, 'text');
  bytes.fill(0);
  t.same(message.plainFrame, encodeFrame({ opcode: OPCODE.text, payload: 'abc' }));
  t.equal(message.plainFrame, message.plainFrame);
  t.end();
});

t.test('refuses bytes as text that are none, at once and for everybody', (t) => {
  const bytes = Buffer.of(0xff);
  const { peer: one, writes } = peer('server');
  t.throws(() => one.send(bytes, { type: 'text' }), { code: 'invalid-argument' });
  t.throws(() => broadcast([one], bytes, { type: 'text' }), { code: 'invalid-argument' });
  t.throws(() => new PreparedMessage(bytes, 'text'), { code: 'invalid-argument' });
  t.strictSame(writes, []);
  t.equal(one.isOpen, true);
  t.end();
});

/** A message of more than is compressed on the spot. */
const LARGE = 'all work and no play makes a dull broadcast '.repeat(1000);

/** What a client reads in frames that it gets. */
function read(...frames: readonly Buffer[]): unknown[] {
  const { client } = new Pair({
    client: { deflate: new MessageCodec('client', PARAMETERS, { zlib: 'handle' }) },
  });
  for (const bytes of frames) client.connection.receive(bytes);
  return client.seen.map(([, data]) => data);
}

t.test('compresses a large message later, once for each window, and tells who waits', async (t) => {
  const threads = stepSharedPool(t);
  for (const data of [LARGE, Buffer.from(LARGE)]) {
    threads.begun.length = 0;
    const message = new PreparedMessage(data, 'text');
    const frame = message.compressedFrame(15) as FramesToCome;
    t.equal(message.compressedFrame(15), frame, 'the same for everybody');
    t.not(message.compressedFrame(9), frame);
    t.equal(frame.frames, undefined);
    t.equal(frame.byteLength, LARGE.length, 'weighs as much as it is, until it is made');
    const told: string[] = [];
    for (const name of ['first', 'second']) frame.whenMade(() => told.push(name));
    while (threads.step()) await turnEnd();
    t.same(told, ['first', 'second'], 'in their order, once');
    t.same(threads.begun, [15, 9]);
    const made = message.compressedFrame(15) as Buffer;
    t.equal(made, frame.frames, 'kept for those who come later');
    t.equal(frame.byteLength, made.length);
    t.ok(made.length < 1000);
    t.same(read(made), [LARGE]);
  }
});

t.test('sends a large message as it is when there is no memory to compress it', async (t) => {
  const threads = stepSharedPool(t);
  threads.fault = 'insufficient memory';
  const message = new PreparedMessage(LARGE);
  const frame = message.compressedFrame(15) as FramesToCome;
  let told = 0;
  frame.whenMade(() => {
    told += 1;
  });
  while (threads.step()) await turnEnd();
  t.equal(told, 1);
  t.equal(frame.frames, message.plainFrame);
  t.same(read(message.plainFrame), [LARGE]);
});

t.test('sends what is prepared as often as wanted, and says what became of each', async (t) => {
  const [open, closing] = [peer('server'), peer('server')];
  void closing.peer.close(1000);
  const message = new PreparedMessage('again');
  for (let round = 0; round < 2; round += 1) {
    const result = broadcast([open.peer, closing.peer], message);
    t.strictSame(result, { sent: 1, queued: 0, dropped: 0, closed: 1 });
  }
  await turnEnd();
  t.same(Buffer.concat(open.writes), Buffer.concat([message.plainFrame, message.plainFrame]));
  t.throws(() => broadcast([open.peer], message, { excpt: open.peer } as object), {
    code: 'invalid-option',
  });
  t.strictSame(broadcast([], message), { sent: 0, queued: 0, dropped: 0, closed: 0 });
});

t.test('refuses what is no list of peers, and options that are no object', (t) => {
  for (const bad of [null, undefined, 5, 'x', {}]) {
    t.throws(() => broadcast(bad as never, 'x'), { code: 'invalid-argument' }, String(bad));
  }
  for (const bad of [null, undefined, 5, 'x', {}]) {
    t.throws(() => broadcast([bad] as never, 'x'), { code: 'invalid-argument' }, `[${bad}]`);
  }
  t.throws(() => broadcast([], 'x', [] as object), { code: 'invalid-option' });
  t.end();
});
