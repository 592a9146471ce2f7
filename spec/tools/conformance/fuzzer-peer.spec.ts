import { encodeFrame } from 'barewire/codec';
import t from 'tap';
import { VirtualClock } from '../../../tools/conformance/broken-peers/virtual-clock.ts';
import { FuzzerPeer } from '../../../tools/conformance/fuzzer-peer.ts';
import type { Role } from '../../../tools/conformance/model.ts';
import { WireLog } from '../../../tools/conformance/wire-log.ts';
import { readFrames } from './capture.ts';

interface Stand {
  readonly peer: FuzzerPeer;
  readonly clock: VirtualClock;
  readonly log: WireLog;
  /** What the fuzzer sent, what it saw, and what it did to TCP. */
  readonly told: string[];
  receive(opcode: number, payload?: string | Buffer, more?: object): void;
}

function stand(role: Role): Stand {
  const clock = new VirtualClock();
  const log = new WireLog(() => clock.now(), false);
  const told: string[] = [];
  const peer = new FuzzerPeer({
    ...{ role, clock, log },
    nextMaskingKey: () => 0x01020304,
    transport: {
      write(bytes) {
        for (const { opcode, payload } of readFrames(bytes))
          told.push(`sent ${opcode} ${payload.toString('hex')}`.trim());
      },
      whenTaken: (run) => clock.soon(run),
      setReading: () => {},
      end: () => void told.push('end'),
      abort: () => void told.push('abort'),
    },
    listener: {
      message: (payload, isBinary) => void told.push(`${isBinary ? 'binary' : 'text'} ${payload}`),
      pong: (payload) => void told.push(`pong ${payload}`),
      flooded: () => void told.push('flooded'),
      gone: () => void told.push('gone'),
    },
  });
  const maskingKey = role === 'server' ? 0x0a0b0c0d : undefined;
  return {
    ...{ peer, clock, log, told },
    receive(opcode, payload = '', more = {}) {
      const frame = { opcode, payload, maskingKey, ...more };
      peer.receive(encodeFrame(frame, { allowIllegal: true }));
    },
  };
}

const pass = (clock: VirtualClock, ms: number): Promise<boolean> => {
  let isOver = false;
  clock.after(ms, () => {
    isOver = true;
  });
  return clock.runUntil(() => isOver);
};

t.test('puts messages together, and answers pings without a word to anybody', (t) => {
  const { receive, told } = stand('client');
  receive(1, 'Hel', { fin: false });
  receive(9, 'p');
  receive(0, 'lo');
  receive(2, 'bin');
  receive(10, 'q');
  t.same(told, ['sent 10 70', 'text Hello', 'binary bin', 'pong q']);
  t.end();
});

t.test('closes once; as client it waits for the server to drop TCP', async (t) => {
  const { peer, receive, told, clock } = stand('client');
  peer.sendClose(Buffer.from('03e8', 'hex'));
  peer.sendClose(Buffer.from('03e9', 'hex'));
  receive(8, Buffer.from('03e8', 'hex'));
  t.same(told, ['sent 8 03e8']);
  t.match(peer.facts, { closedByMe: true, wasClean: true, remoteCloseCode: 1000 });
  // No reason is none, and not an empty one: so it stands in the reports of the original.
  t.match(peer.facts, { localCloseReason: undefined, remoteCloseReason: undefined });
  await pass(clock, 999);
  t.same(told, ['sent 8 03e8']);
  peer.receiveEnd();
  t.same(told, ['sent 8 03e8', 'gone']);
  t.match(peer.facts, { wasClean: true, droppedByMe: false, wasNotCleanReason: undefined });
});

t.test(
  'drops TCP itself when the server does not within a second, which is not clean',
  async (t) => {
    const { peer, receive, told, clock } = stand('client');
    peer.sendClose(Buffer.alloc(0));
    receive(8);
    await pass(clock, 1001);
    t.same(told, ['sent 8', 'abort']);
    t.match(peer.facts, {
      wasClean: false,
      droppedByMe: true,
      wasServerConnectionDropTimeout: true,
    });
  },
);

t.test('as server it drops TCP as soon as both close frames were exchanged', (t) => {
  const { peer, receive, told } = stand('server');
  receive(8, Buffer.from('03e9676f', 'hex'));
  t.same(told, ['sent 8 03e8', 'end'], 'the answer is 1000, not an echo');
  t.match(peer.facts, {
    ...{ closedByMe: false, wasClean: true, droppedByMe: true },
    ...{ remoteCloseCode: 1001, remoteCloseReason: 'go', localCloseCode: 1000 },
  });
  receive(1, 'too late');
  t.same(told, ['sent 8 03e8', 'end']);
  t.end();
});

t.test('sends nothing after its close frame, not even a pong', (t) => {
  const { peer, receive, told } = stand('client');
  peer.sendClose(Buffer.from('03e8', 'hex'));
  receive(9, 'still there?');
  receive(1, 'a message that crossed the close frame');
  t.same(told, ['sent 8 03e8', 'text a message that crossed the close frame']);
  t.end();
});

t.test('does not listen any more once it has failed the connection', (t) => {
  const { peer, receive, told } = stand('client');
  peer.fail(1001, 'Going Away');
  receive(1, 'an echo that comes too late');
  receive(8, Buffer.from('03e9', 'hex'));
  t.same(told, [`sent 8 03e9${Buffer.from('Going Away').toString('hex')}`]);
  t.match(peer.facts, { failedByMe: true, closedByMe: true, wasClean: true });
  t.end();
});

t.test('gives up on a close frame that is not answered within a second', async (t) => {
  const { peer, told, clock } = stand('server');
  peer.sendClose(Buffer.alloc(0));
  await pass(clock, 1001);
  t.same(told, ['sent 8', 'abort']);
  t.match(peer.facts, { wasClean: false, wasCloseHandshakeTimeout: true, closedByMe: true });
});

t.test('fails the connection when the testee breaks a rule; a second failure drops TCP', (t) => {
  const { peer, receive, told, log } = stand('client');
  receive(1, 'x', { maskingKey: 0x01020304 });
  t.match(told[0], /^sent 8 03ea/);
  t.match(peer.facts, { closedByMe: true, failedByMe: true, wasClean: false });
  t.ok(log.entries.some((entry) => entry.kind === 'note' && /frame-masked/.test(entry.text)));
  peer.fail(1001, 'again');
  t.equal(told.at(-1), 'end');
  t.end();
});

t.test('after a broken rule it still sees the close frame and pongs, but no message', (t) => {
  const { peer, receive, told } = stand('client');
  receive(3, 'a reserved opcode');
  receive(1, 'a message');
  receive(10, 'p');
  receive(9, 'not answered any more');
  t.match(told[0], /^sent 8 03ea/);
  t.same(told.slice(1), ['pong p']);
  receive(8, Buffer.from('03ea', 'hex'));
  t.match(peer.facts, { closedByMe: true, wasClean: true, remoteCloseCode: 1002 });
  t.end();
});

t.test('a rule that is broken after a close frame was sent makes it drop TCP', (t) => {
  const { peer, receive, told } = stand('client');
  peer.sendClose(Buffer.from('03e8', 'hex'));
  receive(1, 'x', { rsv: 2 });
  receive(8, Buffer.from('03e8', 'hex'));
  t.same(told, ['sent 8 03e8', 'end']);
  t.match(peer.facts, { wasClean: false, droppedByMe: true, remoteCloseCode: undefined });
  const short = stand('client').peer;
  short.sendClose(Buffer.from('a'));
  t.match(short.facts, { localCloseCode: undefined, localCloseReason: 'a' });
  t.end();
});

t.test('a frame that breaks two rules makes it drop TCP after its close frame', (t) => {
  const { peer, receive, told } = stand('client');
  receive(1, 'x', { rsv: 2, maskingKey: 7 });
  t.match(told[0], /^sent 8 03ea/);
  t.same(told.slice(1), ['end']);
  t.match(peer.facts, { closedByMe: true, failedByMe: true, wasClean: false, droppedByMe: true });
  t.end();
});

t.test('text that is wrong in the middle is wrong twice, text that is cut off once', (t) => {
  const wrong = stand('client');
  wrong.receive(1, Buffer.from('61ff62', 'hex'));
  t.match(wrong.told[0], /^sent 8 03ef/);
  t.same(wrong.told.slice(1), ['end']);
  const cutOff = stand('client');
  cutOff.receive(1, Buffer.from('61e282', 'hex'));
  t.match(cutOff.told[0], /^sent 8 03ef/);
  cutOff.receive(8, Buffer.from('03ef', 'hex'));
  t.equal(cutOff.told.length, 1);
  t.match(cutOff.peer.facts, { wasClean: true, remoteCloseCode: 1007 });
  t.end();
});

t.test(
  'a close frame that is wrong itself is a failure, and part of the closing handshake',
  (t) => {
    for (const [payload, answered, code, isIllegal] of [
      ['03ec', /^sent 8 03ea/, 1004, true],
      ['03f4', /^sent 8 03ea/, 1012, true],
      ['03f6', /^sent 8 03ea/, 1014, true],
      ['61', /^sent 8 03ea/, undefined, false],
      ['03e8ff', /^sent 8 03ef/, 1000, false],
    ] as const) {
      const first = stand('client');
      first.receive(8, Buffer.from(payload, 'hex'));
      t.match(first.told[0], answered);
      t.equal(first.told.length, 1, 'and no other close frame');
      t.match(first.peer.facts, {
        ...{ closedByMe: true, failedByMe: true, wasClean: true },
        ...{ remoteCloseCode: code, hasIllegalCloseCode: isIllegal },
      });
      const answer = stand('client');
      answer.peer.sendClose(Buffer.from('03e8', 'hex'));
      answer.receive(8, Buffer.from(payload, 'hex'));
      t.same(answer.told, ['sent 8 03e8', 'end']);
      t.match(answer.peer.facts, { closedByMe: true, wasClean: false, droppedByMe: true });
    }
    t.end();
  },
);

t.test('codes that the original does not know may only come back', (t) => {
  const { peer, receive, told } = stand('server');
  peer.sendClose(Buffer.from('03f5', 'hex'));
  receive(8, Buffer.from('03f5', 'hex'));
  t.same(told, ['sent 8 03f5', 'end']);
  t.match(peer.facts, { wasClean: true, failedByMe: false, hasIllegalCloseCode: false });
  t.end();
});

t.test('says why a connection was not clean', (t) => {
  const { peer, told } = stand('client');
  peer.receiveEnd();
  peer.receiveEnd();
  t.same(told, ['gone'], 'once');
  t.match(peer.facts.wasNotCleanReason, /dropped TCP/);
  peer.sendFrame({ opcode: 1, payload: { pattern: Buffer.from('x'), length: 1 } });
  peer.flush();
  t.same(told, ['gone'], 'and writes nothing any more');
  t.end();
});
