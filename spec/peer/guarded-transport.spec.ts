import { PassThrough } from 'node:stream';
import { DuplexTransport, type Transport, WebSocketPeer } from 'barewire/peer';
import t from 'tap';
import { GuardedTransport } from '../../lib/peer/guarded-transport.ts';
import { FakeTransport, fakePeer } from '../support/fake-transport.ts';
import { turn } from '../support/interleavings.ts';

/** A transport one member of which throws, and who is told. */
function broken(name: keyof Transport): { transport: GuardedTransport; told: string[] } {
  const inner = new FakeTransport();
  const fail = (): never => {
    throw new Error(`no ${name}`);
  };
  const isGetter = name === 'bufferedBytes' || name === 'isCongested';
  Object.defineProperty(inner, name, isGetter ? { get: fail } : { value: fail });
  const told: string[] = [];
  const owner = { transportLost: (error: Error) => told.push(error.message) };
  return { transport: new GuardedTransport(inner, owner), told };
}

t.test('does what the transport does', async (t) => {
  const inner = new FakeTransport();
  const owner = { transportLost: () => t.fail('nothing is broken') };
  const transport = new GuardedTransport(inner, owner);
  inner.isCongested = true;
  inner.bufferedBytes = 7;
  t.match(transport, { ownsBytes: false, isCongested: true, bufferedBytes: 7 });
  t.equal(transport.write(Buffer.from('x'), false), true);
  transport.pause();
  transport.resume();
  transport.end();
  transport.destroy();
  t.strictSame(inner.calls, ['pause', 'resume', 'end', 'destroy']);
  t.equal(String(await inner.written()), 'x');
});

t.test('tells once, later, what any member throws, and answers as one that is gone', async (t) => {
  for (const [name, use, answer] of [
    ['bufferedBytes', (transport) => transport.bufferedBytes, 0],
    ['isCongested', (transport) => transport.isCongested, false],
    ['write', (transport) => transport.write(Buffer.of(1), false), false],
    ['pause', (transport) => transport.pause(), undefined],
    ['resume', (transport) => transport.resume(), undefined],
    ['end', (transport) => transport.end(), undefined],
    ['destroy', (transport) => transport.destroy(), undefined],
  ] as const satisfies [keyof Transport, (transport: Transport) => unknown, unknown][]) {
    const { transport, told } = broken(name);
    t.equal(use(transport), answer, name);
    t.equal(use(transport), answer, name);
    t.strictSame(told, []);
    await turn();
    t.strictSame(told, [`no ${name}`]);
  }
});

t.test('what start throws is for who makes the peer', (t) => {
  const { transport } = broken('start');
  t.throws(() => transport.start({} as never), /no start/);
  t.end();
});

t.test(
  'an odd stream whose state cannot be asked ends its own peer, and nothing else',
  async (t) => {
    for (const name of ['destroyed', 'writableLength', 'writableNeedDrain'] as const) {
      const stream = new PassThrough();
      const peer = new WebSocketPeer(new DuplexTransport(stream), { role: 'server' });
      peer.attach({});
      Object.defineProperty(stream, name, {
        get: () => {
          throw new Error(`no ${name}`);
        },
      });
      t.doesNotThrow(() => peer.send('x'.repeat(100_000)), name);
      t.type(peer.bufferedAmount, 'number');
      void peer.drained();
      void peer.close();
      t.match((await peer.closed).transportError, { message: `no ${name}` });
      t.type(peer.bufferedAmount, 'number');
    }
  },
);

t.test('a transport that promises to throw nothing is used as it is', (t) => {
  const promising = Object.assign(new FakeTransport(), { neverThrows: true });
  const peer = new WebSocketPeer(promising, { role: 'server' });
  peer.attach({});
  Object.defineProperty(promising, 'isCongested', {
    get: () => {
      throw new Error('a promise broken');
    },
  });
  t.throws(() => peer.send('x'), /a promise broken/);
  t.end();
});

t.test('a getter that throws while a peer closes disturbs no tick', async (t) => {
  const { peer, transport } = fakePeer();
  peer.attach({});
  Object.defineProperty(transport, 'bufferedBytes', {
    get: () => {
      throw new Error('odd');
    },
  });
  void peer.close(1000);
  t.match((await peer.closed).transportError, { message: 'odd' });
});
