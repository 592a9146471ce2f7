/**
 * Laws of the limits of inflating: they are those of one message, whatever came before it. Only
 * what comes whole is measured so exactly: of what comes in pieces each one is, as it comes.
 */
import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';
import { MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { DeflatePool } from '../../lib/deflate/pool.ts';
import { halfRandom, way } from '../support/deflate-arbitraries.ts';
import { DEFAULTS, decompress } from '../support/deflate-jobs.ts';
import { fc } from '../support/fast-check.ts';
import { packed } from '../support/inflate-cases.ts';
import { printedAs, runs } from '../support/laws.ts';

/** What a message may have of final blocks, and become whatever its ratio. */
const MAX_FINAL_BLOCKS = 256;
const FREE_BYTES = 64 * 1024;

/** A message, compressed by somebody else. */
interface Message {
  readonly wire: Buffer;
  readonly plain: Buffer;
  readonly finalBlocks: number;
}

/** Hardly compressed, and compressed as well as can be. */
const sound = fc
  .tuple(fc.nat(20_000), fc.nat(1000))
  .map(([size, seed]) => messageOf(halfRandom(size, seed)));
const bomb = fc
  .oneof(fc.integer({ min: FREE_BYTES - 2, max: FREE_BYTES + 2 }), fc.nat(400_000))
  .map((size) => messageOf(Buffer.alloc(size, '#')));
/** Each letter in a final block of its own, and an empty block at the end [RFC 7692 §7.2.3.4]. */
const ended = fc.oneof(fc.nat(60), fc.constantFrom(128, 255, 256, 257)).map((count) => {
  const wire = Buffer.concat([...Array(count).fill(deflateRawSync('x')), Buffer.of(0)]);
  return shown({ wire, plain: Buffer.alloc(count, 'x'), finalBlocks: count });
});

function messageOf(plain: Buffer): Message {
  return shown({ wire: packed(plain), plain, finalBlocks: 0 });
}

function shown(message: Message): Message {
  const { wire, plain, finalBlocks } = message;
  const words = `${wire.length} bytes that are ${plain.length}, ${finalBlocks} final blocks`;
  return printedAs(message, () => words);
}

/** The code of the limit that a message breaks. */
function limitOf({ wire, plain, finalBlocks }: Message, maxRatio: number): string | undefined {
  if (finalBlocks > MAX_FINAL_BLOCKS) return 'deflate-data-invalid';
  const isBomb = plain.length > FREE_BYTES && plain.length > wire.length * maxRatio;
  return isBomb ? 'deflate-ratio-exceeded' : undefined;
}

t.test('law: what a message may become depends on nothing that came before it', async (t) => {
  const seen = { read: 0, 'deflate-data-invalid': 0, 'deflate-ratio-exceeded': 0 };
  const law = fc.asyncProperty(
    fc.array(fc.oneof(sound, bomb, ended), { minLength: 2, maxLength: 6 }),
    fc.constantFrom(2, 20, 100, 900),
    way,
    async (messages, maxInflateRatio, zlib) => {
      const options = { zlib, maxInflateRatio, pool: new DeflatePool(0) };
      const codec = new MessageCodec('server', DEFAULTS, options);
      for (const message of messages) {
        const limit = limitOf(message, maxInflateRatio);
        const result = await decompress(codec, message.wire).catch((error) => error);
        if (limit === undefined) assert.ok(message.plain.equals(result), String(result));
        else assert.equal(result.code, limit);
        seen[(limit ?? 'read') as keyof typeof seen] += 1;
        if (limit !== undefined) return;
      }
      codec.close();
    },
  );
  await fc.assert(law, runs(300));
  t.ok(Math.min(...Object.values(seen)) > 20, JSON.stringify(seen));
});
