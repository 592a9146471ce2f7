import assert from 'node:assert/strict';
import { ENTRY_OVERHEAD_BYTES } from 'barewire/base';
import { encodeFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import { Pair } from '../support/connection-pair.ts';
import { dissect } from '../support/dissection.ts';
import { fc } from '../support/fast-check.ts';
import { cutAt } from '../support/feeding.ts';
import { printedAs, runs } from '../support/laws.ts';
import { brokenCharacters } from '../support/utf8-arbitraries.ts';

/** A legal or almost legal frame from a client, as a server gets it. */
const frames = fc
  .record({
    opcode: fc.constantFrom(0, 0, 1, 1, 2, 8, 9, 10, 3, 11),
    fin: fc.boolean(),
    payload: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 140 }).map((bytes) => Buffer.from(bytes)),
    ),
    maskingKey: fc.nat(0xffffffff),
  })
  .map((frame) => encodeFrame(frame, { allowIllegal: true }));

/** A text in frames that cut a character. */
const cutTexts = fc.tuple(brokenCharacters, fc.nat(0xffffffff)).map(([pieces, maskingKey]) =>
  Buffer.concat(
    pieces.map((payload, index) => {
      const [opcode, fin] = [index === 0 ? 1 : 0, index === pieces.length - 1];
      return encodeFrame({ opcode, fin, payload, maskingKey });
    }),
  ),
);

const streams = fc
  .tuple(
    fc.array(fc.oneof({ weight: 6, arbitrary: frames }, cutTexts), { maxLength: 8 }),
    fc.uint8Array({ maxLength: 6 }),
    fc.boolean(),
  )
  .map(([list, garbage, hasGarbage]) =>
    printedAs(Buffer.concat(hasGarbage ? [...list, garbage] : list), dissect),
  );

const cuts = fc.array(fc.nat(1200), { maxLength: 8 });

/** Everything that can be seen of a server after these bytes. */
function outcome(bytes: Buffer, offsets: readonly number[], pauses = false): unknown {
  const { server } = new Pair({ server: { maxMessageBytes: 300, maxFragments: 4 } });
  for (const chunk of cutAt(bytes, offsets)) {
    if (pauses) server.connection.pause();
    server.connection.receive(chunk);
    if (pauses) server.connection.resume();
  }
  const { state } = server.connection;
  const output = server.takeOutput().toString('hex');
  server.connection.transportClosed();
  const { error, ...report } = server.report!;
  return { seen: server.seen, state, output, ended: server.hasEnded, report, code: error?.code };
}

t.test('does the same however the bytes are cut', (t) => {
  fc.assert(
    fc.property(streams, cuts, (bytes, offsets) => {
      assert.deepEqual(outcome(bytes, offsets), outcome(bytes, []));
    }),
    runs(400),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('does the same with pauses in between', (t) => {
  fc.assert(
    fc.property(streams, cuts, (bytes, offsets) => {
      assert.deepEqual(outcome(bytes, offsets, true), outcome(bytes, []));
    }),
    runs(200),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('agrees with a reader that knows nothing but whole frames', (t) => {
  fc.assert(
    fc.property(streams, (bytes) => {
      const { seen } = outcome(bytes, []) as { seen: unknown[][] };
      assert.deepEqual(
        seen.filter(([kind]) => kind === 'message').map(([, data]) => data),
        naiveMessages(bytes),
      );
    }),
    runs(400),
  );
  t.pass('no counterexample');
  t.end();
});

/** A literal reading of RFC 6455 §5 for one client's bytes: slow, and written to be believed. */
function naiveMessages(bytes: Buffer): string[] {
  const messages: string[] = [];
  let type = 0;
  let parts: Buffer[] = [];
  let at = 0;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  while (at + 2 <= bytes.length) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    const [fin, rsv, opcode] = [first >> 7, (first >> 4) & 7, first & 15];
    let length = second & 127;
    let header = 2;
    if (second < 128 || rsv !== 0 || ![0, 1, 2, 8, 9, 10].includes(opcode)) break;
    if (opcode >= 8 && (fin === 0 || length > 125)) break;
    if ((opcode === 0) !== (type !== 0) && opcode < 8) break;
    if (length === 127) break; // Longer than anything this property makes or allows.
    if (length === 126) {
      if (at + 4 > bytes.length) break;
      length = bytes.readUInt16BE(at + 2);
      header = 4;
      if (length < 126) break;
    }
    const payloadAt = at + header + 4;
    if (payloadAt > bytes.length) break;
    if (opcode < 8) {
      const sum = (opcode === 0 ? parts : []).reduce((total, part) => total + part.length, length);
      if (sum > 300 || (opcode === 0 ? parts.length : 0) + 1 > 4) break;
    }
    const isWhole = payloadAt + length <= bytes.length;
    const payload = Buffer.from(bytes.subarray(payloadAt, payloadAt + length));
    for (const index of payload.keys()) payload[index]! ^= bytes[at + header + (index % 4)]!;
    if (!isWhole || opcode === 8) break;
    at = payloadAt + length;
    if (opcode > 8) continue;
    if (opcode !== 0) [type, parts] = [opcode, []];
    parts.push(payload);
    if (fin === 0) {
      if (type === 1 && !isBeginningOfText(Buffer.concat(parts))) break;
      continue;
    }
    const all = Buffer.concat(parts);
    try {
      messages.push(type === 1 ? decoder.decode(all) : all.toString('hex'));
    } catch {
      break;
    }
    type = 0;
  }
  return messages;
}

/** Whether well-formed text can begin with these bytes. */
function isBeginningOfText(bytes: Buffer): boolean {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    decoder.decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

t.test('never throws for garbage, fails at most once, and is inert afterwards', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (garbage, offsets) => {
      const { server } = new Pair();
      for (const chunk of cutAt(Buffer.from(garbage), offsets)) server.connection.receive(chunk);
      if (server.connection.state !== 'failed') return;
      const before = server.seen.length;
      server.takeOutput();
      server.connection.receive(encodeFrame({ opcode: OPCODE.text, payload: 'x', maskingKey: 1 }));
      server.connection.tick(1e9);
      assert.equal(server.seen.length, before);
      assert.equal(server.takeOutput().length, 0);
    }),
    runs(500),
  );
  t.pass('no throw');
  t.end();
});

t.test('carries any messages from either side to the other, in order', (t) => {
  const message = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 300 }),
    fc.uint8Array({ maxLength: 40_000 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), message), { maxLength: 10 }),
      cuts,
      (sends, offsets) => {
        const pair = new Pair();
        const expected = { client: [] as unknown[], server: [] as unknown[] };
        for (const [fromClient, data] of sends) {
          (fromClient ? pair.client : pair.server).connection.send(data);
          const word = typeof data === 'string' ? data : data.toString('hex');
          expected[fromClient ? 'server' : 'client'].push(['message', word]);
        }
        pair.client.connection.close(1000);
        pair.settle((bytes) => cutAt(bytes, offsets));
        assert.deepEqual(pair.server.seen, expected.server);
        assert.deepEqual(pair.client.seen, expected.client);
        assert.equal(pair.server.report?.wasClean && pair.client.report?.wasClean, true);
      },
    ),
    runs(150),
  );
  t.pass('no counterexample');
  t.end();
});

t.test('law: a peer that does not read is answered with one pong, and with no more', (t) => {
  let owed = 0;
  fc.assert(
    fc.property(
      streams,
      fc.array(fc.nat(125), { maxLength: 30 }),
      cuts,
      (bytes, pings, offsets) => {
        const { server } = new Pair();
        server.congested = true;
        const flood = pings.map((length) =>
          encodeFrame({ opcode: OPCODE.ping, payload: Buffer.alloc(length, 'p'), maskingKey: 7 }),
        );
        for (const chunk of cutAt(Buffer.concat([...flood, bytes]), offsets)) {
          server.connection.receive(chunk);
          const { pendingBytes, heldBytes } = server.connection;
          assert.deepEqual([pendingBytes, heldBytes], [0, 0]);
        }
        const written = server.takeOutput().length;
        // Nothing but a close frame.
        assert.ok(written <= 127, `${written} bytes for a peer that does not read`);
        if (!server.connection.isOpen) return;
        server.congested = false;
        server.connection.drained();
        const answer = server.takeOutput();
        assert.ok(answer.length <= 127, `${answer.length} bytes are owed`);
        const last = server.seen.filter(([kind]) => kind === 'ping').at(-1)?.[1] as string;
        assert.equal(answer.subarray(2).toString('latin1'), last ?? '');
        for (const isCongested of [false, true, false]) {
          server.congested = isCongested;
          server.connection.drained();
          assert.equal(server.takeOutput().length, 0, 'nothing is owed any more');
        }
        if (pings.length > 0) owed += 1;
      },
    ),
    runs(300),
  );
  t.ok(owed > 20, `${owed} owed a pong`);
  t.end();
});

/** What waits, as a list: a whole message, or one in pieces that may have more to come. */
interface Waiting {
  readonly pieces: number[];
  isEnded: boolean;
  hasLeft: boolean;
}

const sending = fc.tuple(
  fc.constantFrom('send', 'send', 'start', 'write', 'write', 'write', 'end', 'give up', 'ping'),
  fc.oneof(fc.nat(40), fc.nat(3000)),
  fc.nat(3),
);

t.test('law: what it holds is what was accepted and has not left, and lets go of it', (t) => {
  const seen = { held: 0, lost: 0, dropped: 0 };
  const ends = fc.constantFrom('lost', 'closed');
  const role = fc.constantFrom('client' as const, 'server' as const);
  fc.assert(
    fc.property(
      role,
      fc.array(sending, { maxLength: 30, size: 'max' }),
      ends,
      (side, steps, end) => {
        const sender = new Pair()[side];
        const { connection } = sender;
        let queue: Waiting[] = [];
        const open: { message: ReturnType<typeof connection.startMessage>; waiting: Waiting }[] =
          [];
        /** What can leave leaves: pieces of the first, and all behind it once it has ended. */
        const settle = (): void => {
          for (let first = queue[0]; first !== undefined; first = queue[0]) {
            if (first.pieces.length > 0) first.hasLeft = true;
            first.pieces.length = 0;
            if (!first.isEnded) return;
            queue.shift();
          }
        };
        for (const [what, size, which] of steps) {
          const { message, waiting } = open[which % Math.max(1, open.length)] ?? {};
          if (what === 'send') {
            connection.send(size % 2 === 0 ? 'x'.repeat(size) : Buffer.alloc(size));
            queue.push({ pieces: [size], isEnded: true, hasLeft: false });
          } else if (what === 'start') {
            const started = { pieces: [], isEnded: false, hasLeft: false };
            open.push({ message: connection.startMessage('binary'), waiting: started });
            queue.push(started);
          } else if (what === 'ping') {
            connection.ping(Buffer.alloc(size % 126));
          } else if (message !== undefined && waiting !== undefined) {
            if (what === 'give up' && !(waiting.isEnded && waiting.hasLeft)) {
              message.abandon();
              waiting.pieces.length = 0;
              if (!waiting.hasLeft) queue = queue.filter((each) => each !== waiting);
              else waiting.isEnded = false;
              open.splice(
                open.findIndex((each) => each.waiting === waiting),
                1,
              );
            } else if (what === 'write' && message.write(Buffer.alloc(size))) {
              waiting.pieces.push(size);
            } else if (what === 'end' && message.end()) {
              waiting.pieces.push(0);
              waiting.isEnded = true;
            }
          }
          settle();
          const pieces = queue.flatMap((each) => each.pieces);
          const bytes = pieces.reduce((sum, piece) => sum + piece, 0);
          assert.equal(connection.pendingBytes, bytes);
          const most = bytes + (queue.length + pieces.length) * ENTRY_OVERHEAD_BYTES;
          const { heldBytes } = connection;
          assert.ok(heldBytes >= bytes && heldBytes <= most, `${heldBytes} are held for ${bytes}`);
          if (bytes > 0) seen.held += 1;
        }
        const before = connection.pendingBytes;
        if (end === 'closed') {
          connection.close(1000);
          // What is complete has left in front of the close frame; the rest is dropped.
          assert.deepEqual([connection.pendingBytes, connection.heldBytes], [0, 0]);
        }
        connection.transportClosed();
        assert.deepEqual([connection.pendingBytes, connection.heldBytes], [0, 0]);
        if (end === 'lost') assert.equal(connection.lostBytes, before);
        if (before > 0) seen[end === 'lost' ? 'lost' : 'dropped'] += 1;
      },
    ),
    runs(300),
  );
  t.ok(Math.min(...Object.values(seen)) > 20, JSON.stringify(seen));
  t.end();
});
