/** The laws of a turn: all that it brings stays as it came, and all that it makes leaves with it. */
import assert from 'node:assert/strict';
import { hasFastPath } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { readTo } from '../support/frame-reading.ts';
import { runs } from '../support/laws.ts';

const sizes = fc.oneof(
  { weight: 8, arbitrary: fc.nat(200) },
  // Around what is copied, what shares the slab, and what has memory of its own.
  fc.constantFrom(1_023, 1_024, 4_096, 4_097, 16_384, 16_385, 40_000),
);
const incoming = fc.tuple(fc.constantFrom('text', 'binary', 'binary', 'ping'), sizes);
const conversation = fc.record({
  incoming: fc.array(incoming, { maxLength: 20, size: 'max' }),
  cuts: fc.array(fc.nat(3_000), { maxLength: 12, size: 'max' }),
  ownsInput: fc.boolean(),
  /** Reads lie where sockets read to. */
  isRead: fc.boolean(),
  /** Messages that nobody has asked for, sent between the reads. */
  unasked: fc.array(fc.tuple(fc.nat(3), sizes), { maxLength: 6, size: 'max' }),
});

/** A server that sends each message back: not at all, once or twice, as its length says. */
class Echo {
  readonly server: Pair['server'];
  readonly came: (readonly [now: string | Buffer, then: string | Buffer])[] = [];
  /** What must have been written so far, and what has. */
  readonly due: Buffer[] = [];
  readonly written: Buffer[] = [];
  /** Writes behind which no other of the same turn was announced. */
  writes = 0;
  #hasAsked = false;

  constructor(ownsInput: boolean) {
    this.server = new Pair({ server: { ownsInput } }).server;
    this.server.message = (data) => this.#message(data);
    this.server.ping = (payload) => {
      this.due.push(encodeFrame({ opcode: OPCODE.pong, payload }));
    };
    this.server.write = (bytes: Buffer, hasMore = false) => {
      this.written.push(Buffer.from(bytes));
      if (!hasMore) this.writes += 1;
      return true;
    };
    this.server.wantsFlush = () => {
      this.#hasAsked = true;
    };
  }

  /** A turn in which so many messages are sent, and nothing is read. */
  sendUnasked(count: number, size: number): void {
    for (let index = 0; index < count; index += 1) {
      const payload = Buffer.alloc(size, `${index} for you`);
      this.server.connection.send(payload);
      this.due.push(encodeFrame({ opcode: OPCODE.binary, payload }));
    }
    if (this.#hasAsked) this.server.connection.flush();
    this.#hasAsked = false;
  }

  #message(data: string | Buffer): void {
    const then = typeof data === 'string' ? data : Buffer.from(data);
    const opcode = typeof data === 'string' ? OPCODE.text : OPCODE.binary;
    this.came.push([data, then]);
    for (let times = data.length % 3; times > 0; times -= 1) {
      this.server.connection.send(data);
      this.due.push(encodeFrame({ opcode, payload: then }));
    }
  }
}

t.test('law: what a turn makes leaves in order with that turn, and what it brought stays', (t) => {
  const seen = { turns: 0, several: 0 };
  fc.assert(
    fc.property(conversation, ({ incoming, cuts, ownsInput, isRead, unasked }) => {
      const frames = incoming.map(([kind, size], index) => {
        const opcode = OPCODE[kind as 'text' | 'binary' | 'ping'];
        const payload = Buffer.alloc(kind === 'ping' ? size % 126 : size, `${index} of it`);
        return encodeFrame({ opcode, payload, maskingKey: 0x0102_0304 * (index + 1) });
      });
      const echo = new Echo(ownsInput);
      const turn = (work: () => void): void => {
        const [dueBefore, writesBefore] = [echo.due.length, echo.writes];
        work();
        assert.ok(Buffer.concat(echo.written).equals(Buffer.concat(echo.due)), 'other bytes');
        const [due, writes] = [echo.due.length - dueBefore, echo.writes - writesBefore];
        const wanted = hasFastPath('one-write') ? Math.min(1, due) : due;
        assert.equal(writes, wanted, `${due} messages in ${writes} writes`);
        if (due > 0) seen.turns += 1;
        if (due > 1) seen.several += 1;
      };
      for (const [index, piece] of cutAt(Buffer.concat(frames), cuts).entries()) {
        const read = isRead ? readTo(piece, 0) : piece;
        const [count, size] = unasked[index] ?? [0, 0];
        turn(() => echo.sendUnasked(count, size));
        turn(() => echo.server.connection.receive(read));
        // The next read comes into the same memory.
        read.fill(0xaa);
      }
      const messages = incoming.filter(([kind]) => kind !== 'ping').length;
      assert.equal(echo.came.length, messages);
      for (const [now, then] of echo.came) assert.deepEqual(now, then);
    }),
    runs(300),
  );
  t.ok(Math.min(seen.turns, seen.several) > 50, JSON.stringify(seen));
  t.end();
});
