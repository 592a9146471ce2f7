/** The law of the two ways to drive zlib: what one of them says, the other one says too. */
import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';
import type { ProtocolError } from 'barewire/base';
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { DeflatePool } from '../../lib/deflate/pool.ts';
import {
  cutAtShares,
  foreignMessages,
  packForeign,
  repeated,
} from '../support/deflate-arbitraries.ts';
import { compress, DEFAULTS, decompress, WAYS } from '../support/deflate-jobs.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';
import { naiveInflate } from '../support/naive-inflate.ts';

const TAIL = Buffer.of(0, 0, 0xff, 0xff);

/** Bytes that the documented function has made since this was set to 0. */
let made = 0;
const { inflateRaw } = zlib;
t.before(() => {
  type Done = (error: Error | null, result: { readonly buffer: Buffer }) => void;
  const counted = (input: Buffer, options: zlib.ZlibOptions, done: Done): void => {
    inflateRaw(input, options, (error, result) => {
      const info = result as unknown as { readonly buffer: Buffer };
      if (error === null) made += info.buffer.length;
      done(error, info);
    });
  };
  Object.assign(zlib, { inflateRaw: counted });
  syncBuiltinESMExports();
});
t.teardown(() => {
  Object.assign(zlib, { inflateRaw });
  syncBuiltinESMExports();
});

const limits = fc.record({
  /** So many bytes, or so many more than the first message has. */
  room: fc.oneof(
    fc.record({ maxBytes: fc.constantFrom(100, 3000, 65_536, 65_537, 2 ** 26) }),
    fc.record({ beyond: fc.constantFrom(-1, 0, 0, 1) }),
  ),
  maxInflateRatio: fc.constantFrom(1, 20, 300, Number.POSITIVE_INFINITY),
});

/** What may excuse a difference. */
interface Sent {
  readonly isFlawed: boolean;
  readonly isCut: boolean;
  /** Larger than the limit of bytes, and than the ratio allows. */
  readonly isOverBoth: boolean;
}

/** What becomes of a message: its bytes, or the code of the failure. */
async function inflate(
  codec: MessageCodec,
  pieces: readonly Buffer[],
  maxBytes: number,
): Promise<Buffer | string> {
  const plain: Buffer[] = [];
  let room = maxBytes;
  for (const [at, piece] of pieces.entries()) {
    try {
      plain.push(await decompress(codec, piece, at === pieces.length - 1, room));
    } catch (error) {
      return (error as ProtocolError).code;
    }
    room -= plain.at(-1)!.length;
  }
  return Buffer.concat(plain);
}

const LIMITS: readonly unknown[] = ['message-too-large', 'deflate-ratio-exceeded'];

/** Whether both say the same, as far as they promise to. */
function isSame(fast: Buffer | string, slow: Buffer | string, sent: Sent): boolean {
  if (typeof fast !== 'string' && typeof slow !== 'string') return fast.equals(slow);
  if (fast === slow) return true;
  // Bytes that come are counted as they come; without the handle, when all are there.
  if (sent.isCut && fast === 'deflate-ratio-exceeded') return true;
  // Of two flaws either may be found first; and half a block may swallow the trailer.
  if (sent.isFlawed) return typeof slow === 'string' || fast === 'deflate-data-invalid';
  return sent.isOverBoth && LIMITS.includes(fast) && LIMITS.includes(slow);
}

t.test('law: with the handle or without it, a message is inflated or refused alike', async (t) => {
  let [inflated, refused] = [0, 0];
  const law = fc.asyncProperty(
    foreignMessages,
    limits,
    fc.boolean(),
    async (sent, { room, maxInflateRatio }, keepsContext) => {
      const agreed = { ...DEFAULTS, clientNoContextTakeover: !keepsContext };
      const pool = new DeflatePool(1);
      const [handle, documented] = WAYS.map(
        (zlib) => new MessageCodec('server', agreed, { zlib, pool, maxInflateRatio }),
      ) as [MessageCodec, MessageCodec];
      const first = Buffer.concat(sent[0]!.parts).length;
      const maxBytes = 'beyond' in room ? Math.max(0, first + room.beyond) : room.maxBytes;
      let window = Buffer.alloc(0);
      for (const message of sent) {
        const { parts, flaw, cuts } = message;
        const content = Buffer.concat(parts);
        const packed = packForeign(message, window);
        const pieces = cutAtShares(packed, cuts);
        const fast = await inflate(handle, pieces, maxBytes);
        made = 0;
        const slow = await inflate(documented, pieces, maxBytes);
        const isFlawed = flaw !== undefined;
        const most = Math.max(65_536, packed.length * maxInflateRatio);
        // One byte more shows that it is too much.
        if (made > Math.min(maxBytes, most) + 1) throw new Error(`${made} bytes were made`);
        const isOverBoth = content.length > Math.max(maxBytes, most);
        const isCut = pieces.length > 1;
        if (!isSame(fast, slow, { isFlawed, isCut, isOverBoth })) {
          const say = (found: Buffer | string): string =>
            typeof found === 'string' ? found : `${found.length} bytes`;
          throw new Error(`${say(fast)} with the handle, ${say(slow)} without`);
        }
        if (typeof fast === 'string') refused += 1;
        else inflated += 1;
        // Behind a failure both are inert, and what was only read by one is another history.
        if (isFlawed || typeof fast === 'string') return;
        if (!fast.equals(content)) throw new Error('both say something else');
        if (keepsContext) window = Buffer.concat([window, content]).subarray(-32_768);
      }
      handle.close();
      documented.close();
    },
  );
  await fc.assert(law, runs(400));
  t.ok(inflated > 100 && refused > 50, `${inflated} inflated, ${refused} refused`);
});

/** Whether what was compressed needs the messages before it. */
function looksBack(packed: Buffer): boolean {
  try {
    naiveInflate(Buffer.concat([packed, TAIL]), Buffer.alloc(0));
    return false;
  } catch {
    return true;
  }
}

t.test('law: with the handle or without it, nobody looks back without a context', async (t) => {
  const seen = { kept: 0, refused: 0, alone: 0 };
  const law = fc.asyncProperty(
    repeated(3000),
    repeated(3000),
    fc.constantFrom('client' as const, 'server' as const),
    fc.boolean(),
    async (first, second, role, keepsContext) => {
      const agreed = {
        ...DEFAULTS,
        clientNoContextTakeover: role === 'client' || !keepsContext,
        serverNoContextTakeover: role === 'server' || !keepsContext,
      };
      const pack = (bytes: Buffer, before: Buffer): Buffer => {
        const parts = { parts: [bytes], level: 6, isFinal: false, flaw: undefined, cuts: [] };
        return packForeign(parts, before);
      };
      const packed = pack(second, first);
      const isRefused = !keepsContext && looksBack(packed);
      for (const zlib of WAYS) {
        const codec = new MessageCodec(role, agreed, { zlib, pool: new DeflatePool(1) });
        await decompress(codec, pack(first, Buffer.alloc(0)));
        const said = await inflate(codec, [packed], 2 ** 20);
        const wanted = isRefused ? 'deflate-data-invalid' : second.toString();
        if (said.toString() !== wanted) throw new Error(`${zlib}: ${said}`);
        codec.close();
      }
      seen[keepsContext ? 'kept' : isRefused ? 'refused' : 'alone'] += 1;
    },
  );
  await fc.assert(law, runs(120));
  t.ok(Math.min(...Object.values(seen)) > 10, JSON.stringify(seen));
});

t.test(
  'law: with the handle or without it, what is compressed is as long, or nearly',
  async (t) => {
    const law = fc.asyncProperty(
      fc.array(repeated(200_000), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      async (sent, level) => {
        const pool = new DeflatePool(1);
        const [handle, documented] = WAYS.map(
          (zlib) => new MessageCodec('client', DEFAULTS, { zlib, pool, level }),
        ) as [MessageCodec, MessageCodec];
        for (const bytes of sent) {
          const fast = await compress(handle, bytes);
          const slow = await compress(documented, bytes);
          if (Math.abs(fast.length - slow.length) > 16 + bytes.length / 50) {
            throw new Error(`${fast.length} bytes with the handle, ${slow.length} without`);
          }
        }
        handle.close();
        documented.close();
      },
    );
    await fc.assert(law, runs(60));
    t.pass('no counterexample');
  },
);
