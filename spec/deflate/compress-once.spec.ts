import { constants, inflateRawSync } from 'node:zlib';
import { UsageError } from 'barewire/base';
import {
  compressOnce,
  compressOnceLater,
  DEFLATE_HERE_BYTES,
  MessageCodec,
} from 'barewire/deflate';
import t from 'tap';
import { decompress } from '../support/deflate-jobs.ts';
import { inOtherZlib } from '../support/other-zlib.ts';

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

t.test('compresses the same later, and not before the call returns', async (t) => {
  const reader = new MessageCodec('client', PARAMETERS);
  for (const bits of [8, 9]) {
    const text = 'abc 123 '.repeat(DEFLATE_HERE_BYTES);
    const payload = Buffer.from(text);
    let hasReturned = false;
    const compressed = await new Promise<Buffer>((resolve, reject) => {
      compressOnceLater(payload, bits, (error, bytes) => {
        t.equal(hasReturned, true);
        if (error === undefined) resolve(bytes);
        else reject(error);
      });
      hasReturned = true;
    });
    payload.fill(0);
    t.ok(compressed.length < text.length / 50);
    t.equal((await decompress(reader, compressed)).toString(), text);
  }
  reader.close();
});

t.test('refuses windows that zlib cannot make', (t) => {
  for (const bits of [7, 16, 0, 9.5, Number.NaN]) {
    t.throws(() => compressOnce(Buffer.from('x'), bits), UsageError);
    t.throws(() => compressOnceLater(Buffer.from('x'), bits, () => {}), UsageError);
  }
  t.end();
});

t.test('compresses the same later where Node has no handle for it', (t) => {
  const text = 'abc 123 '.repeat(DEFLATE_HERE_BYTES);
  const script = `
    const { compressOnceLater } = await import('barewire/deflate');
    const text = ${JSON.stringify(text.slice(0, 8))}.repeat(${DEFLATE_HERE_BYTES});
    result = await new Promise((resolve) => {
      let hasReturned = false;
      compressOnceLater(Buffer.from(text), 9, (error, bytes) => {
        resolve({ isLater: hasReturned, error: error?.code, wire: bytes.toString('hex') });
      });
      hasReturned = true;
    });`;
  const other = inOtherZlib('does not call it where it did', script) as { wire: string };
  t.match(other, { isLater: true, error: undefined });
  const wire = Buffer.from(other.wire, 'hex');
  t.ok(wire.length < text.length / 50);
  const inflated = inflateRawSync(Buffer.concat([wire, Buffer.of(0, 0, 0xff, 0xff)]), {
    ...{ windowBits: 9, finishFlush: constants.Z_SYNC_FLUSH },
  });
  t.equal(inflated.toString(), text);
  t.end();
});
