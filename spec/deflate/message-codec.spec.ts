import { randomBytes } from 'node:crypto';
import { hasFastPath } from 'barewire/base';
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { DeflatePool, type LentEngine } from '../../lib/deflate/pool.ts';
import type { EngineOptions } from '../../lib/deflate/zlib-engine.ts';
import { halfRandom } from '../support/deflate-arbitraries.ts';
import {
  CountingPool,
  compress,
  DEFAULTS,
  decompress,
  failure,
  WAYS,
} from '../support/deflate-jobs.ts';
import { passesPlainly } from '../support/fast-paths.ts';
import { naiveInflate } from '../support/naive-inflate.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const HELLO = Buffer.from('Hello');

/** Packs bits in the order in which they are read; what is left of the last byte is 0. */
function bits(...groups: readonly string[]): Buffer {
  const all = [...groups.join('').replaceAll(' ', '')];
  const bytes = Buffer.alloc(Math.ceil(all.length / 8));
  for (const [at, bit] of all.entries()) bytes[at >> 3]! |= Number(bit) << (at & 7);
  return bytes;
}

/** Messages as they stand on the wire, and what they say. */
const MESSAGES: readonly (readonly [title: string, wire: string, text: string])[] = [
  ['one block [7692-7.2.2-1]', 'f2 48 cd c9 c9 07 00', 'Hello'],
  ['a stored block [7692-7.2.1-3]', '00 05 00 fa ff 48 65 6c 6c 6f 00', 'Hello'],
  ['two blocks [7692-7.2.1-2]', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00', 'Hello'],
  [
    'a final block and an empty one [7692-7.2.1-4 7692-7.2.1-5]',
    'f3 48 cd c9 c9 07 00 00',
    'Hello',
  ],
  ['a final block and nothing behind it', 'f3 48 cd c9 c9 07 00', 'Hello'],
  ['two final blocks', 'f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00', 'HelloHello'],
  ['a match over a final block', 'f3 48 cd c9 c9 07 00 f2 00 11 00 00', 'HelloHello'],
  ['an empty block that is final', 'f2 48 cd c9 c9 07 00 00 00 ff ff 01', 'Hello'],
  ['nothing: an empty block [7692-7.2.3.6-1]', '00', ''],
  ['nothing: a final block', '03 00 00', ''],
];

t.test('takes the way that is done within the call, unless nobody wants fast paths', (t) => {
  const codec = new MessageCodec('server', DEFAULTS);
  let isDone = false;
  codec.compress(HELLO, true, () => {
    isDone = true;
  });
  t.equal(isDone, hasFastPath('zlib-handles'));
  codec.close();
  t.end();
});

for (const zlib of WAYS) {
  const codecs = (parameters: Partial<typeof DEFAULTS> = {}): [MessageCodec, MessageCodec] => [
    new MessageCodec('server', { ...DEFAULTS, ...parameters }, { zlib }),
    new MessageCodec('client', { ...DEFAULTS, ...parameters }, { zlib }),
  ];

  for (const [title, wire, text] of MESSAGES) {
    t.test(`${zlib}: inflates ${title}, and the message after it`, async (t) => {
      const [, client] = codecs();
      t.equal((await decompress(client, hex(wire))).toString(), text);
      t.equal((await decompress(client, hex('f2 48 cd c9 c9 07 00'))).toString(), 'Hello');
      const [, pieced] = codecs();
      const parts: Buffer[] = [];
      for (const byte of hex(wire)) parts.push(await decompress(pieced, Buffer.of(byte), false));
      parts.push(await decompress(pieced, Buffer.alloc(0), true));
      t.equal(Buffer.concat(parts).toString(), text, 'byte by byte');
    });
  }

  const BAD: readonly (readonly [title: string, wire: string])[] = [
    ['nothing at all', ''],
    ['block type 3', '07'],
    ['a length that does not match its complement', '00 05 00 00 00'],
    ['a message without its last byte', 'f2 48 cd c9 c9 07'],
    ['half a block', 'f2 48 cd c9'],
    ['a match before the beginning', 'f2 00 11 00 00'],
    ['garbage behind a final block', 'f3 48 cd c9 c9 07 00 ff'],
  ];

  for (const [title, wire] of BAD) {
    t.test(`${zlib}: refuses ${title}, and is inert then`, async (t) => {
      const [server] = codecs();
      const error = await failure(server, hex(wire));
      t.match(error, { code: 'deflate-data-invalid', closeCode: 1007 });
      let isCalled = false;
      server.decompress(HELLO, true, 100, () => {
        isCalled = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      t.equal(isCalled, false);
      server.close();
    });
  }

  t.test(`${zlib}: compresses and cuts the tail off [7692-7.2.1-1]`, async (t) => {
    const [server] = codecs();
    t.same(await compress(server, HELLO), hex('f2 48 cd c9 c9 07 00'));
  });

  t.test(`${zlib}: looks back at the message before [7692-7.2.1-9 7692-7.2.1-12]`, async (t) => {
    const [server, client] = codecs();
    await compress(server, HELLO);
    await compress(client, HELLO);
    t.same(await compress(server, HELLO), hex('f2 00 11 00 00'));
    t.same(await compress(client, HELLO), hex('f2 00 11 00 00'));
  });

  t.test(
    `${zlib}: lets the peer look back [7692-7.2.2-3 7692-7.2.2-5 7692-7.1.1.1-4]`,
    async (t) => {
      for (const codec of codecs()) {
        await decompress(codec, hex('f2 48 cd c9 c9 07 00'));
        t.equal((await decompress(codec, hex('f2 00 11 00 00'))).toString(), 'Hello');
      }
      const [server] = codecs({ serverNoContextTakeover: true });
      await decompress(server, hex('f2 48 cd c9 c9 07 00'));
      const again = await decompress(server, hex('f2 00 11 00 00'));
      t.equal(
        again.toString(),
        'Hello',
        "the other direction's parameter [7692-7-2 7692-7.2.2-6 7692-7.1.1.2-5]",
      );
    },
  );

  t.test(`${zlib}: starts afresh where it was agreed [7692-7.2.1-8 7692-7.2.1-11]`, async (t) => {
    const [server] = codecs({ serverNoContextTakeover: true });
    const [, client] = codecs({ clientNoContextTakeover: true });
    for (const codec of [server, client]) {
      const message = Buffer.from('again and again');
      t.same(await compress(codec, message), await compress(codec, message));
    }
    const [, reader] = codecs({ serverNoContextTakeover: true });
    await decompress(reader, hex('f2 48 cd c9 c9 07 00'));
    t.equal((await failure(reader, hex('f2 00 11 00 00')))?.code, 'deflate-data-invalid');
  });

  t.test(
    `${zlib}: a match reaches as far as the largest window [7692-7.2.2-8 7692-7.2.2-10 7692-7.1.2.2-9]`,
    async (t) => {
      // 32,768 bytes stored; then a fixed block: length 3, distance 24,577 + 8191, end; then an empty one.
      const old = randomBytes(32768);
      const stored = Buffer.concat([hex('00 00 80 ff 7f'), old, hex('00')]);
      const match = bits('0 10', '0000001', '11101 1111111111111', '0000000', '0 00');
      for (const codec of codecs()) {
        t.same(await decompress(codec, stored), old);
        const oracle = naiveInflate(Buffer.concat([match, hex('00 00 ff ff')]), old);
        t.equal(oracle.maxDistance, 32768);
        t.same(await decompress(codec, match), oracle.output);
      }
    },
  );

  t.test(`${zlib}: an empty piece is one byte at the end, else none [7692-7.2.1-6]`, async (t) => {
    const [server, client] = codecs();
    t.same(await compress(server, Buffer.alloc(0)), hex('00'));
    const pieces = [
      await compress(server, HELLO, false),
      await compress(server, Buffer.alloc(0), false),
      await compress(server, HELLO, false),
      await compress(server, Buffer.alloc(0), true),
    ];
    t.ok(pieces[0]!.subarray(-4).equals(hex('00 00 ff ff')), 'the tail stays inside a message');
    t.equal(pieces[1]!.length, 0);
    t.same(pieces[3], hex('00'));
    t.equal((await decompress(client, Buffer.concat(pieces))).toString(), 'HelloHello');
    t.equal((await decompress(client, await compress(server, HELLO))).toString(), 'Hello');
  });

  t.test(`${zlib}: large messages go both ways`, async (t) => {
    const [server, client] = codecs();
    for (const length of [16384, 16385, 65536, 131072, 300_000, 2_000_000]) {
      for (const message of [randomBytes(length), Buffer.alloc(length, 'long ')]) {
        const packed = await compress(server, message);
        t.ok((await decompress(client, packed)).equals(message), `${length} bytes`);
        t.ok((await decompress(server, await compress(client, message))).equals(message));
      }
    }
  });

  // The second is more than is inflated before the call returns.
  for (const message of [Buffer.alloc(100_000, 'some text, '), halfRandom(400_000, 1)]) {
    const title = `leaves the caller's bytes alone, and does not keep them: ${message.length}`;
    t.test(`${zlib}: ${title}`, async (t) => {
      const [server, client] = codecs();
      const original = Buffer.from(message);
      const packed = compress(server, message);
      t.ok(message.equals(original));
      message.fill(0);
      const wire = Buffer.concat([await packed, hex('81 02 41 42')]);
      const payload = wire.subarray(0, wire.length - 4);
      const copy = Buffer.from(wire);
      const inflated = decompress(client, payload);
      t.ok(wire.equals(copy), 'the bytes behind the payload too');
      wire.fill(0);
      t.ok((await inflated).equals(original));
    });
  }

  t.test(`${zlib}: stops where the message is too large [6455-10.4-1]`, async (t) => {
    for (const length of [10, 70_000, 1_000_000]) {
      const [server, client] = codecs();
      const packed = await compress(server, Buffer.alloc(length, 'a'));
      t.equal((await decompress(client, packed, true, length)).length, length);
      const [other] = codecs();
      const error = await failure(other, packed, true, length - 1);
      t.match(error, { code: 'message-too-large', closeCode: 1009 });
    }
    const [codec] = codecs();
    t.equal(
      (await failure(codec, hex('f2 48 cd c9 c9 07 00'), true, 0))?.code,
      'message-too-large',
    );
  });

  t.test(`${zlib}: stops at a ratio that is too high, beyond 64 KiB`, async (t) => {
    const [server] = codecs();
    const bomb = await compress(server, Buffer.alloc(1_000_000, 'a'));
    const options = { zlib, maxInflateRatio: 100 };
    const strict = new MessageCodec('client', DEFAULTS, options);
    const error = await failure(strict, bomb);
    t.match(error, { code: 'deflate-ratio-exceeded', closeCode: 1009 });
    const [other] = codecs();
    const small = await compress(other, Buffer.alloc(60_000, 'a'));
    t.equal(
      (await decompress(new MessageCodec('client', DEFAULTS, options), small)).length,
      60_000,
    );
  });

  t.test(`${zlib}: bounds the final blocks of a message`, async (t) => {
    const [server, client] = codecs();
    const final = hex('03 00');
    const some = Buffer.concat([...Array<Buffer>(256).fill(final), hex('00')]);
    t.equal((await decompress(server, some)).length, 0);
    const many = Buffer.concat([...Array<Buffer>(257).fill(final), hex('00')]);
    t.equal((await failure(client, many))?.code, 'deflate-data-invalid');
  });

  t.test(`${zlib}: does one job at a time in each direction`, async (t) => {
    const [server] = codecs();
    const job = compress(server, randomBytes(100_000));
    const next = (): void => server.compress(HELLO, true, () => {});
    t.throws(next, { code: 'invalid-state' });
    t.ok(await job);
    const bomb = hex('00 00 80 ff 7f');
    const reading = decompress(server, Buffer.concat(Array(9).fill(bomb.subarray(0, 5))), false);
    await reading.catch(() => {});
    server.close();
    t.doesNotThrow(next, 'nothing happens after close');
  });

  t.test(`${zlib}: a message compressed elsewhere breaks the context`, async (t) => {
    const [server, client] = codecs();
    const [elsewhere] = codecs();
    const foreign = Buffer.from('a message for everybody');
    t.ok(await decompress(client, await compress(server, HELLO)));
    t.same(await decompress(client, await compress(elsewhere, foreign)), foreign);
    server.breakContext();
    const message = await compress(server, HELLO);
    t.same(message, hex('f2 48 cd c9 c9 07 00'), 'starts afresh');
    t.same(await decompress(client, message), HELLO);
  });

  t.test(`${zlib}: holds little when it is released, and works on`, async (t) => {
    const [server, client] = codecs();
    t.equal(server.memoryBytes, 0);
    const text = Buffer.from('{"price": 12, "symbol": "abc"}\n'.repeat(1000));
    for (let round = 0; round < 3; round += 1) {
      t.same(await decompress(client, await compress(server, text)), text);
      t.same(await decompress(server, await compress(client, text)), text);
      t.ok(server.memoryBytes > 30_000);
      server.releaseIdle();
      client.releaseIdle();
      const isPacked = zlib === 'handle';
      t.ok(server.memoryBytes < (isPacked ? 1000 : 33_000), 'the window of the peer');
    }
    server.close();
    t.equal(server.memoryBytes, 0);
  });
}

t.test('refuses to inflate into less than nothing', (t) => {
  const codec = new MessageCodec('server', DEFAULTS);
  for (const maxBytes of [-1, Number.NaN]) {
    const inflate = (): void => codec.decompress(HELLO, true, maxBytes, () => {});
    t.throws(inflate, { code: 'invalid-argument' });
  }
  t.end();
});

t.test('refuses bad options, and takes the least and the largest of each', (t) => {
  const make = (options: object): MessageCodec => new MessageCodec('server', DEFAULTS, options);
  for (const [name, least, largest] of [
    ['level', 1, 9],
    ['memoryLevel', 1, 9],
    ['windowBits', 8, 15],
  ] as const) {
    for (const value of [least - 1, largest + 1, least + 0.5, Number.NaN]) {
      t.throws(() => make({ [name]: value }), { code: 'invalid-option' }, `${name} ${value}`);
    }
    for (const value of [least, largest]) t.doesNotThrow(() => make({ [name]: value }));
  }
  const options = { maxInflateRatio: -1 };
  t.throws(() => make(options), { code: 'invalid-option' });
  t.end();
});

/** Writes down what kinds of engines are asked for. */
class WatchedPool extends DeflatePool {
  readonly kinds: EngineOptions[] = [];

  override take(options: EngineOptions, owner?: object): LentEngine {
    this.kinds.push(options);
    return super.take(options, owner);
  }
}

t.test('compresses as its documentation says when nothing is said', async (t) => {
  for (const [bits, expected] of [
    [15, 13],
    [13, 13],
    [12, 12],
  ] as const) {
    const pool = new WatchedPool();
    const parameters = { ...DEFAULTS, serverMaxWindowBits: bits };
    const codec = new MessageCodec('server', parameters, { pool, zlib: 'handle' });
    await compress(codec, HELLO);
    const kind = { mode: 'deflate', windowBits: expected, level: 3, memoryLevel: 6 };
    t.strictSame(pool.kinds, [kind], `${bits} bits agreed upon`);
    codec.close();
  }
});

for (const zlib of WAYS) {
  t.test(`${zlib}: reads one message at a time, and finishes the one it has begun`, async (t) => {
    const codec = new MessageCodec('server', DEFAULTS, { zlib });
    const text = Buffer.alloc(1_000_000, 'long ');
    const job = decompress(codec, await compress(codec, text));
    const next = (): void => codec.decompress(HELLO, true, 100, () => t.fail('refused'));
    t.throws(next, { code: 'invalid-state' });
    t.ok((await job).equals(text), 'the refusal changes nothing');
    t.equal((await decompress(codec, hex('f2 48 cd c9 c9 07 00'))).toString(), 'Hello');
    codec.close();
  });

  t.test(`${zlib}: gives the same whether a turn begins before, during or after`, async (t) => {
    const [codec, reader] = [0, 1].map(() => new MessageCodec('server', DEFAULTS, { zlib }));
    const text = Buffer.alloc(200_000, 'long ');
    const wire = await compress(codec!, text);
    for (const turns of ['', 'before', 'during', 'before and during']) {
      if (turns.includes('before')) reader!.beginTurn();
      const job = decompress(reader!, wire);
      if (turns.includes('during')) reader!.beginTurn();
      t.ok((await job).equals(text), turns);
    }
    for (const each of [codec, reader]) each!.close();
  });
}

t.test('inflates again before the call returns when a turn begins', async (t) => {
  const pool = new CountingPool();
  const codec = new MessageCodec('server', DEFAULTS, { zlib: 'handle', pool });
  const wire = await compress(codec, Buffer.alloc(100_000, 'a'));
  const isDoneHere = (): boolean => {
    let isDone = false;
    codec.decompress(wire, true, 1e6, () => {
      isDone = true;
    });
    return isDone;
  };
  const counts: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    codec.beginTurn();
    let count = 0;
    while (isDoneHere()) count += 1;
    counts.push(count);
    await pool.settled();
  }
  t.same(counts, [5, 5, 5], '512 KiB a turn');
  codec.close();
});

t.test('names either of two faults, as zlib comes to them, and fails in any case', async (t) => {
  // Ten letters where nine may come out, and behind them what is no block: which of them is named
  // depends on the pieces and on the way to drive zlib, and may on its version.
  const tooLarge = hex('4a 4c 84 01 00');
  const badData = hex('01 02 03 04 05 06');
  for (const zlib of WAYS) {
    for (const pieces of [[Buffer.concat([tooLarge, badData])], [tooLarge, badData]]) {
      const codec = new MessageCodec('server', DEFAULTS, { zlib });
      let error = await failure(codec, pieces[0]!, pieces.length === 1, 9);
      if (error === undefined) error = await failure(codec, badData, true, 9);
      t.match(error?.code, /^(message-too-large|deflate-data-invalid)$/, zlib);
    }
  }
});

passesPlainly(t, import.meta.url);
