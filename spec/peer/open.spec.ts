import { UsageError } from 'barewire/base';
import { checkPeerOptions, DuplexTransport, openPeer, type Transport } from 'barewire/peer';
import t from 'tap';
import { duplexPair } from '../support/sockets.ts';

const PARAMETERS = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};
const EXTENSION = { parameters: PARAMETERS, response: 'permessage-deflate' };

const transports = (): [Transport, Transport] => {
  const [left, right] = duplexPair();
  return [new DuplexTransport(left), new DuplexTransport(right)];
};

t.test('opens a plain peer when no extension was agreed upon', async (t) => {
  const [left, right] = transports();
  const client = openPeer(left, { role: 'client', takeMaskingKey: () => 1, extension: undefined });
  const server = openPeer(right, { role: 'server', extension: undefined, protocol: 'chat' });
  t.equal(client.extensions, '');
  t.equal(server.protocol, 'chat');
  server.attach({ message: (peer, data) => peer.send(data) });
  client.send('x'.repeat(5000));
  for await (const message of client) {
    t.equal(message, 'x'.repeat(5000));
    break;
  }
  t.ok(server.counters.bytesReceived > 5000);
});

t.test('compresses both ways when permessage-deflate was agreed upon', async (t) => {
  const [left, right] = transports();
  const client = openPeer(left, {
    role: 'client',
    takeMaskingKey: () => 1,
    extension: EXTENSION,
  });
  const server = openPeer(right, { role: 'server', extension: EXTENSION });
  t.equal(client.extensions, 'permessage-deflate');
  server.attach({ message: (peer, data) => peer.send(data) });
  client.send('x'.repeat(5000));
  for await (const message of client) {
    t.equal(message, 'x'.repeat(5000));
    break;
  }
  t.ok(server.counters.bytesReceived < 200);
  t.ok(client.counters.bytesReceived < 200);
});

t.test('says in advance what is wrong with options', (t) => {
  checkPeerOptions({});
  checkPeerOptions({ maxMessageBytes: 10, delivery: 'pieces', codec: { level: 9 } });
  const bad = [
    { maxMessageBytes: -1 },
    { maxFrameBytes: 1.5 },
    { pingIntervalMs: Number.NaN },
    { slowConsumer: 'hope' },
    { codec: { level: 10 } },
  ];
  for (const options of bad) {
    t.throws(() => checkPeerOptions(options as never), UsageError, JSON.stringify(options));
  }
  t.end();
});

t.test('looks again at options that are others than the last, also of the same object', (t) => {
  const refuse = (bad: object): void => {
    for (const _ of [1, 2]) {
      t.throws(() => checkPeerOptions(bad), { code: 'invalid-option' }, 'a no is not remembered');
    }
  };
  const options: Record<string, unknown> = { maxMessageBytes: 10, codec: { level: 1 } };
  checkPeerOptions(options);
  for (const [name, bad] of Object.entries({
    ...{ maxMessageBytes: -1, maxFrameBytes: '1', maxFragments: 0.5, messageTimeoutMs: null },
    ...{ closeTimeoutMs: -1, inflateTimeoutMs: -1, endTimeoutMs: -1, maxCloseMs: -1 },
    ...{ pingIntervalMs: -1, pongTimeoutMs: -1, idleTimeoutMs: -1, maxPingsInFlight: -1 },
    ...{ delivery: 'parts', compressThresholdBytes: -1, slowConsumer: 'no', maxBufferedBytes: -1 },
    codec: { level: 10 },
  })) {
    const before = options[name];
    options[name] = bad;
    refuse(options);
    options[name] = before;
    checkPeerOptions(options);
  }
  (options['codec'] as { level: number }).level = 10;
  refuse(options);
  t.end();
});
