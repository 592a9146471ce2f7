/**
 * permessage-deflate between two connections: which frames are marked, what stays plain, and what a
 * peer may not do [RFC 7692 §6].
 */
import { encodeFrame, OPCODE } from 'barewire/codec';
import { type DeflateParameters, MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';
import { DEFAULTS } from '../support/deflate-jobs.ts';
import { feedings } from '../support/feeding.ts';
import { type LoggedFrame, readFrames } from '../support/frame-log.ts';

const RSV1 = 4;
const HELLO = Buffer.from('f248cdc9c90700', 'hex');
const AGAIN = Buffer.from('f200110000', 'hex');

function pair(agreed: Partial<DeflateParameters> = {}, maxMessageBytes = 1_000_000): Pair {
  const parameters = { ...DEFAULTS, ...agreed };
  const side = (role: 'client' | 'server') => ({
    // Small jobs must be done within the call.
    deflate: new MessageCodec(role, parameters, { zlib: 'handle' }),
    compressThresholdBytes: 0,
    maxMessageBytes,
  });
  return new Pair({ client: side('client'), server: side('server') });
}

/** The frames that the server has written and nobody has read. */
function written({ server }: Pair): readonly LoggedFrame[] {
  return readFrames([server.takeOutput()], { role: 'client', allowRsv1: true }).frames;
}

/** What the server sees, and why it gave up, when these frames come masked in one read. */
function serverSees(
  agreed: boolean,
  frames: readonly Parameters<typeof encodeFrame>[0][],
): { seen: unknown; rule: string | undefined } {
  const { server } = agreed ? pair() : new Pair();
  for (const frame of frames) {
    const bytes = encodeFrame({ maskingKey: 0x01020304, ...frame }, { allowIllegal: true });
    server.connection.receive(bytes);
  }
  const output = readFrames([server.takeOutput()], { role: 'client', allowRsv1: true }).frames;
  const close = output.find(({ opcode }) => opcode === OPCODE.close);
  const code = close && Buffer.from(close.payload, 'hex').readUInt16BE(0);
  return { seen: server.seen, rule: code === undefined ? undefined : String(code) };
}

t.test('marks the first frame of a compressed message and keeps its kind', (t) => {
  const both = pair();
  both.server.connection.send('Hello');
  both.server.connection.send(Buffer.from('Hello'));
  const frames = written(both);
  t.match(frames, [
    { fin: true, rsv: RSV1, opcode: OPCODE.text, payload: HELLO.toString('hex') },
    { fin: true, rsv: RSV1, opcode: OPCODE.binary, payload: AGAIN.toString('hex') },
  ]);
  t.equal(frames.length, 2, '[7692-6.1-1 7692-6.1-5 7692-6-2]');
  t.end();
});

t.test('marks no later frame and no control frame [7692-6.1-3 7692-6-1]', (t) => {
  const both = pair();
  const message = both.server.connection.startMessage('text', { compress: true });
  message.write('one, ');
  both.server.connection.ping(Buffer.from('Hello'));
  message.write('two, ');
  message.end('three');
  const frames = written(both).filter(({ payload, fin }) => payload !== '' || fin);
  t.same(
    frames.map(({ fin, rsv, opcode }) => [fin, rsv, opcode]),
    [
      [false, RSV1, OPCODE.text],
      [true, 0, OPCODE.ping],
      [false, 0, OPCODE.continuation],
      [true, 0, OPCODE.continuation],
    ],
  );
  t.equal(frames[1]?.payload, Buffer.from('Hello').toString('hex'));
  t.end();
});

const MIXED = '7692-5-21 7692-6-3 7692-6-4 7692-6.1-2 7692-6.2-1 7692-6.2-2 7692-7.2.3.2-1';
t.test(`delivers compressed and plain messages of one read, however cut [${MIXED}]`, (t) => {
  const both = pair();
  const { connection } = both.client;
  connection.send('first, compressed');
  connection.send('second, plain', { compress: false });
  connection.send('third, compressed again, and looking back at the first, compressed');
  connection.send('');
  connection.send(Buffer.alloc(300, 'x'));
  const sent = both.client.takeOutput();
  const expected = [
    ['message', 'first, compressed'],
    ['message', 'second, plain'],
    ['message', 'third, compressed again, and looking back at the first, compressed'],
    ['message', ''],
    ['message', '78'.repeat(300)],
  ];
  for (const { name, chunks } of feedings(sent)) {
    const { server } = pair();
    for (const chunk of chunks) server.connection.receive(chunk);
    if (JSON.stringify(server.seen) !== JSON.stringify(expected))
      t.same(server.seen, expected, name);
  }
  t.pass('in every feeding mode');
  t.end();
});

t.test('inflates a message from fragments cut anywhere [7692-6.2-1]', (t) => {
  for (let first = 0; first <= HELLO.length; first += 1) {
    const { seen } = serverSees(true, [
      { opcode: OPCODE.text, fin: false, rsv: RSV1, payload: HELLO.subarray(0, first) },
      { opcode: OPCODE.ping, payload: 'in between' },
      { opcode: OPCODE.continuation, payload: HELLO.subarray(first) },
    ]);
    t.same(seen, [
      ['ping', 'in between'],
      ['message', 'Hello'],
    ]);
  }
  t.end();
});

t.test('fails on the mark where it has no meaning [7692-6.1-4 7692-5-19]', (t) => {
  const start = { opcode: OPCODE.text, fin: false, rsv: RSV1, payload: HELLO.subarray(0, 3) };
  const rest = { opcode: OPCODE.continuation, payload: HELLO.subarray(3) };
  t.match(serverSees(true, [start, { ...rest, rsv: RSV1 }]), { seen: [], rule: '1002' });
  for (const opcode of [OPCODE.ping, OPCODE.pong, OPCODE.close]) {
    t.match(serverSees(true, [{ opcode, rsv: RSV1, payload: '' }]), { seen: [], rule: '1002' });
  }
  const whole = { opcode: OPCODE.text, rsv: RSV1, payload: HELLO };
  t.match(serverSees(true, [whole]), { seen: [['message', 'Hello']], rule: undefined });
  t.match(serverSees(false, [whole]), { seen: [], rule: '1002' }, 'it was not agreed upon');
  t.end();
});

t.test('checks UTF-8 behind the inflater, and not before it [7692-6.1-6]', (t) => {
  const one = new MessageCodec('client', DEFAULTS, { zlib: 'handle' });
  let bad: Buffer = Buffer.alloc(0);
  one.compress(Buffer.from([0x48, 0xff]), true, (_, bytes) => {
    bad = bytes;
  });
  const frame = { opcode: OPCODE.text, rsv: RSV1, payload: bad };
  t.match(serverSees(true, [frame]), { seen: [], rule: '1007' });
  t.match(serverSees(true, [{ ...frame, opcode: OPCODE.binary }]), { rule: undefined });
  t.notOk(isValidUtf8(HELLO), 'what travels need not be UTF-8');
  t.end();
});

function isValidUtf8(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes);
}

/** The bytes that a sender would flush after each of these pieces, the last one not finished. */
function flushed(pieces: readonly Buffer[]): Buffer[] {
  const codec = new MessageCodec('client', DEFAULTS, { zlib: 'handle' });
  return pieces.map((piece) => {
    let bytes: Buffer = Buffer.alloc(0);
    codec.compress(piece, false, (_, compressed) => {
      bytes = compressed;
    });
    return bytes;
  });
}

/** How many bytes of an unfinished compressed message a server takes, fed one by one. */
function bytesTaken(server: Pair['server'], opcode: number, payloads: readonly Buffer[]): number {
  const frames = payloads.map((payload, index) =>
    encodeFrame({
      opcode: index === 0 ? opcode : OPCODE.continuation,
      fin: false,
      rsv: index === 0 ? RSV1 : 0,
      payload,
      maskingKey: 0x01020304,
    }),
  );
  let taken = 0;
  for (const byte of Buffer.concat(frames)) {
    if (server.connection.state !== 'open') break;
    server.connection.receive(Buffer.of(byte));
    taken += 1;
  }
  return taken;
}

t.test('finds a bad byte of compressed text when it comes, not at the end [RFC 6455 §8.1]', (t) => {
  const payloads = flushed([
    Buffer.from('good'),
    Buffer.of(0xc3),
    Buffer.of(0x28),
    Buffer.from('more'),
  ]);
  const lengths = payloads.map((payload) => payload.length + 6);
  const { server } = pair();
  const taken = bytesTaken(server, OPCODE.text, payloads);
  const good = lengths[0]! + lengths[1]!;
  t.ok(taken > good && taken <= good + lengths[2]!, `${taken} of ${lengths}`);
  t.equal(server.connection.state, 'failed');
  t.match(readFrames([server.takeOutput()], { role: 'client', allowRsv1: true }).frames, [
    { opcode: OPCODE.close, payload: /^03ef/ },
  ]);
  const binary = pair().server;
  bytesTaken(binary, OPCODE.binary, payloads);
  t.equal(binary.connection.state, 'open', 'bytes need not be text');
  t.end();
});

t.test('finds bad data and too much of it when it comes, in a message that never ends', (t) => {
  const good = flushed([Buffer.from('good')])[0]!;
  const bad = pair().server;
  t.ok(bytesTaken(bad, OPCODE.binary, [good, Buffer.of(7), good, good]) <= good.length + 6 + 7);
  t.equal(bad.connection.state, 'failed');
  const large = pair({}, 1000).server;
  const parts = flushed([Buffer.alloc(600), Buffer.alloc(600), Buffer.alloc(600)]);
  const lengths = parts.map((part) => part.length + 6);
  t.ok(bytesTaken(large, OPCODE.binary, parts) <= lengths[0]! + lengths[1]!);
  t.equal(large.connection.state, 'failed');
  t.end();
});

t.test('delivers what came out of a compressed message before it has ended, in pieces', (t) => {
  const codec = new MessageCodec('server', DEFAULTS, { zlib: 'handle' });
  const { server } = new Pair({ server: { deflate: codec, delivery: 'pieces' } });
  bytesTaken(server, OPCODE.text, flushed([Buffer.from('one '), Buffer.from('two')]));
  const [start, ...pieces] = server.seen;
  t.same(start, ['start', 'text']);
  t.equal(pieces.map(([, piece]) => piece).join(''), 'one two');
  t.end();
});

t.test('fails on bad data with 1007 and on too much of it with 1009', (t) => {
  const frame = { opcode: OPCODE.binary, rsv: RSV1, payload: Buffer.from('07', 'hex') };
  t.match(serverSees(true, [frame]), { seen: [], rule: '1007' });
  const both = pair({}, 1000);
  both.client.connection.send(Buffer.alloc(1001));
  both.settle();
  t.same(both.server.seen, []);
  t.equal(both.client.connection.state === 'open', false);
  t.end();
});

t.test('starts each message afresh where that was agreed upon, and says the same', (t) => {
  const both = pair({ serverNoContextTakeover: true, clientNoContextTakeover: true });
  for (let round = 0; round < 3; round += 1) {
    both.server.connection.send('Hello');
    t.match(written(both), [{ payload: HELLO.toString('hex') }]);
    both.client.connection.send('Hello');
    both.settle();
  }
  t.same(both.server.seen, Array(3).fill(['message', 'Hello']));
  t.end();
});
