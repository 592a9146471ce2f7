import { UsageError } from 'barewire/base';
import { compressOnce, MessageCodec } from 'barewire/deflate';
import t from 'tap';

const PARAMETERS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 9,
  clientMaxWindowBits: 15,
};

/** One that does small jobs within the call. */
const codec = (): MessageCodec => new MessageCodec('client', PARAMETERS, { zlib: 'handle' });

t.test('is read by an inflater in any state, and leaves it ready for the next message', (t) => {
  const reader = codec();
  const read: string[] = [];
  for (const text of ['first', '', 'abc'.repeat(1000), '', 'last']) {
    reader.decompress(compressOnce(Buffer.from(text), 9), true, 10_000, (error, bytes) => {
      t.equal(error, undefined);
      read.push(bytes.toString());
    });
  }
  t.strictSame(read, ['first', '', 'abc'.repeat(1000), '', 'last']);
  reader.close();
  t.end();
});

t.test('refuses windows that zlib cannot make', (t) => {
  for (const bits of [7, 16, 0, 9.5, Number.NaN]) {
    t.throws(() => compressOnce(Buffer.from('x'), bits), UsageError);
  }
  t.end();
});
