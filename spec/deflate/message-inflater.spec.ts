import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import type { ProtocolError } from 'barewire/base';
import t from 'tap';
import { MessageInflater } from '../../lib/deflate/message-inflater.ts';
import { CountingPool, CrowdedQueue, SteppedPool } from '../support/deflate-jobs.ts';
import { feedings } from '../support/feeding.ts';
import { INFLATE_CASES, packed } from '../support/inflate-cases.ts';

const OPTIONS = { windowBits: 15, keepsContext: true, maxInflateRatio: 2000 };
const HELLO = Buffer.from('f248cdc9c90700', 'hex');

type Result = { error: ProtocolError | undefined; bytes: Buffer };

/** Starts a job; the list holds its result when it is done. */
function start(inflater: MessageInflater, bytes: Buffer, fin = true, maxBytes = 1e9): Result[] {
  const results: Result[] = [];
  inflater.decompress(bytes, fin, maxBytes, (error, bytes) => results.push({ error, bytes }));
  return results;
}

t.test('inflates what is small before the call returns, and holds no engine then', (t) => {
  const pool = new CountingPool();
  const inflater = new MessageInflater(OPTIONS, pool);
  for (const message of [Buffer.from('small'), Buffer.alloc(100_000, 'a'), randomBytes(50_000)]) {
    const [result] = start(inflater, packed(message));
    t.same(result?.bytes, message);
    t.equal(pool.lent, 0);
    t.equal(inflater.isBusy, false);
  }
  t.equal(inflater.memoryBytes, 32768, 'the window');
  t.end();
});

t.test('inflates what is large later, and holds an engine until then', async (t) => {
  const pool = new CountingPool();
  const inflater = new MessageInflater(OPTIONS, pool);
  const message = randomBytes(400_000);
  const results = start(inflater, packed(message));
  t.same(results, []);
  t.equal(inflater.isBusy, true);
  t.equal(pool.lent, 1);
  await pool.settled();
  t.ok(results[0]?.bytes.equals(message));
  t.equal(pool.lent, 0);
});

t.test('holds one engine in the middle of a message, and says so', (t) => {
  const pool = new CountingPool();
  const inflater = new MessageInflater(OPTIONS, pool);
  t.equal(inflater.memoryBytes, 0);
  const [first] = start(inflater, HELLO.subarray(0, 3), false);
  t.equal(pool.lent, 1);
  t.ok(inflater.memoryBytes >= 40_000);
  inflater.releaseIdle();
  t.equal(pool.lent, 1, 'not idle');
  const [second] = start(inflater, HELLO.subarray(3));
  t.equal(`${first?.bytes}${second?.bytes}`, 'Hello');
  t.equal(pool.lent, 0);
  t.end();
});

t.test('one engine serves many connections in turn, each with its own window', (t) => {
  const pool = new CountingPool();
  const inflaters = Array.from({ length: 50 }, () => new MessageInflater(OPTIONS, pool));
  for (const [at, inflater] of inflaters.entries()) {
    start(inflater, packed(Buffer.from(`message ${at}`)));
  }
  for (const [at, inflater] of inflaters.entries()) {
    // The previous message whole, by one match: distance = length.
    const message = Buffer.from(`message ${at}`);
    const again = deflateRawSync(message, {
      dictionary: message,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    t.same(start(inflater, again.subarray(0, again.length - 4))[0]?.bytes, message);
  }
  t.equal(pool.mostLent, 1);
  t.end();
});

t.test('is closed in every state, and nothing comes afterwards', async (t) => {
  const pool = new CountingPool();
  const large = packed(randomBytes(1_000_000));
  const bad = Buffer.concat([
    packed(randomBytes(300_000)).subarray(0, 250_000),
    Buffer.alloc(9, 1),
  ]);
  const results: Result[][] = [];
  // Idle; in the middle of a message; with jobs running, between slices, ready and waiting.
  for (let round = 0; round < 40; round += 1) {
    const inflater = new MessageInflater(OPTIONS, pool);
    if (round % 3 === 1) start(inflater, HELLO.subarray(0, 3), false);
    if (round % 3 === 2) results.push(start(inflater, round % 2 === 0 ? large : bad));
    if (round % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    inflater.close();
    inflater.close();
    inflater.releaseIdle();
    t.same(start(inflater, HELLO), [], 'inert');
  }
  await pool.settled();
  t.equal(pool.lent, 0, 'every engine is back');
  t.ok(results.every((list) => list.length === 0));
  const after = new MessageInflater(OPTIONS, pool);
  t.equal(start(after, HELLO)[0]?.bytes.toString(), 'Hello', 'and works');
});

t.test('may be closed from within its own report', async (t) => {
  const pool = new CountingPool();
  for (const message of [Buffer.from('small'), randomBytes(400_000)]) {
    const inflater = new MessageInflater(OPTIONS, pool);
    let calls = 0;
    inflater.decompress(packed(message), true, 1e9, () => {
      calls += 1;
      inflater.close();
    });
    await pool.settled();
    t.equal(calls, 1);
  }
  t.equal(pool.lent, 0);
});

t.test('does not fill half a block with the bytes that it adds itself', (t) => {
  // Stored blocks that lack 4, 8 and 9 bytes.
  for (const bytes of ['000500faff41', '000900f6ff41', '000a00f5ff41']) {
    const inflater = new MessageInflater(OPTIONS, new CountingPool());
    const [result] = start(inflater, Buffer.from(bytes, 'hex'));
    t.equal(result?.error?.code, 'deflate-data-invalid');
  }
  t.end();
});

t.test('gives its engine back when the data is bad, also later', async (t) => {
  const pool = new CountingPool();
  for (const length of [20, 500_000]) {
    const bytes = packed(randomBytes(length));
    const results = start(new MessageInflater(OPTIONS, pool), bytes.subarray(0, -5));
    await pool.settled();
    t.equal(results[0]?.error?.code, 'deflate-data-invalid');
    t.equal(results[0]?.bytes.length, 0);
  }
  t.equal(pool.lent, 0);
});

t.test('begins nothing on the spot while many wait that were begun', async (t) => {
  const pool = new CountingPool();
  const bomb = packed(Buffer.alloc(400_000));
  const inflaters = Array.from({ length: 500 }, () => new MessageInflater(OPTIONS, pool));
  const results = inflaters.map((inflater) => start(inflater, bomb));
  t.ok(pool.lent <= 100, `${pool.lent} engines are out`);
  t.ok(pool.producedBytes <= 100 * 192 * 1024, `${pool.producedBytes} bytes wait`);
  const small = new MessageInflater(OPTIONS, pool);
  const late = start(small, packed(Buffer.from('small')));
  await pool.settled();
  t.ok(results.every(([result]) => result?.bytes.length === 400_000));
  t.same(late[0]?.bytes, Buffer.from('small'));
  t.equal(pool.lent, 0);
  const again = start(small, packed(Buffer.from('small')));
  t.same(again[0]?.bytes, Buffer.from('small'), 'on the spot again');
});

const caseByWay = INFLATE_CASES.flatMap((each) => [
  { ...each, way: 'on the spot', pool: () => new CountingPool() },
  { ...each, way: 'in slices', pool: () => new CountingPool(64, new CrowdedQueue()) },
]);

for (const { way, title, messages, outcomes, options, maxBytes, pool: makePool } of caseByWay) {
  t.test(`reads, or refuses, ${title} ${way}`, async (t) => {
    const pool = makePool();
    const inflater = new MessageInflater({ ...OPTIONS, ...options }, pool);
    const found: string[] = [];
    for (const message of messages) {
      inflater.decompress(message, true, maxBytes ?? 1e9, (error, bytes) => {
        found.push(error?.code ?? bytes.toString());
      });
      await pool.settled();
    }
    t.ok(found.join() === outcomes.join(), found.join().slice(0, 100));
    t.equal(inflater.isBusy, false);
    t.equal(inflater.workBytes, 0);
    t.equal(pool.lent, 0);
  });
}

t.test('reads every message in every cut as it reads it whole', async (t) => {
  for (const { title, messages, outcomes, options } of INFLATE_CASES.slice(0, 10)) {
    const [message, outcome] = [messages[0]!, outcomes[0]!];
    for (const { name, chunks } of feedings(message, 20)) {
      const pool = new CountingPool();
      const inflater = new MessageInflater({ ...OPTIONS, ...options }, pool);
      let text = '';
      let code: string | undefined;
      for (const [index, chunk] of chunks.entries()) {
        inflater.decompress(chunk, index === chunks.length - 1, 1e9, (error, bytes) => {
          text += bytes.toString();
          code ??= error?.code;
        });
        await pool.settled();
      }
      t.equal(code ?? text, outcome, `${title}, ${name}`);
    }
  }
});

t.test('tells when it works in the thread pool, and how much there is to do', async (t) => {
  const pool = new CountingPool();
  const inflater = new MessageInflater(OPTIONS, pool);
  const notices: boolean[] = [];
  const large = packed(randomBytes(400_000));
  for (const [bytes, isLater] of [
    [HELLO, false],
    [large, true],
    [packed(Buffer.alloc(1_000_000)), true],
  ] as const) {
    notices.length = 0;
    inflater.decompress(
      bytes,
      true,
      1e9,
      () => {},
      (isWorking) => void notices.push(isWorking),
    );
    t.equal(inflater.workBytes >= bytes.length, isLater);
    await pool.settled();
    t.equal(notices.length > 0, isLater);
    t.equal(notices.length % 2, 0);
    t.ok(notices.every((isWorking, index) => isWorking === (index % 2 === 0)));
  }
});

t.test('refuses a bomb by its ratio in the middle of what it does later', async (t) => {
  const pool = new CountingPool();
  const options = { ...OPTIONS, maxInflateRatio: 100 };
  const bomb = packed(Buffer.alloc(4_000_000));
  const limit = bomb.length * 100;
  const results = start(new MessageInflater(options, pool), bomb);
  await pool.settled();
  t.equal(results[0]?.error?.code, 'deflate-ratio-exceeded');
  t.ok(pool.producedBytes <= limit + 65_536, `${pool.producedBytes} for ${limit}`);
  t.equal(pool.lent, 0);
});

t.test('tells nothing of work that is done on the spot, or that was closed', (t) => {
  const told = (isWorking: boolean): void => {
    t.equal(isWorking, true, 'it has begun, and never says more');
  };
  const here = new MessageInflater(OPTIONS, new CountingPool());
  here.decompress(
    HELLO,
    true,
    1e9,
    () => {},
    () => t.fail('on the spot'),
  );
  const pool = new SteppedPool(64, new CrowdedQueue());
  const inflater = new MessageInflater(OPTIONS, pool);
  inflater.decompress(HELLO, true, 1e9, () => t.fail('closed'), told);
  inflater.close();
  pool.steps.shift()!();
  t.equal(pool.steps.length, 0);
  t.end();
});

t.test('does 512 KiB a turn on the spot, and more when the next turn begins', async (t) => {
  const pool = new CountingPool();
  const inflater = new MessageInflater(OPTIONS, pool);
  const wire = packed(Buffer.alloc(100_000, 'a'));
  const isDoneHere = (): boolean => start(inflater, wire).length === 1;
  let count = 0;
  while (isDoneHere()) count += 1;
  t.equal(count, 5);
  await pool.settled();
  t.equal(isDoneHere(), true, 'a slice elsewhere is a turn of its own');
  inflater.beginTurn();
  count = 0;
  while (isDoneHere()) count += 1;
  t.equal(count, 5);
  await pool.settled();
});

/** A message as a stored block. */
function stored(length: number): Buffer {
  const header = Buffer.of(0, length, length >> 8, ~length, ~length >> 8);
  return Buffer.concat([header, Buffer.alloc(length, 'a'), Buffer.of(0)]);
}

t.test('works on the spot while a byte of the turn is left, and not when none is', async (t) => {
  for (const [name, last, isHere] of [
    ['a byte is left', [stored(12_000), stored(91)], true],
    ['none is left', [stored(12_099)], false],
  ] as const) {
    const pool = new CountingPool();
    const inflater = new MessageInflater({ ...OPTIONS, keepsContext: false }, pool);
    const before = [...Array.from({ length: 5 }, () => stored(50_000)), ...last];
    for (const wire of before) t.equal(start(inflater, wire).length, 1, 'on the spot');
    // Nine bytes of the trailer are read, up to its own final block.
    const read = before.reduce((sum, wire) => sum + wire.length + 9, 0);
    t.equal(read + pool.producedBytes, 512 * 1024 - (isHere ? 1 : 0));
    const made = pool.producedBytes;
    const results = start(inflater, HELLO);
    t.equal(pool.producedBytes - made, isHere ? 'Hello'.length : 0, name);
    await pool.settled();
    t.equal(results[0]?.bytes.toString(), 'Hello');
    inflater.close();
  }
});
