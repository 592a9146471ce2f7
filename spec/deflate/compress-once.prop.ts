/** The law of what is compressed once: any inflater reads it, whatever it has read before. */
import { compressOnce, type DeflateParameters, MessageCodec } from 'barewire/deflate';
import t from 'tap';
import { DeflatePool } from '../../lib/deflate/pool.ts';
import { repeated, way } from '../support/deflate-arbitraries.ts';
import { compress, decompress } from '../support/deflate-jobs.ts';
import { fc } from '../support/fast-check.ts';
import { runs } from '../support/laws.ts';

/** Texts that come again, so that a compressor would look back if it could. */
const message = fc.record({ bytes: repeated(40_000), isShared: fc.boolean() });

t.test('law: own messages and those for all are read in any order', async (t) => {
  const law = fc.asyncProperty(
    fc.array(message, { minLength: 1, maxLength: 10, size: 'max' }),
    fc.integer({ min: 8, max: 15 }),
    fc.boolean(),
    way,
    async (messages, serverMaxWindowBits, serverNoContextTakeover, zlib) => {
      const agreed: DeflateParameters = {
        ...{ serverMaxWindowBits, serverNoContextTakeover },
        ...{ clientMaxWindowBits: 15, clientNoContextTakeover: false },
      };
      const pool = new DeflatePool(1);
      const server = new MessageCodec('server', agreed, { pool, zlib });
      const client = new MessageCodec('client', agreed, { pool, zlib });
      for (const { bytes, isShared } of messages) {
        const packed = isShared
          ? compressOnce(bytes, serverMaxWindowBits)
          : await compress(server, bytes);
        if (isShared) server.breakContext();
        if (!(await decompress(client, packed)).equals(bytes)) throw new Error('something else');
      }
      server.close();
      client.close();
    },
  );
  await fc.assert(law, runs(80));
  t.pass('no counterexample');
});
