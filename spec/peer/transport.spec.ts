import { Duplex, PassThrough } from 'node:stream';
import { DuplexTransport, type Transport, type TransportSink, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { joinPeers } from '../support/joined-peers.ts';

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
  t.strictSame(calls, ['start', 'resume', 'write 81026869', 'destroy']);
});

t.test('is what a stream is made into', (t) => {
  const transport: Transport = new DuplexTransport(new PassThrough());
  t.equal(transport.ownsBytes, false);
  t.equal(transport.isCongested, false);
  t.end();
});

t.test('one that throws ends its own connection, and no other that is flushed', async (t) => {
  class Broken extends Duplex {
    override _read(): void {}
    override _write(): void {
      throw new Error('no writing here');
    }
  }
  const broken = new WebSocketPeer(new DuplexTransport(new Broken()), { role: 'server' });
  broken.attach({});
  const { client, server } = await joinPeers(t);
  broken.send('first in the turn');
  server.send('second');
  server.attach({});
  for await (const message of client) {
    t.equal(message, 'second');
    break;
  }
  const report = await broken.closed;
  t.match(report, { code: 1006, closedBy: 'transport' });
  t.equal(report.transportError?.message, 'no writing here');
});

for (const broken of ['write', 'pause', 'resume', 'end', 'destroy'] as const) {
  t.test(`one whose ${broken} throws throws at nobody, and ends its connection`, async (t) => {
    let heard: TransportSink | undefined;
    const transport: Transport = {
      ownsBytes: false,
      bufferedBytes: 0,
      isCongested: false,
      start: (sink) => {
        heard = sink;
      },
      write: () => true,
      pause: () => {},
      resume: () => {},
      end: () => {},
      destroy: () => {},
    };
    transport[broken] = () => {
      throw new Error(`no ${broken} here`);
    };
    const peer = new WebSocketPeer(transport, { role: 'server' });
    peer.attach({});
    peer.pause();
    heard?.data(Buffer.of(0x81));
    peer.resume();
    peer.send('hi');
    void peer.close(1000);
    await new Promise((resolve) => setImmediate(resolve));
    heard?.end();
    peer.terminate();
    const report = await peer.closed;
    t.equal(report.transportError?.message, `no ${broken} here`);
    t.equal(peer.isOpen, false);
  });
}
