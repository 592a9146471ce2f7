import { PassThrough } from 'node:stream';
import { encodeFrame, OPCODE } from 'barewire/codec';
import { broadcast, DuplexTransport, PreparedMessage, WebSocketPeer } from 'barewire/peer';
import t from 'tap';

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

const turnEnd = (): Promise<void> => new Promise((done) => setImmediate(done));

t.test('shares the bytes of one frame between all servers', async (t) => {
  const members = [peer('server'), peer('server'), peer('server')];
  const result = broadcast(
    members.map((member) => member.peer),
    'hello',
  );
  await turnEnd();
  t.strictSame(result, { sent: 3, queued: 0, dropped: 0, closed: 0 });
  t.same(members[0]!.writes, [encodeFrame({ opcode: OPCODE.text, payload: 'hello' })]);
  t.equal(members[0]!.writes[0], members[1]!.writes[0]);
  t.equal(members[1]!.writes[0], members[2]!.writes[0]);
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

t.test('prepares a message once, whatever happens to its memory afterwards', (t) => {
  const bytes = Buffer.from('abc');
  const message = new PreparedMessage(bytes, 'text');
  bytes.fill(0);
  t.same(message.plainFrame, encodeFrame({ opcode: OPCODE.text, payload: 'abc' }));
  t.equal(message.plainFrame, message.plainFrame);
  t.end();
});
