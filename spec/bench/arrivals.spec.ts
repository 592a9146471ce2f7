/** What is sent to many is read once and counted from then on: at every client, to the byte. */
import { constants, createDeflateRaw, type DeflateRaw } from 'node:zlib';
import { encodeFrame, OPCODE } from 'barewire/codec';
import t from 'tap';
import { type ArrivalOptions, Arrivals } from '../../bench/process/arrivals.ts';
import { readBroadcast, readEvent } from '../../bench/process/deliveries.ts';
import type { Listener } from '../../bench/process/raw-client.ts';

/** Three clients, to which bytes come by hand. */
class Crowd {
  readonly clients: Listener[] = Array.from({ length: 3 }, () => ({ onData: () => {} }));
  readonly arrivals: Arrivals;

  constructor(options: ArrivalOptions) {
    this.arrivals = new Arrivals(this.clients, { patienceMs: 100, ...options });
  }

  /** Each client gets its text, in pieces of one byte: they lie in memory that is used again. */
  give(...texts: readonly (string | Buffer)[]): void {
    const shared = Buffer.alloc(1);
    for (const [index, text] of texts.entries()) {
      for (const octet of Buffer.from(text)) {
        shared.writeUInt8(octet);
        this.clients[index]!.onData(shared);
      }
    }
  }
}

const isAbc = (gathered: Buffer): boolean => {
  if (!'abc'.startsWith(gathered.toString())) throw new Error('not abc');
  return gathered.length === 3;
};

t.test('a delivery has arrived when every client has all of it', async (t) => {
  const crowd = new Crowd({ read: isAbc });
  const { arrivals } = crowd;
  let isThere = false;
  const first = arrivals
    .first(() => crowd.give('abc', 'abc', 'ab'))
    .then(() => {
      isThere = true;
    });
  await Promise.resolve();
  t.notOk(isThere);
  crowd.give('', '', 'c');
  await first;
  await arrivals.next(() => crowd.give('abc', 'abc', 'abc'));
  await arrivals.finish();
});

t.test('what is missing is told after a while', async (t) => {
  const crowd = new Crowd({ read: isAbc });
  const { arrivals } = crowd;
  await arrivals.first(() => crowd.give('abc', 'abc', 'abc'));
  const next = arrivals.next(() => crowd.give('abc', 'ab', 'abc'));
  await t.rejects(next, { message: '1 of 3 clients miss something' });
  const fresh = new Crowd({ read: isAbc });
  const first = fresh.arrivals.first(() => fresh.give('a', '', 'abc'));
  await t.rejects(first, { message: '2 of 3 clients miss something' });
});

t.test('every client reads its first delivery', async (t) => {
  const crowd = new Crowd({ read: isAbc });
  const first = crowd.arrivals.first(() => crowd.give('abc', 'abc', 'abd'));
  await t.rejects(first, { message: 'client 2: not abc' });
});

t.test('first deliveries are of one length', async (t) => {
  const crowd = new Crowd({ read: (gathered) => gathered.at(-1) === 0x2e });
  const first = crowd.arrivals.first(() => crowd.give('abc.', 'abc.', 'abcd.'));
  await t.rejects(first, { message: 'first deliveries are not of one length' });
});

t.test('a surplus is seen whenever it comes', async (t) => {
  const during = new Crowd({ read: isAbc });
  await during.arrivals.first(() => during.give('abc', 'abc', 'abc'));
  const next = during.arrivals.next(() => during.give('abc', 'abcd', 'abc'));
  await t.rejects(next, { message: 'client 1: more came than was sent' });
  const between = new Crowd({ read: isAbc });
  await between.arrivals.first(() => between.give('abc', 'abc', 'abc'));
  between.give('', '', 'd');
  const later = between.arrivals.next(() => between.give('abc', 'abc', 'abc'));
  await t.rejects(later, { message: 'client 2: more came than was sent' });
  const after = new Crowd({ read: isAbc });
  await after.arrivals.first(() => after.give('abc', 'abc', 'abc'));
  const finished = after.arrivals.finish();
  after.give('d');
  await t.rejects(finished, { message: 'client 0: more came than was sent' });
});

/** Compresses one message after the other, each with those before it in mind. */
function pack(deflater: DeflateRaw, text: string): Promise<Buffer> {
  return new Promise((resolve) => {
    deflater.write(text);
    deflater.flush(constants.Z_SYNC_FLUSH, () => {
      const payload = (deflater.read() as Buffer).subarray(0, -4);
      resolve(encodeFrame({ opcode: OPCODE.text, rsv: 4, payload }));
    });
  });
}

t.test('frames whose length changes are as long at each client as at the first', async (t) => {
  const text = JSON.stringify({ some: 'text', that: 'is not short' });
  const deflater = createDeflateRaw();
  const frames = [await pack(deflater, text), await pack(deflater, text)] as const;
  t.ok(frames[1].length < frames[0].length);
  const begin = async (): Promise<Crowd> => {
    const crowd = new Crowd({ read: readBroadcast(text, 1, true), frames: 1 });
    await crowd.arrivals.first(() => crowd.give(frames[0], frames[0], frames[0]));
    return crowd;
  };
  const [, second] = frames;
  const good = await begin();
  // The first client is the last to have its frame.
  await good.arrivals.next(() => {
    good.give('', second, second);
    good.give(second);
  });
  await good.arrivals.finish();
  const short = await begin();
  const missing = short.arrivals.next(() => short.give(second, second, second.subarray(0, 5)));
  await t.rejects(missing, { message: '1 of 3 clients miss something' });
  for (const surplus of ['!', second]) {
    const long = await begin();
    const [head, rest] = [second.subarray(0, -1), second.subarray(-1)];
    const next = long.arrivals.next(() =>
      long.give(head, Buffer.concat([second, Buffer.from(surplus)])),
    );
    long.give(rest);
    await t.rejects(next, { message: 'client 1: more came than was sent' });
    const led = await begin();
    const leading = led.arrivals.next(() =>
      led.clients[0]!.onData(Buffer.concat([second, Buffer.from(surplus)])),
    );
    await t.rejects(leading, { message: 'client 0: more came than was sent' });
  }
});

t.test('a compressed broadcast inflates to the text', async (t) => {
  const text = 'a text, a text, a text';
  const read = readBroadcast(text, 2, true);
  const deflater = createDeflateRaw();
  const both = [await pack(deflater, text), await pack(deflater, text)];
  t.equal(read(both[0]!), false);
  t.equal(read(Buffer.concat(both)), true, 'the second refers to the first');
  t.equal(read(Buffer.concat([both[0]!, both[0]!])), true, 'each on its own');
  t.equal(read(Buffer.concat(both).subarray(0, -1)), false);
  t.throws(() => read(Buffer.concat([...both, both[1]!])), { message: 'more came than was sent' });
  const other = await pack(createDeflateRaw(), 'another text, and more of it');
  t.throws(() => read(Buffer.concat([other, other])), { message: /^wrong delivery/ });
  const plain = encodeFrame({ opcode: OPCODE.text, payload: text });
  t.throws(() => read(plain), { message: 'wrong delivery: not compressed' });
  t.equal(readBroadcast(text, 1, false)(plain), true);
  t.throws(() => readBroadcast(text, 1, false)(both[0]!), { message: /^wrong delivery/ });
});

t.test('an event is one event, in chunks if they were announced', (t) => {
  const plain = readEvent('x', false);
  t.equal(plain(Buffer.from('data: x\n')), false);
  t.equal(plain(Buffer.from('data: x\n\n')), true);
  t.throws(() => plain(Buffer.from('data: x\n\n\n')), { message: /^wrong delivery/ });
  t.throws(() => plain(Buffer.from(':\n\n')), { message: /^wrong delivery/ });
  const chunked = readEvent('x', true);
  t.equal(chunked(Buffer.from('9\r\ndata: x\n\n\r\n')), true);
  t.equal(chunked(Buffer.from('4\r\ndata\r\n5\r\n: x\n\n\r\n')), true, 'in two chunks');
  for (const part of ['9', '9\r\n', '9\r\ndata: x\n\n', '9\r\ndata: x\n\n\r', '1\r\nd\r\n']) {
    t.equal(chunked(Buffer.from(part)), false, JSON.stringify(part));
  }
  t.throws(() => chunked(Buffer.from('9\r\ndata: x\n\n..')), { message: 'chunk without end' });
  t.throws(() => chunked(Buffer.from('data: x\r\n')), { message: /^wrong chunk size/ });
  t.throws(() => chunked(Buffer.from('9\r\ndata: y\n\n\r\n')), { message: /^wrong delivery/ });
  t.end();
});
