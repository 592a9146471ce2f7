import { PassThrough } from 'node:stream';
import { DuplexTransport, type Transport, WebSocketPeer } from 'barewire/peer';
import t from 'tap';

t.test('is all that a peer needs: nine members, and no stream', async (t) => {
  const calls: string[] = [];
  const transport: Transport = {
    ownsBytes: false,
    bufferedBytes: 0,
    isCongested: false,
    start: () => calls.push('start'),
    write: (bytes) => calls.push(`write ${bytes.toString('hex')}`) > 0,
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
    end: () => calls.push('end'),
    destroy: () => calls.push('destroy'),
  };
  const peer = new WebSocketPeer(transport, { role: 'server' });
  peer.attach({});
  peer.send('hi');
  await new Promise((resolve) => setImmediate(resolve));
  peer.terminate();
  t.strictSame(calls, ['pause', 'start', 'resume', 'write 81026869', 'destroy']);
});

t.test('is what a stream is made into', (t) => {
  const transport: Transport = new DuplexTransport(new PassThrough());
  t.equal(transport.ownsBytes, false);
  t.equal(transport.isCongested, false);
  t.end();
});
