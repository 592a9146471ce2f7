/**
 * What compression has broken elsewhere: bombs, loose parameters, late errors, starved neighbours.
 */
import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { encodeFrame, OPCODE } from 'barewire/codec';
import {
  buildOffer,
  checkResponse,
  MessageCodec,
  negotiateServer,
  parseExtensionList,
} from 'barewire/deflate';
import t from 'tap';
import { FairQueue } from '../../lib/deflate/fair-queue.ts';
import { Pair } from '../support/connection-pair.ts';
import {
  CountingPool,
  compress,
  DEFAULTS,
  decompress,
  failure,
  WAYS,
} from '../support/deflate-jobs.ts';

const MIB = 2 ** 20;
const ONE_MIB = deflateRawSync(Buffer.alloc(MIB), { finishFlush: constants.Z_SYNC_FLUSH });
/** 256 MiB of zeros in 260 KiB. */
const BOMB = Buffer.concat([...Array<Buffer>(256).fill(ONE_MIB), Buffer.of(0)]);

t.test('a bomb is stopped before one block more than the limit is made', async (t) => {
  for (const limit of [0, 1000, MIB, 16 * MIB]) {
    const pool = new CountingPool();
    const codec = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
    const error = await failure(codec, BOMB, true, limit);
    t.match(error, { code: 'message-too-large', closeCode: 1009 });
    t.ok(pool.producedBytes <= limit + 65536, `${pool.producedBytes} bytes for ${limit}`);
    t.equal(pool.lent, 0);
    t.equal(codec.memoryBytes, 0, 'nothing is kept');
  }
});

t.test('a bomb in many frames is stopped in the frame that exceeds what is left', async (t) => {
  const pool = new CountingPool();
  const codec = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
  let room = 10 * MIB;
  let frames = 0;
  for (; ; frames += 1) {
    const result = await decompress(codec, ONE_MIB, false, room).catch((error) => error);
    if (result instanceof Error) {
      t.match(result, { code: 'message-too-large' });
      break;
    }
    room -= result.length;
  }
  t.equal(frames, 10);
  t.ok(pool.producedBytes <= 10 * MIB + 65536);
});

t.test('a bomb is stopped by its ratio long before the size', async (t) => {
  const pool = new CountingPool();
  const codec = new MessageCodec('server', DEFAULTS, { pool, maxInflateRatio: 50 });
  const error = await failure(codec, ONE_MIB, true, 100 * MIB);
  t.match(error, { code: 'deflate-ratio-exceeded', closeCode: 1009 });
  t.ok(pool.producedBytes < 3 * 65536);
});

t.test('a bomb is stopped without the handle as well', async (t) => {
  const codec = new MessageCodec('server', DEFAULTS, { zlib: 'documented' });
  t.equal((await failure(codec, BOMB, true, MIB))?.code, 'message-too-large');
});

t.test('window bits are 8 – 15 and nothing that looks like it', (t) => {
  const values = ['0', '7', '16', '99', '010', '1e1', '0xa', ' 10', '-8', '8.0', '٨'];
  for (const value of [...values, '"0"', '"16"', '"010"']) {
    for (const name of ['server_max_window_bits', 'client_max_window_bits']) {
      const text = `permessage-deflate; ${name}=${value}`;
      const read = (): unknown => negotiateServer(parseExtensionList(text));
      const check = (): unknown =>
        checkResponse(parseExtensionList(text), parseExtensionList(buildOffer()));
      try {
        t.equal(read(), undefined, text);
      } catch (error) {
        t.match(error, { code: 'extension-list-malformed' }, text);
      }
      t.throws(check, /bad-extension|extension-list-malformed/, text);
    }
  }
  for (const value of ['', '""']) {
    const text = `permessage-deflate; server_max_window_bits=${value}`;
    t.throws(() => parseExtensionList(text), { code: 'extension-list-malformed' });
  }
  const twice = 'permessage-deflate; server_max_window_bits=9; server_max_window_bits=9';
  t.equal(negotiateServer(parseExtensionList(twice)), undefined);
  const least = 'permessage-deflate; server_max_window_bits="8"';
  t.equal(negotiateServer(parseExtensionList(least))?.parameters.serverMaxWindowBits, 8);
  t.end();
});

for (const zlib of WAYS) {
  t.test(`${zlib}: no error comes late, in whatever state the connection ends`, async (t) => {
    const pool = new CountingPool(8, new FairQueue(2, 4));
    const large = randomBytes(400_000);
    const bad = Buffer.concat([BOMB.subarray(0, 50_000), Buffer.alloc(60_000, 0xff)]);
    const turns = [0, 1, 2, 5, 9];
    let late = 0;
    for (let round = 0; round < 60; round += 1) {
      const codec = new MessageCodec('server', DEFAULTS, { zlib, pool });
      let isClosed = false;
      const count = (): void => {
        if (isClosed) late += 1;
      };
      if (round % 2 === 0) codec.compress(large, round % 4 === 0, count);
      if (round % 3 !== 0) codec.decompress(round % 3 === 1 ? bad : BOMB, true, 1e9, count);
      for (let turn = turns[round % 5]!; turn > 0; turn -= 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      codec.close();
      isClosed = true;
    }
    await pool.settled();
    t.equal(late, 0, 'nothing after close');
    t.equal(pool.lent, 0, 'every engine is back');
    const next = new MessageCodec('server', DEFAULTS, { zlib, pool });
    t.equal((await compress(next, Buffer.from('Hello'))).length, 7, 'and works');
  });

  t.test(`${zlib}: the message behind a final block arrives intact`, async (t) => {
    const codec = new MessageCodec('server', DEFAULTS, { zlib });
    const hello = Buffer.from('f248cdc9c90700', 'hex');
    for (const final of ['f348cdc9c9070000', 'f348cdc9c90700', 'f248cdc9c907000000ffff01']) {
      t.equal(String(await decompress(codec, Buffer.from(final, 'hex'))), 'Hello');
      t.equal(String(await decompress(codec, hello)), 'Hello');
      // And what looks back over the final block.
      t.equal(String(await decompress(codec, Buffer.from('f200110000', 'hex'))), 'Hello');
    }
    for (const more of ['f348cdc9c9070000', 'f200110000']) {
      const both = Buffer.from(`f348cdc9c90700${more}`, 'hex');
      t.equal(String(await decompress(codec, both)), 'HelloHello', 'in the same message');
    }
  });

  t.test(`${zlib}: what lies behind a payload in the same chunk stays as it is`, async (t) => {
    const codec = new MessageCodec('server', DEFAULTS, { zlib });
    const chunk = Buffer.from('c107f248cdc9c90700c105f2001100008103414243', 'hex');
    const original = Buffer.from(chunk);
    t.equal(String(await decompress(codec, chunk.subarray(2, 9))), 'Hello');
    t.equal(String(await decompress(codec, chunk.subarray(11, 16))), 'Hello');
    t.same(chunk, original);
  });
}

t.test('a small echo is done at once while others compress large messages', async (t) => {
  const pool = new CountingPool();
  const large = randomBytes(4 * MIB);
  const heavy = Array.from(
    { length: 8 },
    () => new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' }),
  );
  const jobs = heavy.map((codec) => compress(codec, large));
  const light = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
  const echoes: string[] = [];
  while (pool.queue.length === heavy.length) {
    light.decompress(Buffer.from('f248cdc9c90700', 'hex'), true, 100, (_, message) => {
      light.compress(message, true, (_, packed) => echoes.push(`${message} ${packed.length}`));
    });
    if (echoes.length > 100) break;
    t.ok(echoes.length > 0, 'before the call has returned');
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.match(echoes[0], 'Hello 7');
  for (const codec of heavy) codec.close();
  await pool.settled();
  t.equal(pool.lent, 0);
  t.equal(jobs.length, 8);
});

t.test('a heavy connection does not hold up the large message of another', async (t) => {
  const pool = new CountingPool(8, new FairQueue(1));
  const order: string[] = [];
  const [heavy, other] = [
    new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' }),
    new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' }),
  ];
  heavy.compress(randomBytes(8 * MIB), true, () => order.push('heavy'));
  other.compress(randomBytes(MIB / 4), true, () => order.push('other'));
  await pool.settled();
  t.same(order, ['other', 'heavy']);
});

t.test('a message waits for no large one, however many there are, both ways', async (t) => {
  const pool = new CountingPool(8, new FairQueue(1));
  const large = randomBytes(2 * MIB);
  const bomb = BOMB.subarray(0, 40_000);
  const heavy = Array.from(
    { length: 48 },
    () => new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' }),
  );
  let heavyDone = 0;
  for (const [index, codec] of heavy.entries()) {
    const done = (): number => (heavyDone += 1);
    if (index % 2 === 0) codec.compress(large, true, done);
    else codec.decompress(bomb, false, 1e9, done);
  }
  const sender = new MessageCodec('client', DEFAULTS, { zlib: 'handle' });
  const packed = await compress(sender, randomBytes(200_000));
  const [writer, reader] = [0, 1].map(
    () => new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' }),
  );
  const before = pool.producedBytes;
  const light = [compress(writer!, large.subarray(0, 20_000)), decompress(reader!, packed)];
  t.same((await Promise.all(light)).length, 2);
  t.equal(heavyDone, 0, 'not one was waited for');
  // One slice of each is at most 64 KiB; the bombs grow while they are seen to be none.
  t.ok(pool.producedBytes - before < 24 * 5 * 65_536, `${pool.producedBytes - before} bytes`);
  for (const codec of [...heavy, writer!, reader!]) codec.close();
  await pool.settled();
  t.equal(pool.lent, 0);
});

t.test('however many connections compress at once, few engines are out', async (t) => {
  const pool = new CountingPool(4, new FairQueue(2, 8));
  const message = randomBytes(150_000);
  const codecs = Array.from(
    { length: 60 },
    () => new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' }),
  );
  const all = await Promise.all(codecs.map((codec) => compress(codec, message)));
  t.equal(all.length, 60);
  t.ok(pool.mostLent <= 8, `${pool.mostLent} at most`);
});

t.test('final blocks without number cost no more than their bound', async (t) => {
  const codec = new MessageCodec('server', DEFAULTS);
  await decompress(codec, Buffer.concat([ONE_MIB.subarray(0, -4)]));
  const blocks = Buffer.alloc(2 * MIB, Buffer.from('0300', 'hex'));
  t.equal((await failure(codec, blocks))?.code, 'deflate-data-invalid');
});

t.test('many small bombs in one read hold the turn no longer than one large message', async (t) => {
  const pool = new CountingPool();
  const sender = new MessageCodec('client', DEFAULTS);
  const bomb = await compress(sender, Buffer.alloc(100_000), true);
  const frame = encodeFrame({ opcode: OPCODE.binary, rsv: 4, payload: bomb, maskingKey: 1 });
  const fresh = new MessageCodec('server', DEFAULTS, { pool, zlib: 'handle' });
  const { server } = new Pair({ server: { deflate: fresh } });
  server.connection.receive(Buffer.concat(Array.from({ length: 200 }, () => frame)));
  t.ok(pool.producedBytes <= MIB, `${pool.producedBytes} bytes made on the spot`);
  while (server.seen.length < 200) await new Promise((resolve) => setImmediate(resolve));
  t.ok(server.seen.every(([, hex]) => (hex as string).length === 200_000));
  pool.producedBytes = 0;
  server.connection.receive(frame);
  t.equal(server.seen.length, 201, 'the next turn has its own');
  t.end();
});
