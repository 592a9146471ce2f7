/** Laws of the codec: what is said is read, by us and by Node, and nothing else does harm. */
import {
  constants,
  createDeflateRaw,
  createInflateRaw,
  type DeflateRaw,
  type InflateRaw,
} from 'node:zlib';
import { ProtocolError } from 'barewire/base';
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { DeflatePool } from '../../lib/deflate/pool.ts';
import {
  agreements,
  conversations,
  cutAtShares,
  halfRandom,
  messages,
  SAMPLE,
  shares,
  spoiledMessages,
  way,
} from '../support/deflate-arbitraries.ts';
import { CountingPool, compress, DEFAULTS, decompress, failure } from '../support/deflate-jobs.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { naiveInflate } from '../support/naive-inflate.ts';

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

async function compressPieces(codec: MessageCodec, pieces: readonly Buffer[]): Promise<Buffer> {
  const packed: Buffer[] = [];
  for (const [at, piece] of pieces.entries()) {
    packed.push(await compress(codec, piece, at === pieces.length - 1));
  }
  return Buffer.concat(packed);
}

async function decompressPieces(codec: MessageCodec, pieces: readonly Buffer[]): Promise<Buffer> {
  const plain: Buffer[] = [];
  for (const [at, piece] of pieces.entries()) {
    plain.push(await decompress(codec, piece, at === pieces.length - 1));
  }
  return Buffer.concat(plain);
}

/** Writes to one of Node's zlib streams, flushes it, and returns what came out. */
function through(stream: DeflateRaw | InflateRaw, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const onData = (part: Buffer): number => parts.push(part);
    stream.on('data', onData);
    stream.once('error', reject);
    stream.write(bytes);
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', onData);
      resolve(Buffer.concat(parts));
    });
  });
}

t.test(
  'law: says the same behind both ends, whatever was agreed and however it is cut',
  async (t) => {
    const law = fc.asyncProperty(
      agreements,
      conversations,
      way,
      way,
      fc.boolean(),
      async (agreed, messages, serverWay, clientWay, isReleasing) => {
        // A pool of one: engines change hands all the time.
        const pool = new DeflatePool(1);
        const server = new MessageCodec('server', agreed, { zlib: serverWay, pool });
        const client = new MessageCodec('client', agreed, { zlib: clientWay, pool });
        for (const { message, cuts } of messages) {
          for (const [from, to] of [
            [server, client],
            [client, server],
          ] as const) {
            const packed = await compressPieces(from, cutAtShares(message, cuts));
            const plain = await decompressPieces(to, cutAtShares(packed, cuts));
            if (!plain.equals(message)) throw new Error('not the same');
            if (isReleasing) from.releaseIdle();
            if (isReleasing) to.releaseIdle();
          }
        }
        server.close();
        client.close();
      },
    );
    await fc.assert(law, runs(60));
    t.pass('round trip');
  },
);

t.test("law: is understood by Node's inflater, and understands Node's deflater", async (t) => {
  const law = fc.asyncProperty(agreements, conversations, way, async (agreed, messages, zlib) => {
    const codec = new MessageCodec('server', agreed, { zlib, pool: new DeflatePool(1) });
    const inflater = createInflateRaw({ windowBits: agreed.serverMaxWindowBits });
    const deflater = createDeflateRaw({ windowBits: Math.max(9, agreed.clientMaxWindowBits) });
    for (const { message, cuts } of messages) {
      const packed = await compressPieces(codec, cutAtShares(message, cuts));
      const plain = await through(inflater, Buffer.concat([packed, TAIL]));
      if (!plain.equals(message)) throw new Error('Node reads something else');
      if (message.length === 0) continue;
      const theirs = await through(deflater, message);
      const payload = theirs.subarray(0, theirs.length - 4);
      if (agreed.clientNoContextTakeover) deflater.reset();
      const ours = await decompressPieces(codec, cutAtShares(payload, cuts));
      if (!ours.equals(message)) throw new Error('we read something else');
    }
    inflater.close();
    deflater.close();
    codec.close();
  });
  await fc.assert(law, runs(60));
  t.pass('both directions');
});

const LEVELS = [
  ['handle', 1],
  ['handle', 3],
  ['handle', 9],
  ['documented', 3],
] as const;

/** Compresses messages that repeat each other; returns how far they look back at most. */
async function farthestOf(codec: MessageCodec): Promise<number> {
  let history = Buffer.alloc(0);
  let farthest = 0;
  for (let round = 0; round < 8; round += 1) {
    const message = halfRandom(round * 3000 + 100, round);
    const packed = await compress(codec, message);
    const found = naiveInflate(Buffer.concat([packed, TAIL]), history);
    if (!found.output.equals(message)) throw new Error('the oracle reads something else');
    farthest = Math.max(farthest, found.maxDistance);
    history = Buffer.concat([history, message]);
  }
  return farthest;
}

for (const role of ['server', 'client'] as const) {
  t.test(
    `a ${role} looks back no further than was agreed [7692-7.2.1-13 7692-7.2.1-15 7692-7.2.1-7]`,
    async (t) => {
      for (const windowBits of [8, 9, 10, 12, 15]) {
        for (const [zlib, level] of LEVELS) {
          const agreed = { ...DEFAULTS, [`${role}MaxWindowBits`]: windowBits };
          const options = { zlib, level, windowBits: 15, memoryLevel: 8, pool: new DeflatePool() };
          const farthest = await farthestOf(new MessageCodec(role, agreed, options));
          t.ok(farthest <= 2 ** windowBits, `${windowBits} bits: ${farthest} bytes`);
          t.ok(farthest > 2 ** windowBits / 4, 'and it does look back');
        }
      }
    },
  );
}

t.test('law: each message stands alone where no context was agreed [7692-7.2.1-8]', async (t) => {
  const law = fc.asyncProperty(conversations, way, async (messages, zlib) => {
    const agreed = { ...DEFAULTS, serverNoContextTakeover: true };
    const codec = new MessageCodec('server', agreed, { zlib, pool: new DeflatePool(1) });
    for (const { message, cuts } of messages) {
      const packed = await compressPieces(codec, cutAtShares(message, cuts));
      const fresh = new MessageCodec('client', agreed, { pool: new DeflatePool(0) });
      if (!(await decompress(fresh, packed)).equals(message)) throw new Error('leans on others');
      if (fresh.memoryBytes > 0) throw new Error('keeps what nobody looks back at');
    }
  });
  await fc.assert(law, runs(30));
  t.pass('alone');
});

t.test('law: garbage ends in a result or in one failure, within the limit', async (t) => {
  const law = fc.asyncProperty(spoiledMessages, shares, way, async (bytes, cuts, zlib) => {
    const codec = new MessageCodec('server', DEFAULTS, { zlib, pool: POOL });
    let room = 3000;
    const pieces = cutAtShares(bytes, cuts);
    for (const [at, piece] of pieces.entries()) {
      const fin = at === pieces.length - 1;
      const result = await decompress(codec, piece, fin, room).catch((error) => error);
      if (result instanceof ProtocolError) {
        if (result.code === 'deflate-data-invalid' || result.code === 'message-too-large') return;
        throw result;
      }
      room -= result.length;
      if (room < 0) throw new Error('more than allowed');
    }
  });
  await fc.assert(law, runs(1500));
  t.pass('no other end');
});

t.test('law: behind a failure a direction is inert, and the other one goes on', async (t) => {
  const law = fc.asyncProperty(spoiledMessages, messages, way, async (bytes, later, zlib) => {
    const pool = new CountingPool(1);
    const codec = new MessageCodec('server', DEFAULTS, { zlib, pool });
    const error = await failure(codec, bytes, true, 3000);
    if (error === undefined) return;
    failures += 1;
    let calls = 0;
    for (const piece of [SAMPLE, later]) codec.decompress(piece, true, 2 ** 26, () => (calls += 1));
    await pool.settled();
    const packed = await compress(codec, later);
    const other = new MessageCodec('client', DEFAULTS, { pool: new DeflatePool(0) });
    if (!(await decompress(other, packed)).equals(later)) throw new Error('the other one, too');
    if (calls > 0) throw new Error('called back');
    other.close();
    codec.close();
    if (pool.lent > 0) throw new Error('an engine is kept');
  });
  let failures = 0;
  await fc.assert(law, runs(150));
  t.ok(failures > 50, `${failures} failures`);
});

const POOL = new DeflatePool();
t.test('what is cut short is not taken for whole [7692-7.2.2-1]', async (t) => {
  for (let length = 0; length < SAMPLE.length; length += 1) {
    const codec = new MessageCodec('server', DEFAULTS, { pool: POOL });
    const error = await failure(codec, SAMPLE.subarray(0, length));
    t.equal(error?.code, 'deflate-data-invalid', `${length} of ${SAMPLE.length} bytes`);
  }
});
