import { PassThrough } from 'node:stream';
import { Http2Transport } from 'barewire/peer';
import t from 'tap';

t.test('gives a stream up with CANCEL, once', (t) => {
  const codes: number[] = [];
  let isClosed = false;
  const stream = Object.defineProperty(
    Object.assign(new PassThrough(), {
      close(code: number) {
        codes.push(code);
        isClosed = true;
      },
    }),
    'closed',
    { get: () => isClosed },
  );
  const transport = new Http2Transport(stream as never);
  transport.destroy();
  transport.destroy();
  t.strictSame(codes, [8]);
  t.equal(stream.destroyed, true);
  t.end();
});
