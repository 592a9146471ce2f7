/** The end of a connection, rule by rule [RFC 6455 §5.5.1, §7]. */
import { ProtocolError } from 'barewire/base';
import { encodeClosePayload, encodeFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';

const KEY = 0x37fa213d;
const masked = (opcode: number, payload: string | Buffer = ''): Buffer =>
  encodeFrame({ opcode, payload, maskingKey: KEY });
const plain = (opcode: number, payload: string | Buffer = ''): Buffer =>
  encodeFrame({ opcode, payload });
const SIDES = ['client', 'server'] as const;

t.test(
  'closing begins with a frame of the code and reason, and nothing follows ' +
    '[6455-7.1.2-1 6455-7.1.3-1 6455-5.5.1-6 6455-7.3-3]',
  (t) => {
    const { server } = new Pair();
    server.connection.close(3000, 'why');
    t.equal(server.connection.state, 'close-sent');
    t.equal(server.connection.send('more'), false);
    t.equal(server.connection.ping(), false);
    t.same(server.takeOutput(), plain(OPCODE.close, encodeClosePayload(3000, 'why')));
    t.end();
  },
);

t.test('no piece of a running message follows a close frame, nor frames [6455-5.5.1-6]', (t) => {
  for (const side of SIDES) {
    for (const isAnswer of [false, true]) {
      const pair = new Pair();
      const { connection } = pair[side];
      const running = connection.startMessage('text');
      t.equal(running.write('half a message'), true);
      t.equal(pair[side].takeOutput().length > 0, true);
      const close = encodeClosePayload(1000);
      if (!isAnswer) connection.close(1000);
      else connection.receive((side === 'client' ? plain : masked)(OPCODE.close, close));
      const last = pair[side].takeOutput();
      t.equal(last[0], 0x80 | OPCODE.close);
      t.equal(last.length, side === 'client' ? 8 : 4, 'header, key and code, and nothing more');
      t.equal(running.write('the rest'), false);
      t.equal(running.end(), false);
      t.equal(connection.send('text'), false);
      t.equal(connection.send(Buffer.from('bytes')), false);
      t.equal(connection.sendEncoded(plain(OPCODE.text, 'encoded')), false);
      t.throws(() => connection.startMessage('text'), { code: 'invalid-state' });
      connection.flush();
      t.equal(pair[side].takeOutput().length, 0);
    }
  }
  t.end();
});

t.test('a close frame is answered with one of the same code [6455-5.5.1-7 6455-7.1.3-1]', (t) => {
  const { server } = new Pair();
  server.connection.receive(masked(OPCODE.close, encodeClosePayload(4000, 'x')));
  t.equal(server.connection.isOpen, false);
  t.same(server.takeOutput(), plain(OPCODE.close, encodeClosePayload(4000)));
  t.end();
});

t.test(
  'with both frames there the transport is ended, by the server at once [6455-5.5.1-12 6455-5.5.1-13]',
  (t) => {
    for (const first of SIDES) {
      const pair = new Pair();
      pair[first].connection.close(1000);
      t.equal(pair.server.hasEnded, false);
      // The first frame goes over and, if the client said it, the server's answer is the second.
      if (first === 'client') pair.server.connection.receive(pair.client.takeOutput());
      else {
        pair.client.connection.receive(pair.server.takeOutput());
        pair.server.connection.receive(pair.client.takeOutput());
      }
      t.equal(pair.server.hasEnded, true, 'in the same turn');
      t.equal(pair.client.hasEnded, false, 'the client waits for it');
      pair.settle();
      t.equal(pair.client.hasEnded, true);
    }
    t.end();
  },
);

t.test('two close frames that cross are both the answer [6455-5.5.1-16]', (t) => {
  const pair = new Pair();
  pair.client.connection.close(1000);
  pair.server.connection.close(1001);
  const crossing = [pair.client.takeOutput(), pair.server.takeOutput()] as const;
  pair.server.connection.receive(crossing[0]);
  pair.client.connection.receive(crossing[1]);
  t.equal(pair.client.takeOutput().length + pair.server.takeOutput().length, 0, 'no third frame');
  pair.settle();
  for (const side of SIDES) t.equal(pair[side].report!.wasClean, true);
  t.end();
});

t.test('closed is clean after both frames only [6455-7.1.4-1 6455-7.1.5-3 6455-7.2.1-2]', (t) => {
  for (const side of SIDES) {
    const lost = new Pair()[side];
    lost.connection.receiveEnd();
    lost.connection.transportClosed();
    t.match(lost.report, { code: 1006, wasClean: false, closedBy: 'transport' });
    t.equal(lost.connection.state, 'closed');
    const halfway = new Pair()[side];
    halfway.connection.close(1000);
    halfway.connection.transportClosed();
    t.match(halfway.report, { code: 1006, wasClean: false });
  }
  t.end();
});

t.test(
  'code and reason are those of the first close frame [6455-7.1.5-1 6455-7.1.5-2 6455-7.1.6-1]',
  (t) => {
    const frames = [
      [encodeClosePayload(3001, 'grüße'), { code: 3001, reason: 'grüße' }],
      [encodeClosePayload(1000), { code: 1000, reason: '' }],
      [Buffer.alloc(0), { code: 1005, reason: '' }],
    ] as const;
    for (const [payload, expected] of frames) {
      const { server } = new Pair();
      server.connection.receive(masked(OPCODE.close, payload));
      server.connection.receive(masked(OPCODE.close, encodeClosePayload(4999, 'second')));
      server.connection.transportClosed();
      t.match(server.report, expected);
    }
    t.end();
  },
);

t.test(
  'who fails a connection closes it and hears no more [6455-7.1.7-1 6455-7.1.7-3 6455-7.1.7-7]',
  (t) => {
    for (const side of SIDES) {
      const end = new Pair()[side];
      const good = side === 'server' ? masked : plain;
      end.connection.receive((side === 'server' ? plain : masked)(OPCODE.text, 'wrong side'));
      t.equal(end.hasEnded, true);
      end.connection.receive(good(OPCODE.text, 'too late'));
      end.connection.receive(good(OPCODE.close, encodeClosePayload(3000)));
      end.connection.transportClosed();
      t.strictSame(end.seen, []);
      t.match(end.report, { code: 1006, wasClean: false, sentCode: 1002 });
    }
    t.end();
  },
);

t.test('text that is none gets 1007, what is too big 1009 [6455-7.4.1-6 6455-7.4.1-7]', (t) => {
  const { server } = new Pair({ server: { maxMessageBytes: 3 } });
  server.connection.receive(masked(OPCODE.text, Buffer.of(0xff)));
  t.same(server.takeOutput().readUInt16BE(2), 1007);
  const other = new Pair({ server: { maxMessageBytes: 3 } }).server;
  other.connection.receive(masked(OPCODE.text, 'four'));
  t.same(other.takeOutput().readUInt16BE(2), 1009);
  t.end();
});

t.test(
  '1010 is a client’s to send; 1011 is for what nobody expected [6455-7.4.1-9 6455-7.4.1-10]',
  (t) => {
    const pair = new Pair();
    t.throws(() => pair.server.connection.close(1010), { code: 'invalid-close-code' });
    t.equal(pair.server.connection.isOpen, true);
    pair.client.connection.close(1010);
    t.equal(pair.client.takeOutput().length > 0, true);
    const { server } = new Pair();
    server.connection.fail(new ProtocolError('deflate-failed'));
    t.same(server.takeOutput().readUInt16BE(2), 1011);
    t.end();
  },
);
