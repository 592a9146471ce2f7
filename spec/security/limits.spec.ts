/**
 * Sums that must not overflow, bytes that must not come while nobody wants them, and messages that
 * must not change when the next ones are read.
 */
import { encodeFrame, OPCODE, RSV1 } from 'barewire/codec';
import { MessageCodec } from 'barewire/deflate';
import { DuplexTransport, openPeer } from 'barewire/peer';
import t from 'tap';
import { End } from '../support/connection-pair.ts';
import { compress, DEFAULTS } from '../support/deflate-jobs.ts';
import { readFrames } from '../support/frame-log.ts';
import { duplexPair } from '../support/sockets.ts';

const maskingKey = 0x37fa213d;
const frame = (opcode: number, payload: string | Buffer, fin: boolean): Buffer =>
  encodeFrame({ opcode, payload, fin, maskingKey });

/** The header alone of a fragment that announces so many bytes. */
const announcement = (announcedLength: number): Buffer =>
  encodeFrame(
    { opcode: OPCODE.continuation, announcedLength, fin: false, maskingKey },
    { allowIllegal: true },
  ).subarray(0, 14);

t.test('fragments are summed up without an overflow, control frames between them or not', (t) => {
  const ping = frame(OPCODE.ping, 'x', true);
  for (const bytes of [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) {
    for (const between of [[], [ping]]) {
      const options = { maxFrameBytes: Number.POSITIVE_INFINITY, maxMessageBytes: 1000 };
      const end = new End({ nowMs: 0 }, { role: 'server', ...options });
      end.connection.receive(frame(OPCODE.binary, 'xx', false));
      for (const chunk of between) end.connection.receive(chunk);
      end.connection.receive(announcement(bytes));
      t.equal(end.connection.state, 'failed', `2 + ${bytes} bytes`);
      end.connection.transportClosed();
      t.match(end.report, { sentCode: 1009, error: { code: 'message-too-large' } });
    }
  }
  t.end();
});

t.test('a limit is met to the byte by a sum of fragments', (t) => {
  const end = new End({ nowMs: 0 }, { role: 'server', maxMessageBytes: 1000 });
  end.connection.receive(frame(OPCODE.binary, Buffer.alloc(400), false));
  end.connection.receive(frame(OPCODE.continuation, Buffer.alloc(600), false));
  t.equal(end.connection.state, 'open');
  end.connection.receive(frame(OPCODE.ping, 'x', true));
  end.connection.receive(frame(OPCODE.continuation, 'x', false));
  t.equal(end.connection.state, 'failed');
  t.end();
});

t.test('fragments are counted, empty or not, up to the bound and not beyond', (t) => {
  for (const payload of ['', 'x']) {
    const end = new End({ nowMs: 0 }, { role: 'server', maxFragments: 100 });
    end.connection.receive(frame(OPCODE.binary, payload, false));
    const more = frame(OPCODE.continuation, payload, false);
    end.connection.receive(Buffer.concat(Array(99).fill(more)));
    t.equal(end.connection.state, 'open');
    end.connection.receive(more);
    end.connection.transportClosed();
    t.match(end.report, { sentCode: 1008, error: { code: 'too-many-fragments' } });
  }
  t.end();
});

/** Four fragments, each of which is 400 bytes when it is read. */
async function fragments(isCompressed: boolean): Promise<Buffer[]> {
  const codec = new MessageCodec('client', DEFAULTS);
  const made: Buffer[] = [];
  for (let index = 0; index < 4; index += 1) {
    const piece = Buffer.alloc(400, String(index));
    const payload = isCompressed ? await compress(codec, piece, index === 3) : piece;
    const opcode = index === 0 ? OPCODE.binary : OPCODE.continuation;
    const rsv = isCompressed && index === 0 ? RSV1 : 0;
    made.push(encodeFrame({ opcode, payload, rsv, fin: index === 3, maskingKey }));
  }
  return made;
}

for (const isCompressed of [false, true]) {
  for (const delivery of ['message', 'pieces'] as const) {
    const how = `${isCompressed ? 'compressed' : 'plain'}, delivered by ${delivery}`;
    t.test(`small fragments add up: ${how}`, async (t) => {
      const deflate = isCompressed
        ? new MessageCodec('server', DEFAULTS, { zlib: 'handle' })
        : undefined;
      const options = { delivery, deflate, maxMessageBytes: 1000 };
      const end = new End({ nowMs: 0 }, { role: 'server', ...options });
      for (const fragment of await fragments(isCompressed)) end.connection.receive(fragment);
      end.connection.transportClosed();
      t.match(end.report, { sentCode: 1009, error: { code: 'message-too-large' } });
      t.notOk(end.seen.some(([what]) => what === 'message' || what === 'end'));
      const pieces = end.seen.filter(([what]) => what === 'piece');
      t.equal(pieces.length, delivery === 'pieces' ? 2 : 0, 'nothing beyond the limit');
    });
  }
}

/** What streams may hold between two ends that do not read: their high-water marks. */
const MARKS = 512 * 1024;

for (const pausing of ['has paused', 'is read by nobody yet'] as const) {
  t.test(`a peer that ${pausing} reads no more than its stream holds`, async (t) => {
    const [near, far] = duplexPair();
    const peer = openPeer(new DuplexTransport(near), { role: 'server', extension: undefined });
    let messages = 0;
    const handler = { message: () => (messages += 1) };
    if (pausing === 'has paused') {
      peer.attach(handler);
      peer.pause();
    }
    const flood = frame(OPCODE.binary, Buffer.alloc(64 * 1024), true);
    for (let count = 0; count < 100; count += 1) {
      far.write(flood);
      await new Promise((turn) => setImmediate(turn));
    }
    const { bytesReceived } = peer.counters;
    t.ok(bytesReceived <= MARKS, `${bytesReceived} bytes of ${100 * flood.length} were read`);
    t.ok(far.writableLength > 50 * flood.length, 'the rest waits where it came from');
    if (pausing === 'has paused') peer.resume();
    else peer.attach(handler);
    for (let turn = 0; messages < 100 && turn < 10_000; turn += 1) {
      await new Promise((next) => setImmediate(next));
    }
    t.equal(messages, 100, 'and comes when it is wanted');
    peer.terminate();
    far.destroy();
  });
}

for (const role of ['server', 'client'] as const) {
  const toUs = (opcode: number, payload: Buffer): Buffer =>
    encodeFrame({ opcode, payload, maskingKey: role === 'server' ? maskingKey : undefined });

  t.test(`what a ${role} was given stays as it came, whatever is read next`, (t) => {
    for (const length of [1, 20, 100, 2_000, 20_000, 100_000]) {
      const end = new End({ nowMs: 0 }, { role });
      const kept: Buffer[] = [];
      end.message = (data) => kept.push(data as Buffer);
      for (const letter of 'abc') {
        const chunk = toUs(OPCODE.binary, Buffer.alloc(length, letter));
        end.connection.receive(chunk);
        chunk.fill('x');
      }
      t.same(
        kept.map(String),
        [...'abc'].map((letter) => letter.repeat(length)),
        `${length} bytes`,
      );
    }
    t.end();
  });

  t.test(`a ${role} owes one pong, to the last ping, whatever is read next`, (t) => {
    const end = new End({ nowMs: 0 }, { role });
    end.congested = true;
    for (let count = 0; count < 1000; count += 1) {
      end.connection.receive(toUs(OPCODE.ping, Buffer.alloc(125, 'z')));
      t.equal(end.connection.heldBytes + end.takeOutput().length, 0, 'no pong waits');
    }
    for (const [opcode, letter] of [
      [OPCODE.ping, 'a'],
      [OPCODE.binary, 'b'],
      [OPCODE.pong, 'c'],
    ] as const) {
      const chunk = toUs(opcode, Buffer.alloc(100, letter));
      end.connection.receive(chunk);
      chunk.fill('x');
    }
    end.congested = false;
    end.connection.drained();
    const { frames } = readFrames([end.takeOutput()], {
      role: role === 'server' ? 'client' : 'server',
    });
    t.equal(frames.length, 1);
    t.match(frames, [{ opcode: OPCODE.pong, payload: '61'.repeat(100) }]);
    t.end();
  });
}
