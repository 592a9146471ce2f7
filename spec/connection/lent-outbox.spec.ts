import { encodeFrame, OPCODE } from 'barewire/codec';
import { type ConnectionOptions, ConnectionOutput, Outbox } from 'barewire/connection';
import t, { type Test } from 'tap';
import { borrowOutbox, takeBackOutbox } from '../../lib/connection/lent-outbox.ts';
import { needsFastPath, passesPlainly } from '../support/fast-paths.ts';
import { turn } from '../support/interleavings.ts';
import { usedMemory } from '../support/memory.ts';

const needsLending = needsFastPath('lent-output', 'outbox', 'one-write');

/** An output whose transport answers as it is told to. */
function connect(options: Partial<ConnectionOptions> = {}): {
  output: ConnectionOutput;
  came: string[];
  /** Asked what the transport says to what it is given. */
  answer: { give: () => boolean };
} {
  const came: string[] = [];
  const answer = { give: () => true };
  const sink = {
    write(bytes: Buffer) {
      came.push(bytes.toString('latin1'));
      return answer.give();
    },
    wantsFlush() {},
  };
  const life = { fail: (error: Error) => t.fail(error.message) };
  const output = new ConnectionOutput(
    sink as never,
    { role: 'server', now: () => 0, ...options },
    life,
  );
  return { output, came, answer };
}

/** Which outboxes have been written to, or emptied, one after the other. */
function watchOutboxes(t: Test): Outbox[] {
  const used: Outbox[] = [];
  for (const name of ['append', 'appendShared', 'flush'] as const) {
    const method = Outbox.prototype[name] as (this: Outbox, ...args: never[]) => void;
    const value = function (this: Outbox, ...args: never[]): void {
      if (used.at(-1) !== this) used.push(this);
      return method.apply(this, args);
    };
    t.intercept(Outbox.prototype, name, { value: value as never });
  }
  return used;
}

const HI = encodeFrame({ opcode: OPCODE.text, payload: 'hi' });

t.test('lends one to nobody else until it was given back', needsFastPath('lent-output'), (t) => {
  const [first, second] = [borrowOutbox(), borrowOutbox()];
  t.not(first, second);
  t.equal(takeBackOutbox(first), true);
  t.equal(borrowOutbox(), first);
  t.not(borrowOutbox(), first);
  t.equal(takeBackOutbox(first), true);
  t.equal(takeBackOutbox(second), true);
  t.end();
});

t.test('takes none back that frames wait in, or that knows somebody', (t) => {
  const outbox = borrowOutbox();
  outbox.append(OPCODE.text, true, 0, 'hi');
  t.equal(takeBackOutbox(outbox), false, 'frames of its own');
  outbox.flush({ take: () => true });
  outbox.appendShared(HI);
  t.equal(takeBackOutbox(outbox), false, 'a shared one');
  const back: boolean[] = [];
  const take = (): boolean => {
    back.push(takeBackOutbox(outbox));
    return true;
  };
  outbox.flush({ take });
  t.strictSame(back, [false], 'it is being emptied');
  const client = new Outbox(() => 1);
  t.equal(takeBackOutbox(client), false, 'a client has keys of its own');
  t.end();
});

t.test('takes none back while its transport holds the slab', needsFastPath('outbox'), (t) => {
  const outbox = borrowOutbox();
  const send = (isFreed: boolean): boolean => {
    outbox.append(OPCODE.text, true, 0, 'hi');
    outbox.flush({ take: () => isFreed });
    return outbox.isAtRest;
  };
  t.equal(send(true), true);
  t.equal(send(false), false);
  t.equal(takeBackOutbox(outbox), false);
  t.equal(send(true), true, 'a copy, which was let go of');
  t.end();
});

t.test('takes none back whose taker has thrown', (t) => {
  const outbox = borrowOutbox();
  const take = (): boolean => {
    throw new Error('thrown');
  };
  outbox.append(OPCODE.text, true, 0, 'hi');
  t.throws(() => outbox.flush({ take }), { message: 'thrown' });
  t.equal(outbox.length, 0);
  t.equal(takeBackOutbox(outbox), false);
  t.end();
});

t.test('takes none back when the path is off', (t) => {
  const isOn = needsFastPath('lent-output').skip === undefined;
  t.equal(takeBackOutbox(new Outbox(undefined)), isOn);
  t.end();
});

t.test('keeps as many as write in one turn, not all that ever did', needsLending, (t) => {
  const all = Array.from({ length: 1100 }, () => borrowOutbox());
  for (const outbox of all) t.ok(takeBackOutbox(outbox));
  const known = new Set(all);
  const again = Array.from({ length: 1100 }, () => borrowOutbox());
  t.equal(again.filter((outbox) => known.has(outbox)).length, 1024);
  t.equal(new Set(again).size, 1100);
  t.end();
});

t.test('one serves connection after connection', needsLending, (t) => {
  const used = watchOutboxes(t);
  const all = [connect(), connect(), connect()];
  for (const { output } of all) {
    output.send('a', undefined);
    output.control(OPCODE.ping, Buffer.from('p'));
    output.flush();
  }
  t.equal(used.length, 1, 'the same for all of them');
  t.strictSame(
    all.map(({ came }) => came),
    all.map(() => ['\x81\x01a\x89\x01p']),
  );
  t.end();
});

t.test('two that wait at a time have one each', needsFastPath('one-write'), (t) => {
  const used = watchOutboxes(t);
  const [first, second] = [connect(), connect()];
  first.output.cork();
  second.output.cork();
  first.output.send('first', undefined);
  second.output.send('second', undefined);
  first.output.uncork();
  second.output.uncork();
  t.equal(new Set(used).size, 2);
  t.strictSame([first.came, second.came], [['\x81\x05first'], ['\x81\x06second']]);
  t.end();
});

t.test('a client keeps its own, and whoever has a sender keeps what it has', needsLending, (t) => {
  const used = watchOutboxes(t);
  const send = ({ output }: ReturnType<typeof connect>): Outbox => {
    output.send('x', undefined);
    output.flush();
    return used.at(-1)!;
  };
  const lent = send(connect());
  const client = connect({ role: 'client', takeMaskingKey: () => 7 });
  const own = send(client);
  t.not(own, lent);
  t.equal(send(client), own);
  const talker = connect();
  talker.output.startMessage('text', undefined).end('pieces');
  const kept = send(talker);
  t.equal(kept, lent, 'the one that was free');
  t.not(send(connect()), kept);
  t.equal(send(talker), kept);
  t.strictSame(talker.came, ['\x81\x06pieces\x81\x01x', '\x81\x01x']);
  t.end();
});

t.test('a slow reader keeps one, and nobody else has to copy for it', needsLending, (t) => {
  const used = watchOutboxes(t);
  const slow = connect();
  slow.answer.give = () => false;
  slow.output.send('slow', undefined);
  slow.output.flush();
  const kept = used.at(-1)!;
  const other = connect();
  other.output.send('other', undefined);
  other.output.flush();
  t.not(used.at(-1), kept);
  slow.output.send('slow', undefined);
  t.equal(used.at(-1), kept);
  slow.answer.give = () => true;
  slow.output.flush();
  other.output.send('other', undefined);
  t.equal(used.at(-1), kept, 'once it reads, it needs none');
  other.output.flush();
  t.end();
});

t.test('a transport that throws leaves what waits to its connection alone', needsLending, (t) => {
  const used = watchOutboxes(t);
  const broken = connect();
  broken.answer.give = () => {
    throw new Error('thrown');
  };
  for (const text of ['one', 'two']) broken.output.send(Buffer.alloc(5000, text), undefined);
  t.throws(() => broken.output.flush(), { message: 'thrown' });
  const left = broken.output.pendingBytes;
  t.ok(left > 0);
  const other = connect();
  other.output.send('other', undefined);
  other.output.flush();
  t.equal(new Set(used).size, 2);
  t.strictSame(other.came, ['\x81\x05other']);
  broken.answer.give = () => true;
  broken.output.flush();
  t.equal(broken.came.join('').length, 2 * (4 + 5000));
  t.equal(broken.output.pendingBytes, 0);
  t.end();
});

t.test('what many send needs none when it is all that waits', needsLending, (t) => {
  const used = watchOutboxes(t);
  const { output, came } = connect();
  const taken: Buffer[] = [];
  const { take } = output;
  output.take = (bytes, hasMore) => {
    taken.push(bytes);
    return take.call(output, bytes, hasMore);
  };
  output.sendEncoded(HI);
  t.match(output, { pendingBytes: 4, heldBytes: 4, messagesSent: 1, bytesSent: 0 });
  output.flush();
  t.equal(taken[0], HI, 'the bytes themselves');
  t.match(output, { pendingBytes: 0, heldBytes: 0, bytesSent: 4 });
  t.equal(used.length, 0);
  for (const more of [
    () => output.send('b', undefined),
    () => output.control(OPCODE.ping, Buffer.from('b')),
    () => output.sendEncoded(HI),
    () => output.startMessage('text', undefined).end('b'),
  ]) {
    output.sendEncoded(HI);
    more();
    came.length = 0;
    output.flush();
    t.equal(came.join('').slice(0, 4), '\x81\x02hi', 'it stays the first');
    t.ok(came.join('').length > 4);
  }
  t.end();
});

t.test('what many send is lost like any other frame', (t) => {
  const { output, came } = connect();
  output.cork();
  output.sendEncoded(HI);
  const pending = output.pendingBytes;
  output.discard();
  t.match(output, { pendingBytes: 0, heldBytes: 0, lostBytes: pending });
  output.uncork();
  t.equal(came.join('').length, 4 - pending);
  t.end();
});

t.test('one that waits for work keeps no slab alive', needsFastPath('outbox'), async (t) => {
  const slabs = new Map<string, WeakRef<ArrayBufferLike>>();
  const kept: Outbox[] = [];
  const long = Buffer.alloc(5000);
  for (const [name, add] of Object.entries<(outbox: Outbox) => void>({
    short: (outbox) => outbox.append(OPCODE.text, true, 0, 'hi'),
    long: (outbox) => outbox.append(OPCODE.binary, true, 0, long),
    'shared behind a long one': (outbox) => {
      outbox.append(OPCODE.binary, true, 0, long);
      outbox.appendShared(HI);
    },
  })) {
    const outbox = new Outbox(undefined);
    add(outbox);
    outbox.flush({
      take(bytes) {
        if (!slabs.has(name)) slabs.set(name, new WeakRef(bytes.buffer));
        return true;
      },
    });
    kept.push(outbox);
  }
  // Others begin, and with what is short: views of that are kept, of one slab at a time.
  for (let count = 0; count < 3000; count += 1) {
    const other = new Outbox(undefined);
    other.append(OPCODE.text, true, 0, 'x'.repeat(100));
    other.flush({ take: () => false });
  }
  for (let turns = 0; turns < 20 && [...slabs.values()].some((slab) => slab.deref()); turns += 1) {
    await turn();
    usedMemory();
  }
  for (const [name, slab] of slabs) t.equal(slab.deref(), undefined, name);
  t.ok(kept.every(({ length }) => length === 0));
  t.end();
});

passesPlainly(t, import.meta.url);
