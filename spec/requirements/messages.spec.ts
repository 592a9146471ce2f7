/** Frames and messages of an open connection, rule by rule [RFC 6455 §5, §6]. */
import { createFrameHeader, encodeFrame, OPCODE, readFrameHeader } from 'barewire/codec';
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { type End, Pair } from '../support/connection-pair.ts';

const KEY = 0x37fa213d;
const masked = (opcode: number, payload: string | Buffer, fin = true): Buffer =>
  encodeFrame({ opcode, payload, fin, maskingKey: KEY });

interface SentFrame {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly maskingKey: number;
  readonly payload: Buffer;
}

/** Reads frames the literal way, off the bytes that a side has written. */
function sentFrames(end: End): SentFrame[] {
  const bytes = end.takeOutput();
  const frames: SentFrame[] = [];
  const header = createFrameHeader();
  for (let at = 0; at < bytes.length; ) {
    readFrameHeader(bytes, at, bytes.length, header);
    const start = at + header.headerLength;
    at = start + header.payloadLength;
    const payload = Buffer.from(bytes.subarray(start, at));
    const key = Buffer.alloc(4);
    key.writeUInt32BE(header.maskingKey);
    if (header.masked) for (const index of payload.keys()) payload[index]! ^= key[index % 4]!;
    frames.push({ ...header, payload });
  }
  return frames;
}

/** Has a side send a bit of everything. */
function sendEverything({ connection }: End): void {
  connection.send('text');
  connection.send(Buffer.alloc(70_000, 1));
  connection.ping(Buffer.from('ping'));
  connection.pong(Buffer.from('pong'));
  const message = connection.startMessage('text');
  message.write('in ');
  message.write('pie');
  message.end('ces');
  connection.close(1000, 'bye');
}

t.test('a client masks every frame [6455-5.1-1 6455-5.5.1-5 6455-6.1-8]', (t) => {
  const { client, server } = new Pair();
  for (const end of [client, server]) {
    sendEverything(end);
    const frames = sentFrames(end);
    t.strictSame(
      frames.map(({ opcode }) => opcode),
      [1, 2, 9, 10, 1, 0, 0, 8],
    );
    t.equal(new Set(frames.map((frame) => frame.masked)).size, 1);
    t.equal(frames[0]!.masked, end === client);
  }
  t.end();
});

t.test('each frame has a new key, in no order [6455-5.3-2 6455-5.3-3 6455-5.3-4]', async (t) => {
  const { takeMaskingKey } = await import('barewire/peer');
  const pair = new Pair({ client: { takeMaskingKey } });
  for (let count = 0; count < 1000; count += 1) pair.client.connection.send('same');
  const keys = sentFrames(pair.client).map(({ maskingKey }) => maskingKey);
  t.ok(new Set(keys).size > 998);
  const steps = keys.slice(1).map((key, index) => (key - keys[index]!) >>> 0);
  t.ok(new Set(steps).size > 990, 'the step from key to key is never the same');
  t.end();
});

t.test(
  'a message is one frame with FIN and its type [6455-5.4-2 6455-6.1-1 6455-6.1-4 6455-6.1-6 6455-6.1-7]',
  (t) => {
    const { client } = new Pair();
    client.connection.send('text');
    client.connection.send(Buffer.from('bytes'));
    t.match(sentFrames(client), [
      { fin: true, rsv: 0, opcode: OPCODE.text, payload: Buffer.from('text') },
      { fin: true, rsv: 0, opcode: OPCODE.binary, payload: Buffer.from('bytes') },
    ]);
    const message = client.connection.startMessage('binary');
    for (const piece of ['a', 'b']) message.write(piece);
    message.end('c');
    t.strictSame(
      sentFrames(client).map(({ fin, opcode }) => [fin, opcode]),
      [
        [false, OPCODE.binary],
        [false, OPCODE.continuation],
        [true, OPCODE.continuation],
      ],
    );
    t.end();
  },
);

t.test(
  'the length counts all that follows, and nothing is added to it [6455-5.2-12 6455-5.2-14]',
  (t) => {
    const { client } = new Pair();
    for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
      client.connection.send(Buffer.alloc(length, 7));
      const [frame, ...more] = sentFrames(client);
      t.same(frame!.payload, Buffer.alloc(length, 7), `${length}`);
      t.strictSame(more, []);
    }
    t.end();
  },
);

t.test('with an extension agreed on, its rules come on top [6455-6.1-9]', (t) => {
  const parameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  };
  const pair = new Pair({
    client: { deflate: new MessageCodec('client', parameters, { zlib: 'handle' }) },
  });
  pair.client.connection.send('a'.repeat(2000));
  const [frame] = sentFrames(pair.client);
  t.match(frame, { fin: true, rsv: 4, opcode: OPCODE.text });
  t.ok(frame!.payload.length < 100);
  t.end();
});

t.test(
  'messages are sent while the connection is open, and only then [6455-6.1-2 6455-6.1-10]',
  (t) => {
    const pair = new Pair();
    t.equal(pair.client.connection.send('open'), true);
    t.equal(sentFrames(pair.client).length, 1, 'it leaves at once');
    pair.client.connection.close(1000);
    t.equal(pair.client.connection.send('closing'), false);
    pair.settle();
    t.equal(pair.client.connection.send('closed'), false);
    t.strictSame(pair.server.seen, []);
    t.end();
  },
);

t.test('a message that is being sent when the state changes is given up [6455-6.1-3]', (t) => {
  const pair = new Pair();
  const message = pair.client.connection.startMessage('text');
  message.write('half');
  pair.client.connection.close(1001);
  t.equal(message.write('more'), false);
  t.equal(message.end(), false);
  const opcodes = sentFrames(pair.client).map(({ opcode }) => opcode);
  t.strictSame(opcodes, [OPCODE.text, OPCODE.close]);
  t.end();
});

t.test(
  'one frame is one message; what follows a final one is the next [6455-6.2-4 6455-6.2-6]',
  (t) => {
    const { server } = new Pair();
    server.connection.receive(
      Buffer.concat([
        masked(OPCODE.text, 'one'),
        masked(OPCODE.binary, 'two', false),
        masked(OPCODE.continuation, ''),
        masked(OPCODE.text, 'three'),
      ]),
    );
    t.strictSame(server.seen, [
      ['message', 'one'],
      ['message', '74776f'],
      ['message', 'three'],
    ]);
    t.end();
  },
);

t.test('a text frame may end inside a character, a message may not [6455-5.6-2]', (t) => {
  const { server } = new Pair();
  const globe = Buffer.from('🌍');
  for (const [index, byte] of globe.entries()) {
    const opcode = index === 0 ? OPCODE.text : OPCODE.continuation;
    server.connection.receive(masked(opcode, Buffer.of(byte), index === 3));
  }
  t.strictSame(server.seen, [['message', '🌍']]);
  server.connection.receive(masked(OPCODE.text, globe.subarray(0, 3)));
  t.equal(server.connection.state, 'failed');
  t.end();
});

t.test(
  'a ping is answered with its own data, by either side [6455-5.5.2-2 6455-5.5.3-1 6455-6.2-2]',
  (t) => {
    for (const length of [0, 1, 125]) {
      const payload = Buffer.alloc(length, 'p');
      const { client, server } = new Pair();
      for (const [end, mask] of [
        [client, {}],
        [server, { maskingKey: KEY }],
      ] as const) {
        end.connection.receive(encodeFrame({ opcode: OPCODE.ping, payload, ...mask }));
        t.match(sentFrames(end), [{ opcode: OPCODE.pong, payload }]);
        end.connection.receive(encodeFrame({ opcode: OPCODE.close, ...mask }));
        t.match(sentFrames(end), [{ opcode: OPCODE.close }]);
        end.connection.receive(encodeFrame({ opcode: OPCODE.ping, payload, ...mask }));
        t.strictSame(sentFrames(end), [], 'none behind a close frame');
      }
    }
    t.end();
  },
);

t.test('a pong that nobody asked for gets no answer [6455-5.5.3-4]', (t) => {
  const { server } = new Pair();
  server.connection.receive(masked(OPCODE.pong, 'unasked'));
  t.strictSame(server.seen, [['pong', 'unasked', undefined]]);
  t.strictSame(sentFrames(server), []);
  t.end();
});
